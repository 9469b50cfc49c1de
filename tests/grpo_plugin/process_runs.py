"""Training in several processes: `launch` starts them, and as a script this is what each does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager, nullcontext
from pathlib import Path

import torch
from accelerate import PartialState
from accelerate.state import AcceleratorState
from accelerate.utils import DistributedType
from torch.distributed.tensor import DTensor
from training_runs import GRPOTrainer, flat, make, save_models

ROOT = Path(__file__).resolve().parents[2]
ROWS_IN_ALL, TOKENS = 8, 7


def launch(folder, jobs, *, processes=2):
    """Run the jobs one after another in so many processes; what `run` returns, for each job."""
    folder.mkdir(parents=True, exist_ok=True)
    for index, job in enumerate(jobs):
        if job.get("reference") or job.get("loaded"):
            save_models(folder / f"run_{index}")
    (folder / "jobs.json").write_text(json.dumps(jobs))
    done = subprocess.run(
        [
            *(sys.executable, "-W", "ignore", "-m", "torch.distributed.run"),
            *("--standalone", f"--nproc-per-node={processes}", __file__, str(folder)),
        ],
        cwd=folder,
        env=os.environ
        | {"PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
        | {"OMP_NUM_THREADS": "1", "DS_ACCELERATOR": "cpu"},
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-20000:]
    return [
        torch.load(folder / f"result_{index}.pt", weights_only=False) for index in range(len(jobs))
    ]


class FixedCompletions(GRPOTrainer):
    """Trains on eight completions that are the same however they are split."""

    def _generate_and_score_completions(self, inputs):
        whole = fixed_completions()
        each = ROWS_IN_ALL // self.accelerator.num_processes
        first = each * self.accelerator.process_index
        part = {
            key: value[first : first + each] if value.dim() else value
            for key, value in whole.items()
        }
        if self.beta == 0:
            part.pop("ref_per_token_logps")
        return part


def fixed_completions():
    generator = torch.Generator().manual_seed(5)
    lengths = torch.tensor([7, 1, 4, 6, 2, 7, 3, 5])
    mask = (torch.arange(TOKENS) < lengths[:, None]).long()
    advantages = torch.randn(ROWS_IN_ALL, generator=generator)
    advantages[:4] = 0  # the first of two processes has nothing to learn

    def logps():
        return -3.0 + 0.3 * torch.randn(ROWS_IN_ALL, TOKENS, generator=generator)

    return {
        "prompt_ids": torch.randint(6, 20, (ROWS_IN_ALL, 3), generator=generator),
        "prompt_mask": torch.ones(ROWS_IN_ALL, 3, dtype=torch.long),
        "completion_ids": torch.randint(6, 20, (ROWS_IN_ALL, TOKENS), generator=generator),
        "completion_mask": mask,
        "advantages": advantages,
        "old_per_token_logps": logps(),
        "ref_per_token_logps": logps(),
        "num_items_in_batch": mask.sum(),
        "rewards": (advantages > 0).float(),
        "group": torch.arange(ROWS_IN_ALL) // 4,
    }


@contextmanager
def fsdp_on_cpu():
    """Let accelerate shard on a CPU: it heeds FSDP options only where it sees accelerators."""
    original = AcceleratorState.__init__

    def started(self, *args, **kwargs):
        if PartialState._shared_state and "distributed_type" not in AcceleratorState._shared_state:
            PartialState._shared_state["distributed_type"] = DistributedType.MULTI_GPU
        original(self, *args, **kwargs)

    AcceleratorState.__init__ = started
    try:
        yield {
            "fsdp": True,
            "fsdp_config": {
                "version": 2,
                "auto_wrap_policy": "TRANSFORMER_BASED_WRAP",
                "transformer_layer_cls_to_wrap": ["Qwen3DecoderLayer"],
            },
        }
    finally:
        AcceleratorState.__init__ = original


ZERO_3 = {
    "zero_optimization": {
        "stage": 3,
        "stage3_param_persistence_threshold": 0,  # else so small a model is not partitioned
    },
    "zero_allow_untested_optimizer": True,
    "train_micro_batch_size_per_gpu": "auto",
    "gradient_accumulation_steps": "auto",
    "gradient_clipping": "auto",
}


def run(folder, job):
    """Train; the gradients, the weights, the logs and how many rows entered the model."""
    options = dict(job)
    with fsdp_on_cpu() if options.pop("sharded", False) else nullcontext({}) as sharding:
        return _run(folder, options | sharding)


def whole_weights(model):
    """The weights, gathered where ZeRO-3 has partitioned them."""
    if not hasattr(next(model.parameters()), "ds_id"):
        return flat(model)
    import deepspeed

    with deepspeed.zero.GatheredParameters(list(model.parameters())):
        return flat(model)


def _run(folder, options):
    fixed, resume = options.pop("fixed", False), options.pop("resume", None)
    folder = options.pop("folder", folder)
    if options.pop("loaded", False):  # by the trainer, which partitions it then as it is read
        options["model"] = str(folder / "policy")
    trainer = make(folder, trainer_class=FixedCompletions if fixed else None, **options)
    rows = []
    trainer.model.register_forward_pre_hook(
        lambda module, args, kwargs: (
            rows.append(kwargs["input_ids"].shape[0]) if torch.is_grad_enabled() else None
        ),
        with_kwargs=True,
    )
    heads = getattr(trainer, "fused_heads", None)
    trainer.train(resume_from_checkpoint=resume)
    critic = getattr(trainer, "critic", None)
    return {
        "values": critic and trainer.accelerator.gather(flat(critic.model)[None]),
        "fused": heads is not None and (heads.policy, heads.reference),
        "sharded": isinstance(next(trainer.model.parameters()), DTensor),
        "gradients": trainer.gradients.steps,
        "partitioned": hasattr(next(trainer.model.parameters()), "ds_id"),
        "weights": whole_weights(trainer.model),
        "logs": trainer.state.log_history,
        "rows": rows,
    }


def main():
    folder = Path(sys.argv[1])
    rank = int(os.environ["RANK"])
    for index, job in enumerate(json.loads((folder / "jobs.json").read_text())):
        found = run(folder / f"run_{index}", job)
        if rank == 0:
            torch.save(found, folder / f"result_{index}.pt")
    # Together: a process that ends while the other still talks to it may be aborted.
    if torch.distributed.is_initialized():
        torch.distributed.barrier()
        torch.distributed.destroy_process_group()
        # The interpreter's end would abort where one of gloo's threads still wants its lock.
        os._exit(0)


if __name__ == "__main__":
    main()
