"""Run by two processes at once: train with step rewards and write down what each has seen."""

import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from recording import Recorder, both, make

from grpo_plugin import GRPOTrainer

folder = Path(sys.argv[1])
rank = int(os.environ["RANK"])
sizes = {"per_device_train_batch_size": 2, "gradient_accumulation_steps": 1}


def fails(steps, **_):
    if rank == 1:
        raise RuntimeError("only here")
    return [[1.0] * len(row) for row in steps]


if sys.argv[2:] == ["fail"]:
    make(folder, fails, trainer_class=GRPOTrainer, **sizes).train()
trainer = make(folder, both(), trainer_class=Recorder, **sizes)
trainer.train()
(folder / f"rank{rank}.json").write_text(json.dumps(trainer.generations))
trainer.accelerator.wait_for_everyone()
trainer.accelerator.end_training()  # a process that just ends can abort the other
# The interpreter's end would abort where one of gloo's threads still wants its lock.
os._exit(0)
