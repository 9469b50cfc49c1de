"""Our rewards in other places: another machine, other trainers.

* `remote`: a reward that a server judges, used like one that is judged here
* `remote_calls`: its requests: connections kept, tried again with growing pauses
"""

from __future__ import annotations

from rewards.lazy import lazy_attributes

__all__: list[str] = []
__getattr__, __dir__ = lazy_attributes(__name__, {})
