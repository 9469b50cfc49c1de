"""Where and with what a benchmark ran: every result file says so."""

from rewards.workbench.benchmarking.environment import environment

__all__ = ["environment"]
