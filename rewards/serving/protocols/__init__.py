"""What clients say and hear, one protocol a file; all of them ask the same judges.

* `native`: `/verify`, `/rewards`, `/reward`: our own client's
* `openrlhf`: `/get_reward`
* `slime`: `/remote_rm`
* `nemo_gym`: `/verify` with a response in it
* `sandbox_fusion`: `/run_code`, `/submit`, `/get_prompts`, `/list_datasets`, `/v1/ping`
* `open_instruct`: `/test_program`, `/test_program_stdio`
"""

from rewards.lazy import lazy_attributes

__getattr__, __dir__ = lazy_attributes(__name__, {})
