"""A second model that is trained beside the policy, on devices as the policy's plan has it.

One process and DDP are accelerate's own business. Under FSDP2 the model is sharded as the policy
is: accelerate prepares one model together with its optimizer and no other, so this does for the
second one what its plan says of the first. FSDP1 and DeepSpeed are refused: a second engine with
an optimizer is nothing they offer.
"""

from __future__ import annotations

from typing import Any

from torch import nn
from torch.distributed.checkpoint.state_dict import (
    StateDictOptions,
    get_state_dict,
    set_state_dict,
)

from grpo_plugin.errors import ConfigurationError


def spread_out(trainer: Any, model: nn.Module) -> nn.Module:
    """The model on this process's device: as it is, in DDP, or sharded by FSDP2.

    Its optimizer must be made afterwards, of the parameters that it then has.

    Raises:
        ConfigurationError: the policy is split by something else.
    """
    if not trainer.is_deepspeed_enabled and not trainer.is_fsdp_enabled:
        prepared: nn.Module = trainer.accelerator.prepare_model(model)
        return prepared
    plugin = None if trainer.is_deepspeed_enabled else trainer.accelerator.state.fsdp_plugin
    if getattr(plugin, "fsdp_version", 1) != 2:  # accelerate before 1.6 knows no other
        raise ConfigurationError(
            "advantage_estimator='gae' trains a value model with an optimizer of its own, which "
            "DeepSpeed and FSDP1 do not allow beside the policy; use DDP or FSDP2 "
            "(fsdp_version: 2), or an estimator without one such as 'rloo'"
        )
    return _fully_sharded(trainer.accelerator, model, plugin)


def _fully_sharded(accelerator: Any, model: nn.Module, plugin: Any) -> nn.Module:
    from accelerate.utils import broadcast
    from torch.distributed.fsdp import MixedPrecisionPolicy, fully_shard

    # Under cpu_ram_efficient_loading the first process alone has read the weights.
    for tensor in (*model.parameters(), *model.buffers()):
        tensor.data.copy_(broadcast(tensor.data))
    mesh = getattr(accelerator, "torch_device_mesh", None)
    if mesh is not None:
        mesh = mesh[tuple(accelerator.parallelism_config.fsdp_dim_names)]
    options = {
        "reshard_after_forward": plugin.reshard_after_forward,
        "offload_policy": plugin.cpu_offload,
        "mp_policy": plugin.mixed_precision_policy or MixedPrecisionPolicy(),
        "mesh": mesh,
    }
    blocks = set(plugin.transformer_cls_names_to_wrap or ()) | {
        name for part in model.modules() for name in getattr(part, "_no_split_modules", None) or ()
    }
    for part in reversed(list(model.modules())):  # inner ones first
        if type(part).__name__ in blocks:
            fully_shard(part, **options)
    fully_shard(model, **options)
    return model


def whole_state(model: nn.Module, optimizer: Any) -> dict[str, Any]:
    """Model and optimizer on the CPU, gathered; every process calls, the first gets it."""
    options = StateDictOptions(full_state_dict=True, cpu_offload=True)
    weights, moments = get_state_dict(model, optimizer, options=options)
    return {"model": weights, "optimizer": moments}


def take_up(model: nn.Module, optimizer: Any, state: dict[str, Any]) -> None:
    """Load what `whole_state` gave, in every process."""
    set_state_dict(
        model,
        optimizer,
        model_state_dict=state["model"],
        optim_state_dict=state["optimizer"],
        options=StateDictOptions(full_state_dict=True),
    )
