"""Read mathematical answers and decide whether two say the same. Pure, fast, standard library only.

>>> compare(read_reference("$x=5$"), read_answer("5")).outcome.value
'equal'
"""

from __future__ import annotations

from rewards.answers.compare import compare
from rewards.answers.outcome import CompareOptions, Comparison, Equality
from rewards.answers.read.reading import Answer, read_answer, read_reference

__all__ = [
    "Answer",
    "CompareOptions",
    "Comparison",
    "Equality",
    "compare",
    "read_answer",
    "read_reference",
]
