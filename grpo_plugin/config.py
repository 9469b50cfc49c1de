"""The trainer's configuration: TRL's."""

from __future__ import annotations

from dataclasses import dataclass

import trl


@dataclass
class GRPOConfig(trl.GRPOConfig):  # type: ignore[misc]  # TRL carries no types
    """`trl.GRPOConfig`, field for field.

    Fields of our own will be added here, each with a default that leaves training exactly as TRL
    does it.

    >>> GRPOConfig("out", num_generations=4, use_cpu=True, bf16=False).num_generations
    4
    """
