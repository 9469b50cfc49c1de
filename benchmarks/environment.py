"""Where and with what a benchmark ran: every result file says so."""

from rewards.benchmarking.environment import environment

__all__ = ["environment"]
