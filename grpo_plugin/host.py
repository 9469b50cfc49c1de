"""The door between device and host: whatever makes the host wait for the device goes through here.

A wait drains the queue of kernels, and the device idles until the host has filled it again. So
what the host must know of a micro-batch is read at once, and what it sends it does not wait for.
"""

from __future__ import annotations

import torch
from torch import Tensor


def read(*values: Tensor) -> list[Tensor]:
    """The same tensors on the CPU: one copy, one wait, whatever their shapes and dtypes.

    Args:
        *values: on one device; on the CPU they come back as they are.
    """
    if all(value.device.type == "cpu" for value in values):
        return list(values)
    packed = [value.contiguous().reshape(-1).view(torch.uint8) for value in values]
    parts = torch.split(torch.cat(packed).cpu(), [len(part) for part in packed])
    return [
        part.clone().view(value.dtype).view(value.shape)  # a clone is aligned
        for part, value in zip(parts, values, strict=True)
    ]


def send(value: Tensor, device: torch.device) -> Tensor:
    """A CPU tensor on a device, from memory that the device reads when it gets there."""
    if device.type == "cpu":
        return value
    if device.type == "cuda":
        value = value.pin_memory()
    return value.to(device, non_blocking=True)
