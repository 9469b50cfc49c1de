"""lm-evaluation-harness: simple_evaluate on a YAML task, with a double for the model."""

import json
import os
import tempfile
from pathlib import Path

from fixed_rows import ROWS, as_numbers, main, ours
from lm_eval import simple_evaluate
from lm_eval.api.model import LM
from lm_eval.tasks import TaskManager

TASK = """
task: rlvr_rows
dataset_path: json
dataset_kwargs: {{data_files: {{test: {folder}/rows.jsonl}}}}
test_split: test
output_type: generate_until
doc_to_text: "{{{{question}}}}"
doc_to_target: "{{{{answer}}}}"
process_results: !function rewards.adapters.lm_eval.rlvr
generation_kwargs: {{until: [], max_gen_toks: 512}}
metric_list:
  - {{metric: rlvr, aggregation: mean, higher_is_better: true}}
  - {{metric: rlvr_unscored, aggregation: mean, higher_is_better: false}}
metadata: {{version: 1.0}}
"""


class Told(LM):
    """Says what the rows say."""

    def generate_until(self, requests, disable_tqdm=False):
        return [ROWS[int(one.arguments[0].split("row ")[1].split()[0])][0] for one in requests]

    def loglikelihood(self, requests, disable_tqdm=False):
        raise NotImplementedError

    def loglikelihood_rolling(self, requests, disable_tqdm=False):
        raise NotImplementedError


def judge(spec):
    os.environ["RLVR_REWARD"] = spec
    folder = Path(tempfile.mkdtemp())
    lines = [
        json.dumps({"question": f"row {at}", "answer": reference})
        for at, (_, reference) in enumerate(ROWS)
    ]
    (folder / "rows.jsonl").write_text("\n".join(lines))
    (folder / "rlvr_rows.yaml").write_text(TASK.format(folder=folder))
    out = simple_evaluate(
        model=Told(),
        tasks=["rlvr_rows"],
        task_manager=TaskManager(include_path=str(folder), include_defaults=False),
        log_samples=True,
        bootstrap_iters=0,
    )
    samples = sorted(out["samples"]["rlvr_rows"], key=lambda one: one["doc_id"])
    assert all(one["doc"]["rlvr"]["status"] for one in samples)
    mean = out["results"]["rlvr_rows"]["rlvr,none"]
    assert abs(mean - sum(as_numbers(ours(spec))) / len(ROWS)) < 1e-9
    return [None if one["rlvr_unscored"] else one["rlvr"] for one in samples]


if __name__ == "__main__":
    os.environ |= {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}
    main("lm-evaluation-harness", "lm-eval", judge, "simple_evaluate, YAML task")
