"""What other tools write, read as rows with a prompt, a completion and an answer.

| tool | known by | read from |
|---|---|---|
| lm-evaluation-harness, samples | `doc`, `target`, `resps` | `resps`, `target`, `arguments` |
| lighteval, details | `doc`, `model_response` | its `text`, the gold choice, `query` |
| inspect_ai, samples | `epoch`, `input`, `target`, `output` | `output`, `target`, `input` |
| verl, dumps of rollouts | `input`, `output`, `gts` | `output`, `gts`, `input` |
| OpenRLHF, generated samples | `input`, `output`, `label` | `output`, `label`, `input` |
| OpenAI and vLLM, chat completions | `choices` with a message or text | `choices` |
| chats that end in an answer | `messages`, `conversations` | their last message, those before |
| verl, SkyRL, NeMo-RL, data | `reward_model`, `reward_spec`, … | `ground_truth` in it |
| our own, `--flat` | `NAME.score`, `NAME.status` | verdicts made of them |
| TRL, logs of completions | `NAME`, `NAME_reason`, … | verdicts made of them |

A row keeps all it has and gets the columns that it lacks: what it already calls `completion`,
`answer` or `prompt` stays what it is. A file is known by its first row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from rewards.columns import Role, columns_for
from rewards.workbench.rows.training_logs import logged_verdicts

Row = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Shape:
    """How the rows of another tool are read.

    Attributes:
        name: the tool and what it writes.
        fits: whether a row is one of its.
        read: the columns that such a row gets.
    """

    name: str
    fits: Callable[[Row], bool]
    read: Callable[[Row], dict[str, object]]

    def columns(self, row: Row) -> dict[str, object]:
        """What a row gets; nothing where it is none of the tool's."""
        if not self.fits(row):
            return {}
        return {name: value for name, value in self.read(row).items() if value is not None}


def shape_of(row: Row) -> Shape | None:
    """The shape of a row that another tool wrote; `None` for rows that need no help.

    >>> shape_of({"input": "1+1", "output": "2", "gts": "2", "score": 1.0}).name
    'a dump of rollouts by verl'
    >>> shape_of({"completion": "2", "answer": "2"}) is None
    True
    """
    return next((shape for shape in _SHAPES if shape.fits(row)), None)


def _has(*names: str) -> Callable[[Row], bool]:
    return lambda row: all(name in row for name in names) and "completion" not in row


def _one_or_all(texts: list[object]) -> object:
    """A completion where there is one, else the list of them; `None` for what is no text."""
    if not texts or not all(isinstance(text, str) for text in texts):
        return None
    return texts[0] if len(texts) == 1 else texts


def _read_lm_eval(row: Row) -> dict[str, object]:
    responses = row["resps"]
    texts: list[object] = []
    for one in responses if isinstance(responses, list) else []:
        texts += one if isinstance(one, list) else [one]
    return {
        "completion": _one_or_all(texts),
        "answer": row["target"],
        "prompt": _first_argument(row.get("arguments")),
    }


def _first_argument(arguments: object) -> object:
    """The prompt of `{"gen_args_0": {"arg_0": prompt, …}}`, or of `[[prompt, …]]`."""
    for _ in range(3):
        if isinstance(arguments, Mapping):
            arguments = next(iter(arguments.values()), None)
        elif isinstance(arguments, list):
            arguments = arguments[0] if arguments else None
    return arguments if isinstance(arguments, str) else None


def _is_lighteval(row: Row) -> bool:
    doc, said = row.get("doc"), row.get("model_response")
    return isinstance(doc, Mapping) and isinstance(said, Mapping) and "text" in said


def _read_lighteval(row: Row) -> dict[str, object]:
    doc = cast("Mapping[str, Any]", row["doc"])
    said = cast("Mapping[str, Any]", row["model_response"])["text"]
    choices, gold = doc.get("choices"), doc.get("gold_index")
    places = gold if isinstance(gold, list) else [gold]
    right: list[object] = []
    if isinstance(choices, list):
        right = [choices[at] for at in places if isinstance(at, int) and 0 <= at < len(choices)]
    return {
        "completion": _one_or_all(said) if isinstance(said, list) else said,
        "answer": right[0] if len(right) == 1 else right or None,
        "prompt": doc.get("query"),
    }


def _is_inspect(row: Row) -> bool:
    return {"epoch", "input", "target", "output"} <= row.keys() and isinstance(
        row["output"], Mapping
    )


def _read_inspect(row: Row) -> dict[str, object]:
    choices = cast("Mapping[str, Any]", row["output"]).get("choices")
    message = choices[0].get("message") if choices and isinstance(choices[0], Mapping) else None
    return {
        "completion": _attached(message, row.get("attachments")),
        "answer": row["target"],
        "prompt": row["input"],
    }


def _attached(message: object, attachments: object) -> object:
    """A message with its content in place, where the log keeps long texts apart."""
    if not isinstance(message, Mapping) or not isinstance(attachments, Mapping):
        return message
    content = message.get("content")
    if isinstance(content, str) and content.startswith("attachment://"):
        kept = attachments.get(content.removeprefix("attachment://"))
        return {**message, "content": content if kept is None else kept}
    return message


def _is_openrlhf(row: Row) -> bool:
    """`label` is a reference here, and a truth value elsewhere: only texts that are none count."""
    label = row.get("label")
    return (
        _has("input", "output", "label")(row)
        and isinstance(label, str)
        and label.strip().lower() not in {"true", "false", "0", "1", "yes", "no", ""}
        and not columns_for(Role.REFERENCE, row)
    )


def _is_reply(row: Row) -> bool:
    choices = row.get("choices")
    return (
        _has("choices")(row)
        and isinstance(choices, list)
        and bool(choices)
        and all(isinstance(one, Mapping) and one.keys() & {"message", "text"} for one in choices)
    )


def _read_reply(row: Row) -> dict[str, object]:
    choices = cast("list[Mapping[str, object]]", row["choices"])
    said = [one["message"] if "message" in one else one["text"] for one in choices]
    several = [one if isinstance(one, str) else [one] for one in said]
    return {"completion": several[0] if len(several) == 1 else several}


_ANSWERERS = frozenset({"assistant", "gpt", "chatgpt", "model", "bing", "bard"})


def _chat_of(row: Row) -> list[Mapping[str, object]]:
    """The messages of a chat that ends in an answer; none of another row."""
    if columns_for(Role.COMPLETION, row):
        return []
    for name in ("messages", "conversations", "conversation"):
        chat = row.get(name)
        if isinstance(chat, list) and chat and all(isinstance(one, Mapping) for one in chat):
            speaker = chat[-1].get("role", chat[-1].get("from"))
            if isinstance(speaker, str) and speaker.lower() in _ANSWERERS:
                return chat
    return []


def _read_chat(row: Row) -> dict[str, object]:
    chat = _chat_of(row)
    prompt = None if columns_for(Role.PROMPT, row) else chat[:-1] or None
    return {"completion": chat[-1:], "prompt": prompt}


_TRUTH = "ground_truth"
_AROUND_TRUTH = ("reward_model", "reward_spec", "extra_env_info")


def _truth_inside(row: Row) -> object:
    """The reference of rows that trainers keep in a mapping; `None` where there is another one."""
    if columns_for(Role.REFERENCE, row) or columns_for(Role.TESTS, row):
        return None
    cells = [row[name] for name in _AROUND_TRUTH if name in row]
    return next((cell.get(_TRUTH) for cell in cells if isinstance(cell, Mapping)), None)


def _is_trl_log(row: Row) -> bool:
    return (
        "completion" in row
        and bool(row.keys() & {"step", "advantage"})
        and (bool(logged_verdicts(row)))
    )


def _flat_verdicts(row: Row) -> dict[str, object]:
    """The verdicts that `rlvr score --flat` wrote, put together again."""
    names = [
        name.removesuffix(".status")
        for name in row
        if name.endswith(".status") and f"{name.removesuffix('.status')}.score" in row
    ]
    return {
        name: {
            field.removeprefix(f"{name}."): value
            for field, value in row.items()
            if field.startswith(f"{name}.")
        }
        for name in names
        if name not in row
    }


_SHAPES = (
    Shape(
        "rows with flat verdicts",
        lambda row: bool(_flat_verdicts(row)),
        _flat_verdicts,
    ),
    Shape(
        "samples logged by lm-evaluation-harness",
        _has("doc", "target", "resps"),
        _read_lm_eval,
    ),
    Shape("details by lighteval", _is_lighteval, _read_lighteval),
    Shape("samples of a log by inspect_ai", _is_inspect, _read_inspect),
    Shape(
        "a dump of rollouts by verl",
        _has("input", "output", "gts"),
        lambda row: {"prompt": row["input"]},
    ),
    Shape(
        "samples generated by OpenRLHF",
        _is_openrlhf,
        lambda row: {"answer": row["label"], "prompt": row["input"]},
    ),
    Shape("chat completions of a server", _is_reply, _read_reply),
    Shape(
        "a log of completions by TRL",
        _is_trl_log,
        lambda row: dict[str, object](logged_verdicts(row)),
    ),
    Shape(
        "rows as verl, SkyRL or NeMo-RL train on",
        lambda row: _truth_inside(row) is not None,
        lambda row: {"answer": _truth_inside(row)},
    ),
    Shape("chats that end in an answer", lambda row: bool(_chat_of(row)), _read_chat),
)
