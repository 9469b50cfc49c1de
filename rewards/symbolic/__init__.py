"""The last resort for a pair of answers: sympy, in processes that can be killed.

`settle` decides pairs · `warm_up` starts the processes early · `Settled` is what became of one.
"""

from rewards.symbolic.settling import Settled, settle, warm_up

__all__ = ["Settled", "settle", "warm_up"]
