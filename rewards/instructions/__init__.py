"""Instructions that a program can check: IFEval's twenty-five (arXiv 2311.07911, table 1).

`InstructionFollowing` is the reward · `check_instruction` checks one instruction.
"""

from rewards.instructions.checking import check_instruction
from rewards.rules.instruction_following import InstructionFollowing, instruction_following

__all__ = ["InstructionFollowing", "check_instruction", "instruction_following"]
