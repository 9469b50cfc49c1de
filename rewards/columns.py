"""Which dataset columns hold what: one table for rewards, trainer and command line.

A dataset names its reference `solution`, the next one `answer`. A reward asks for a *role* and
takes the first column of the table that the row fills, so the same reward works on both, and on
a mixed dataset in which different rows fill different columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from enum import Enum
from functools import lru_cache
from shlex import quote

from rewards.errors import MissingColumnError


class Role(str, Enum):
    """What a column is for."""

    PROMPT = "prompt"
    COMPLETION = "completion"
    REFERENCE = "reference"
    TESTS = "tests"
    SCHEMA = "schema"
    PATTERN = "pattern"
    INSTRUCTIONS = "instructions"
    LABEL = "label"


# In order of preference. `label` and `correct` are the truth a benchmark compares a reward with;
# they never serve as a reference.
COLUMN_ALIASES: Mapping[Role, tuple[str, ...]] = {
    Role.PROMPT: ("prompt", "prompts", "question", "problem", "instruction", "query"),
    Role.COMPLETION: (
        "completion",
        "completions",
        "response",
        "responses",
        "output",
        "outputs",
        "generation",
        "generations",
        "model_output",
        "prediction",
        "generated_text",
        "generated",
        "model_response",
        "model_answer",
        "predictions",
        "pred",
        "generated_solution",
    ),
    # Datasets with both keep the final answer in `answer` and the worked solution in `solution`.
    Role.REFERENCE: (
        "answer",
        "solution",
        "ground_truth",
        "gold",
        "reference",
        "target",
        "expected_answer",
        "reference_answer",
        "correct_answer",
        "final_answer",
        "gold_answer",
        "answer_key",
        "gt",
        "gts",
    ),
    Role.TESTS: (
        *("tests", "test_cases", "test", "input_output", "public_tests", "test_list"),
        "public_test_cases",
    ),
    Role.SCHEMA: ("schema", "json_schema", "response_schema"),
    Role.PATTERN: ("pattern", "regex"),
    Role.INSTRUCTIONS: ("instruction_id_list",),  # google/IFEval
    Role.LABEL: ("label", "correct", "is_correct"),
}

# Columns that are looked at beside those with a role; what rows of programs say of their tests
# stands in `rewards.programs.facts`.
CHOICE_COLUMNS = ("choices", "options")
"""The texts that the letters of a multiple-choice question stand for."""

KIND_COLUMNS = ("kind", "source", "dataset", "level")
"""What rows are counted by."""

GROUP_COLUMNS = (
    *("group", "group_id", "prompt_id", "problem_id", "question_id"),
    *("prompt_idx", "problem_idx"),
)
"""What tells apart the prompts that completions were sampled for."""

_NAMED_ON_THE_LINE = frozenset({Role.PROMPT, Role.COMPLETION, Role.REFERENCE, Role.TESTS})


@lru_cache(maxsize=4096)
def fold_name(name: str) -> str:
    """A column's name without what people write differently: case, spaces, `_`, `-`.

    >>> fold_name("Correct Answer"), fold_name("answerKey"), fold_name("model-output")
    ('correctanswer', 'answerkey', 'modeloutput')
    """
    return name.translate(_UNIFORM).lower()


_UNIFORM = str.maketrans("", "", " _-")
_PLACES: Mapping[Role, Mapping[str, int]] = {
    role: {fold_name(name): at for at, name in enumerate(names)}
    for role, names in COLUMN_ALIASES.items()
}


def columns_for(role: Role, available: Iterable[str], *, column: str | None = None) -> list[str]:
    """The columns among `available` that can fill `role`, best first.

    `column` names one and overrides the table. An empty list means that there is none. Case, spaces
    and underscores do not matter: `Correct Answer` is `correct_answer`.

    >>> columns_for(Role.REFERENCE, ["answer", "prompt", "solution"])
    ['answer', 'solution']
    >>> columns_for(Role.REFERENCE, ["Final Answer", "Answer"])
    ['Answer', 'Final Answer']
    >>> columns_for(Role.REFERENCE, ["answer", "final"], column="final")
    ['final']
    """
    names = list(available)
    if column is not None:
        return [column] if column in names else []
    wanted = COLUMN_ALIASES[role]
    exact = [name for name in wanted if name in names]
    if len(exact) == len(names):
        return exact
    place = _PLACES[role]
    alike = [name for name in names if name not in wanted and fold_name(name) in place]
    # A name as the table has it comes before one that is only written alike.
    return exact + sorted(alike, key=lambda name: place[fold_name(name)])


def written_alike(available: Iterable[str]) -> list[str]:
    """The columns that stand for a name of the table, and are written in another way.

    >>> written_alike(["answer", "Answer", "Correct Answer", "weather"])
    ['Answer', 'Correct Answer']
    """
    return [name for name in available if name not in _KNOWN and fold_name(name) in _FOLDED]


_KNOWN = frozenset(name for names in COLUMN_ALIASES.values() for name in names)
_FOLDED = frozenset(map(fold_name, _KNOWN))

# As text files write them, also where a column with gaps was once one of floats.
_TRUTHS: Mapping[str, bool] = {
    "true": True, "1": True, "1.0": True, "false": False, "0": False, "0.0": False,
}  # fmt: skip

_IN_WORDS: Mapping[str, bool] = {
    "yes": True, "y": True, "correct": True, "right": True,
    "no": False, "n": False, "incorrect": False, "wrong": False,
}  # fmt: skip


def truth(row: Mapping[str, object], column: str | None = None) -> bool | None:
    """Whether a row says that its completion is right; `None` if it does not say.

    `true` and `false`, 1 and 0 (1.0 and 0.0), as values or as text in any case; anything else says
    nothing. Without `column` the first of the usual names (`label`, `correct`, `is_correct`) that
    says either counts. A column that is named may also say yes and no: elsewhere those are answers.

    >>> truth({"label": True}), truth({"correct": 0.0}), truth({"is_correct": "True"})
    (True, False, True)
    >>> truth({"label": 3}), truth({"label": "yes"}), truth({"mine": 1}, "mine")
    (None, None, True)
    """
    for name in columns_for(Role.LABEL, row, column=column):
        value = row[name]
        if isinstance(value, str):
            text = value.strip().lower()
            said = _TRUTHS.get(text, _IN_WORDS.get(text) if column is not None else None)
            if said is not None:
                return said
        if isinstance(value, int | float) and value in {0, 1}:
            return bool(value)
    return None


def without_arrays(cell: object, _levels: int = 200) -> object:
    """A cell with lists where a data frame or a parquet file gave arrays, 200 levels deep.

    >>> without_arrays(["plain", {"as": ["it", "is"]}])
    ['plain', {'as': ['it', 'is']}]
    """
    if type(cell) in {str, int, float, bool} or cell is None or _levels == 0:
        return cell
    if type(cell) is dict:
        return {name: without_arrays(value, _levels - 1) for name, value in cell.items()}
    if type(cell) is list or type(cell) is tuple:
        lists = [without_arrays(value, _levels - 1) for value in cell]
        return lists if type(cell) is list else tuple(lists)
    if callable(to_list := getattr(cell, "tolist", None)):  # numpy's, and what behaves like it
        return without_arrays(to_list(), _levels - 1)
    return cell


def missing_columns(
    needed: Sequence[tuple[Role, str]], available: Iterable[str], *, source: str
) -> MissingColumnError:
    """The error for a file that lacks columns: all the roles, and a command that names them.

    Args:
        needed: each role with what needs it.
        available: the columns there are; one that is written nearly as a known name is proposed.
        source: the file.
    """
    seen = sorted(available)
    lacks = " and ".join(f"a {role.value} column (needed by {by})" for role, by in needed)
    names = "; ".join(
        f"{role.value}: {', '.join(COLUMN_ALIASES[role])}" for role, _ in dict.fromkeys(needed)
    )
    options: list[str] = []
    for role, by in needed:
        guess = _nearest(role, seen) or "COLUMN"
        named = f"--{role.value}-column {quote(guess)}"
        if role not in _NAMED_ON_THE_LINE:
            named = f"--reward '{by}(column=\"{guess}\")'"
        if named not in options:
            options.append(named)
    return MissingColumnError(
        f"{source}: lacks {lacks}. Columns seen: {', '.join(seen) or 'none'}. Names accepted, in "
        f"upper or lower case: {names}. Name them, what lies inside of one by a path (a.b.0.c): "
        f"rlvr score {quote(source)} {' '.join(options)} …"
    )


def _nearest(role: Role, available: Sequence[str]) -> str | None:
    """A column whose name is nearly one of the role's, or has one of them as a word in it."""
    for name in available:
        if get_close_matches(fold_name(name), _PLACES[role], n=1, cutoff=0.8):
            return name
    words = [name for name in COLUMN_ALIASES[role] if len(name) > 3]
    return next((name for name in available if any(one in name.lower() for one in words)), None)


def missing_column(
    role: Role, available: Iterable[str], *, needed_by: str, column: str | None = None
) -> MissingColumnError:
    """The error for a batch or file in which no column fills `role`."""
    seen = ", ".join(sorted(available)) or "none"
    if column is not None:
        return MissingColumnError(
            f"{needed_by} was told to read the column {column!r}, which is not there. "
            f"Columns seen: {seen}. Name one of these instead."
        )
    accepted = ", ".join(COLUMN_ALIASES[role])
    option = f" (on the command line: --{role.value}-column)" if role in _NAMED_ON_THE_LINE else ""
    return MissingColumnError(
        f"{needed_by} needs a {role.value} column and found none. Columns seen: {seen}. "
        f"Names it accepts: {accepted}. Rename a column, or name one with column=...{option}."
    )
