"""Run by two processes: refresh a reference that is sharded as FSDP2 shards it."""

import os
from types import SimpleNamespace

import torch
from accelerate import Accelerator
from torch.distributed.fsdp import fully_shard

from grpo_plugin.callbacks import RefreshReference
from grpo_plugin.demo.tiny_model import build_model, build_tokenizer

accelerator = Accelerator(cpu=True)
models = []
for seed in range(2):
    torch.manual_seed(seed)
    model = build_model(build_tokenizer(), hidden_size=16, layers=1)
    for layer in model.model.layers:
        fully_shard(layer)
    fully_shard(model)
    models.append(model)
policy, reference = models
trainer = SimpleNamespace(
    model=policy,
    ref_model=reference,
    beta=0.1,
    args=SimpleNamespace(sync_ref_model=False),
    accelerator=accelerator,
)


def same():
    pairs = zip(policy.parameters(), reference.parameters(), strict=True)
    return all(torch.equal(own.full_tensor(), other.full_tensor()) for own, other in pairs)


callback = RefreshReference(every_steps=1)
callback.attach(trainer)
assert accelerator.num_processes == 2
assert not same()
callback.refresh()
assert same()
accelerator.wait_for_everyone()
accelerator.end_training()  # a process that just ends can abort the other
# The interpreter's end would abort where one of gloo's threads still wants its lock.
os._exit(0)
