"""DeepSeek-R1's pipeline from end to end, each stage resumable, with held-out figures per stage.

1. Cold start: the base model is fine-tuned on long demonstrations.
2. Reasoning: GRPO on mathematics and code, rewarded for right answers, the format and one language.
3. Rejection: the model answers all prompts; `rlvr score` and `rlvr select` keep what is right.
4. Fine-tuning: the base model again, on the demonstrations and what was kept.
5. All sources: GRPO on mathematics, code and instructions, each judged by the reward of its source.

(arXiv 2501.12948, section 2.3. The paper's last stage also asks reward models for helpfulness and
harmlessness; what is here can be verified.) A stage that is finished is skipped when the same
command runs again; one that was interrupted goes on from its last checkpoint.

    python examples/r1_pipeline.py --tiny
    python examples/r1_pipeline.py --model Qwen/Qwen2.5-1.5B --instructions instructions.jsonl
"""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

from r1.held_out import figures, table
from r1.selection import select, write_candidates
from r1.sources import INSTRUCTIONS, REASONING, Sources, load_sources
from r1.stages import fine_tune, reinforce, run_stage
from r1.tiny_sources import tiny_sources
from setting import Setting, read_setting

MORE = {
    "code": ("google-research-datasets/mbpp", "programs to write, in MBPP's columns"),
    "instructions": (None, "instructions to follow, in IFEval's columns"),
    "cold-start": ("open-r1/Mixture-of-Thoughts:math", "demonstrations, in a column `messages`"),
}
SAMPLES = 4  # answers to a prompt, for the figures and for rejection
TINY = {
    "max_steps": 20,
    "per_device_train_batch_size": 32,
    "learning_rate": 2e-3,
    "max_completion_length": 40,
    "logging_steps": 10,
}


class Pipeline:
    """The stages, and where their results lie.

    Args:
        setting: of the command line.
        sources: the rows.
    """

    def __init__(self, setting: Setting, sources: Sources) -> None:
        self.setting = setting
        self.sources = sources
        self.output = Path(setting.overrides["output_dir"])
        self.max_tokens = TINY["max_completion_length"] if setting.tiny else 4096
        self.figures: dict[str, dict[str, float]] = {}
        self.options = {
            "model": "tiny" if setting.tiny else setting.model,
            "data": [setting.dataset, *setting.more.values()],
            "max_steps": setting.overrides.get("max_steps"),
        }

    def train(self, name: str, work: Any) -> str:
        """Run a stage that makes a model, and look at the model's answers; its folder."""

        def train_and_look(folder: Path) -> dict[str, float]:
            work(folder)
            return self.look_at(str(folder))

        folder = self.output / name
        self.figures[name] = run_stage(folder, self.options, train_and_look)
        return str(folder)

    def look_at(self, model: str) -> dict[str, float]:
        """The held-out figures of a model."""
        rows = self.sources.held_out
        return figures(model, rows, max_tokens=int(self.max_tokens), samples=SAMPLES)

    def reject(self, name: str, model: str) -> list[dict[str, Any]]:
        """Sample, score and select; the selected rows."""

        def work(folder: Path) -> None:
            candidates = write_candidates(
                model,
                self.sources.train,
                folder,
                samples=SAMPLES,
                max_tokens=int(self.max_tokens),
            )
            select(candidates, folder / "selected.jsonl", per_prompt=4)

        run_stage(self.output / name, self.options, work)
        lines = (self.output / name / "selected.jsonl").read_text(encoding="utf-8").splitlines()
        return [{key: json.loads(line)[key] for key in ("prompt", "completion")} for line in lines]


def main() -> None:
    """Run the stages that are not finished, and show the figures of all."""
    setting = read_setting(
        __doc__,
        model="Qwen/Qwen2.5-1.5B",
        dataset="openai/gsm8k:main",
        tiny_rows="sums.jsonl",
        tiny=TINY,
        more=MORE,
    )
    pipeline = Pipeline(setting, tiny_sources() if setting.tiny else load_sources(setting))
    sources, base = pipeline.sources, setting.model
    shown = sources.demonstrations

    first = pipeline.train("1_cold_start", partial(fine_tune, setting, base, shown))
    reasoning = partial(reinforce, setting, first, sources.of(REASONING))
    second = pipeline.train("2_reasoning", reasoning)
    kept = pipeline.reject("3_rejection", second)
    fourth = pipeline.train("4_fine_tuning", partial(fine_tune, setting, base, kept))
    everything = sources.of((*REASONING, INSTRUCTIONS))
    pipeline.train("5_all_sources", partial(reinforce, setting, fourth, everything))
    print(table(pipeline.figures))


if __name__ == "__main__":
    main()
