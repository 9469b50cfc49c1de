"""Run by two processes: a step under DeepSpeed's ZeRO-3 on this CPU is that of plain autograd."""

import os
import sys

import deepspeed
import test_model as t
import torch

from grpo_plugin.loss.output_layer import linear_head

RATE = 0.1

torch.set_num_threads(1)
deepspeed.init_distributed(dist_backend="gloo", verbose=False)
torch.manual_seed(0)
model = t.build(sys.argv[1])
t.fuse_head(model)
ids, batch, request = t.pose()
asked = {**request, "objective": "grpo", "batch": batch}
model(input_ids=ids, fused=t.FusedRequest(**asked)).loss.backward()
wanted = t.gradients(model)
model.zero_grad()
before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
engine, *_ = deepspeed.initialize(
    model=model,
    optimizer=torch.optim.SGD(model.parameters(), lr=RATE),
    config={
        "train_micro_batch_size_per_gpu": 2,
        "zero_optimization": {"stage": 3, "stage3_param_persistence_threshold": 0},
        "zero_allow_untested_optimizer": True,
        "gradient_clipping": 0.0,
    },
)
assert linear_head(model).weight.numel() == 0, "nothing is partitioned here"
engine.backward(engine(input_ids=ids, fused=t.FusedRequest(**asked)).loss)
engine.step()
with deepspeed.zero.GatheredParameters(list(model.parameters())):
    for name, parameter in model.named_parameters():
        moved = (before[name] - parameter) / RATE
        assert torch.allclose(moved, wanted[name], rtol=1e-4, atol=1e-5), name
torch.distributed.barrier()
torch.distributed.destroy_process_group()
# The interpreter's end would abort where one of gloo's threads still wants its lock.
os._exit(0)
