r"""From a dataset of questions and answers to the prompts a trainer wants.

```python
from datasets import load_dataset

train = to_prompts(load_dataset("openai/gsm8k", "main", split="train"))
train[0]["prompt"]    # [{"role": "system", …}, {"role": "user", "content": "Natalia sold …"}]
train[0]["solution"]  # "… #### 72", which the accuracy reward reads as it stands
```
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from grpo_plugin.errors import DatasetError, MissingExtraError

R1_ZERO = (
    "A conversation between User and Assistant. The user asks a question, and the Assistant solves "
    "it. The assistant first thinks about the reasoning process in the mind and then provides the "
    "user with the answer. The reasoning process and answer are enclosed within <think> </think> "
    "and <answer> </answer> tags, respectively, i.e., <think> reasoning process here </think> "
    "<answer> answer here </answer>."
)
"""DeepSeek-R1-Zero's training template, the part before the question.

Source: DeepSeek-R1 (arXiv 2501.12948v1), table 1. As plain text it continues
`User: {question}. Assistant:`.
"""

R1_ZERO_BOXED = R1_ZERO + r" The final answer stands inside the answer tags as \boxed{answer}."
r"""`R1_ZERO`, and a sentence that asks for the `\boxed{…}` the accuracy reward looks for."""

# A dataset with both has the final answer in `answer` and the worked solution in `solution`
# (MATH-500, OpenR1-Math): the short one is the better reference.
QUESTION_COLUMNS = ("question", "problem", "prompt", "instruction", "query")
ANSWER_COLUMNS = (
    "answer",
    "final_answer",
    "ground_truth",
    "solution",
    "gold",
    "reference",
    "target",
)
WORKED_SOLUTION = "worked_solution"


def to_prompts(
    dataset: Any,
    *,
    question_column: str | None = None,
    answer_column: str | None = None,
    system: str | None = R1_ZERO_BOXED,
    plain: bool = False,
) -> Any:
    r"""The dataset with a `prompt` and a `solution` column, other columns kept.

    Args:
        dataset: a `datasets.Dataset`, `IterableDataset` or `DatasetDict`, or a list of dicts, one
            per row, which becomes a `Dataset`. The question is text, or chat messages.
        question_column: where the question stands; by default the first of `question`, `problem`,
            `prompt`, `instruction`, `query`.
        answer_column: where the reference stands; by default the first of `answer`,
            `final_answer`, `ground_truth`, `solution`, `gold`, `reference`, `target`. The value is
            taken as it is: the accuracy reward reads `#### 72` and worked solutions itself.
        system: the instruction before the question (a system message), or `None` for none.
        plain: text prompts, `{system} User: {question} Assistant:`, for base models without a
            chat template; without `system` the question alone.

    Returns:
        The same kind of dataset (a `Dataset` for a list). The question and answer columns become
        `prompt` and `solution`; a worked `solution` beside an `answer` column is kept as
        `worked_solution`.

    Raises:
        DatasetError: no column holds the question or the answer, or a question is neither text
            nor messages. The message lists the columns seen.
        MissingExtraError: a list was given and the `datasets` package is not installed.

    >>> rows = [{"question": "What is 6 times 7?", "answer": "#### 42", "level": 1}]
    >>> to_prompts(rows, plain=True, system=None)[0]
    {'level': 1, 'prompt': 'What is 6 times 7?', 'solution': '#### 42'}
    """
    if isinstance(dataset, Mapping):  # a DatasetDict, one dataset per split
        convert_split = partial(
            to_prompts,
            question_column=question_column,
            answer_column=answer_column,
            system=system,
            plain=plain,
        )
        kind: Any = type(dataset)
        return kind({name: convert_split(split) for name, split in dataset.items()})
    if not hasattr(dataset, "map"):
        dataset = _dataset_of(dataset)
    seen = _columns_of(dataset)
    question = _pick(QUESTION_COLUMNS, seen, named=question_column, role="question")
    others = [name for name in seen if name != question]
    answer = _pick(ANSWER_COLUMNS, others, named=answer_column, role="answer", shown=seen)
    convert = partial(
        _convert,
        question_column=question,
        answer_column=answer,
        system=system,
        plain=plain,
        keep_solution="solution" in seen and answer != "solution" and question != "solution",
    )
    replaced = {question, answer} | ({"solution"} & set(seen))
    return dataset.map(convert, remove_columns=sorted(replaced))


def _convert(  # noqa: PLR0913 - all but the row are fixed once per dataset
    row: Mapping[str, Any],
    *,
    question_column: str,
    answer_column: str,
    system: str | None,
    plain: bool,
    keep_solution: bool,
) -> dict[str, Any]:
    """The new columns of one row."""
    question = row[question_column]
    new = {
        "prompt": _plain(question, system, question_column)
        if plain
        else _conversation(question, system, question_column),
        "solution": row[answer_column],
    }
    if keep_solution:
        new[WORKED_SOLUTION] = row["solution"]
    return new


def _plain(question: object, system: str | None, column: str) -> str:
    if not isinstance(question, str):
        raise DatasetError(
            f"the column {column!r} holds {_kind(question)}, and plain=True needs text; "
            "name a text column with question_column=..., or leave plain out"
        )
    # Table 1 ends `User: prompt. Assistant:`; a question brings its own full stop or question mark.
    return f"{system} User: {question.strip()} Assistant:" if system else question


def _conversation(question: object, system: str | None, column: str) -> list[dict[str, Any]]:
    if isinstance(question, str):
        messages = [{"role": "user", "content": question}]
    elif isinstance(question, Sequence) and all(isinstance(m, Mapping) for m in question):
        messages = [dict(message) for message in question]
    else:
        raise DatasetError(
            f"the column {column!r} holds {_kind(question)} where a question was expected; "
            "give text or a list of chat messages, or name another column with question_column=..."
        )
    has_system = bool(messages) and messages[0].get("role") == "system"
    if system and not has_system:  # a system message of the dataset's own stands
        messages = [{"role": "system", "content": system}, *messages]
    return messages


def _dataset_of(rows: Iterable[object]) -> Any:
    try:
        from datasets import Dataset  # an optional dependency
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            "to_prompts needs the 'datasets' package to make a dataset of a list: "
            "pip install 'rlvr[train]'"
        ) from error
    kept = list(rows)
    for position, row in enumerate(kept):
        if not isinstance(row, Mapping):
            raise DatasetError(
                f"row {position} is {_kind(row)}; give a list of dicts, one per row, or a Dataset"
            )
    if not kept:
        raise DatasetError("the list has no rows, so there is nothing to make prompts of")
    # Not every row of a list need fill every column.
    names = list(dict.fromkeys(name for row in kept if isinstance(row, Mapping) for name in row))
    columns = {name: [row.get(name) for row in kept if isinstance(row, Mapping)] for name in names}
    return Dataset.from_dict(columns)


def _columns_of(dataset: Any) -> list[str]:
    names = getattr(dataset, "column_names", None)
    if names is None:  # a stream without a schema: look at its first row
        first = next(iter(dataset), None)
        names = list(first) if isinstance(first, Mapping) else []
    return list(names)


def _pick(
    accepted: Sequence[str],
    seen: Sequence[str],
    *,
    named: str | None,
    role: str,
    shown: Sequence[str] | None = None,
) -> str:
    for name in (named,) if named is not None else accepted:
        if name in seen:
            return name
    columns = ", ".join(shown if shown is not None else seen) or "none"
    if named is not None:
        raise DatasetError(
            f"{role}_column={named!r} names a column that is not there (or serves twice). "
            f"Columns seen: {columns}."
        )
    raise DatasetError(
        f"no column holds the {role}. Columns seen: {columns}. Names accepted: "
        f"{', '.join(accepted)}. Name one with {role}_column=..."
    )


def _kind(value: object) -> str:
    return "nothing" if value is None else f"a {type(value).__name__}"
