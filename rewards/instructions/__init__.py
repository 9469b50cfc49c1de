"""Instructions that a program can check: IFEval's twenty-five (arXiv 2311.07911, table 1).

`check_instruction` checks one instruction; the reward is `rewards.instruction_following`.

* `arguments`: the options of an instruction, read strictly · `checking`: which check is whose
* `content`, `extent`, `layout`, `surface`: the checks by what they look at
"""

from rewards.instructions.checking import check_instruction

__all__ = ["check_instruction"]
