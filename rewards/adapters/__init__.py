r"""Our rewards in other trainers and evaluators: one small file a peer, imported where it is used.

```python
from rewards.adapters.verl import reward

compute_score = reward("accuracy(tolerance=1e-3)")
```

Every file has the same door: `reward(spec)` makes what the peer takes (a function, a class, a
scorer), for any reward with options and combinations; `rlvr` is the same ready to be named where a
peer takes an import path, for the reward that its configuration or `RLVR_REWARD` names. Nothing of
a peer is imported before it is used, and none is needed to install this package.

* `bridge`: what they share: a reward by its spec, rows judged, what a missing score becomes, counts
* `counting`: how many completions got which status, for peers that log numbers alone
* `peer_columns`: where each peer's data sets hold what is right

trainers:

* `areal`: AReaL, the workflow's reward function
* `nemo_gym`: NeMo-Gym, a resources server
* `nemo_rl`: NeMo-RL, an environment
* `open_instruct`: open-instruct, a verifier function
* `openenv`: OpenEnv, a rubric
* `openrlhf`: OpenRLHF, the reward file
* `rllm`: rllm, an evaluator
* `roll`: ROLL, a reward worker
* `skyrl`: SkyRL, a text environment
* `slime`: slime, a custom reward for samples and groups
* `swift`: ms-swift, an ORM class
* `verifiers`: verifiers and prime-rl, a reward plugged into a taskset
* `verl`: verl, the custom reward function

evaluators:

* `inspect_ai`: inspect_ai, a scorer; `inspect_registry` registers it for its command line
* `lighteval`: lighteval, a metric
* `lm_eval`: lm-evaluation-harness, result processing and a filter
* `reasoning_gym`: the other way round: reasoning-gym's scorers as rewards of ours

other machines:

* `remote`: a reward that a server judges (`rlvr serve`), used like one that is judged here
* `remote_calls`: its requests: connections kept, tried again with growing pauses

TRL's own convention needs no adapter: axolotl and unsloth take `rewards.accuracy` as it stands.
"""

from __future__ import annotations

from rewards.lazy import lazy_attributes

__all__: list[str] = []
__getattr__, __dir__ = lazy_attributes(__name__, {})
