"""A reward from a line of text, as command lines, configuration files and requests hold one.

```
accuracy                                        a ready reward
accuracy(tolerance=1e-3)                        with options
Gate(format, accuracy)                          a combination
WeightedSum([accuracy, format], [1.0, 0.2])
Route({'math': accuracy, 'code': code}, by='source')
mine:length    lib/mine.py:length               one's own, in quotes inside of a combination
```

The text is read as data: names, calls of our own classes and literals; nothing of it is executed.
"""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Callable, Iterator
from dataclasses import Field, dataclass, fields, replace
from pathlib import Path

from rewards.errors import InputError
from rewards.named.own_code import import_object, is_own_code
from rewards.named.reward_function import RewardFunction
from rewards.reward import Reward

_WITH_OPTIONS = re.compile(r"([^(]+)\((.*)\)\s*", re.DOTALL)
_MAX_CHARS = 20_000


def known_rewards() -> dict[str, Reward]:
    """The ready rewards of this package, by name."""
    return {name: found for name, found in _exported().items() if isinstance(found, Reward)}


def reward_named(
    source: str, *, search_path: Path | None = None, trusted: bool = True
) -> Reward | RewardFunction:
    """The reward that `source` describes.

    Args:
        source: a ready reward, a class of this package called with options and other rewards, or
            the path of one's own, with options or without. An object at a path is a `Reward`, a
            `Reward` class, or a function with TRL's signature.
        search_path: a folder in which own modules and files may lie besides the import path; the
            working directory by default.
        trusted: `False` for a text from elsewhere: no paths, since importing executes, and no
            judges, since they call addresses.

    Raises:
        InputError: there is no such reward; the message says what there is.

    >>> reward_named("accuracy(tolerance=1e-3)").tolerance
    0.001
    >>> reward_named("Gate(format, accuracy)").name
    'format_then_accuracy'
    """
    return _Builder(source, search_path or Path.cwd(), trusted=trusted).build(source)


def own_code_in(source: str) -> tuple[str, ...]:
    """The paths to own code that a spec names, without importing them.

    >>> own_code_in("Gate(format, 'mine.py:Strict(limit=3)')"), own_code_in("code(timeout_s=2)")
    (('mine.py:Strict',), ())
    """
    name = path_of(source)
    if is_own_code(name):
        return (name,)
    try:
        tree = ast.parse(source.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()  # building it says why
    inside = [path for text in _own_texts(tree.body) for path in own_code_in(text)]
    return tuple(dict.fromkeys(inside))


def path_of(source: str) -> str:
    """A spec without its options.

    >>> path_of("mine.py:Strict(limit=3)")
    'mine.py:Strict'
    """
    return source.partition("(")[0].strip()


def _split(source: str) -> tuple[str, str | None]:
    with_options = _WITH_OPTIONS.fullmatch(source)
    return (with_options[1].strip(), with_options[2]) if with_options else (source.strip(), None)


def _exported() -> dict[str, object]:
    import rewards  # this module is part of it

    return {name: getattr(rewards, name) for name in rewards.__all__}


def _classes() -> dict[str, type[Reward]]:
    return {
        name: found
        for name, found in _exported().items()
        if isinstance(found, type) and issubclass(found, Reward) and found is not Reward
    }


def _takes_rewards(field: Field[object]) -> bool:
    return "Reward" in str(field.type)


def _takes_judge(field: Field[object]) -> bool:
    return "Judge" in str(field.type)


def _own_texts(node: ast.expr) -> Iterator[str]:
    """The texts of a combination that stand where a reward or a judge is wanted."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        return
    cls = _classes().get(node.func.id)
    for field, value in _fields_given(cls, node) if cls else ():
        if _takes_rewards(field) or _takes_judge(field):
            for part in _parts_of(value):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    yield part.value
                yield from _own_texts(part)


def _parts_of(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.List | ast.Tuple):
        return [inner for one in node.elts for inner in _parts_of(one)]
    return list(node.values) if isinstance(node, ast.Dict) else [node]


def _fields_given(
    cls: type[Reward], call: ast.Call, *, positional: bool = True
) -> list[tuple[Field[object], ast.expr]]:
    """The fields of a class that a call names, with what it gives them.

    Raises:
        ValueError: it names one that is not there, or twice.
    """
    known = [field for field in fields(cls) if field.init]
    by_name = {field.name: field for field in known}
    ordered = [field for field in known if not field.kw_only] if positional else []
    if len(call.args) > len(ordered):
        raise ValueError("write name=value, name=value")
    given = list(zip(ordered, call.args, strict=False))
    for word in call.keywords:
        if word.arg is None:
            raise ValueError("write name=value, name=value")
        if word.arg not in by_name:
            raise ValueError(f"there is no option {word.arg!r}; there are {', '.join(by_name)}")
        given.append((by_name[word.arg], word.value))
    names = [field.name for field, _ in given]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise ValueError(f"{twice!r} is given twice")
    return given


@dataclass(frozen=True)
class _Builder:
    """Builds one reward; every message begins with the whole text that was given."""

    source: str
    search_path: Path
    trusted: bool

    def build(self, text: str) -> Reward | RewardFunction:
        if len(text) > _MAX_CHARS:
            raise InputError(f"reward {text[:40]}…: longer than {_MAX_CHARS:,} characters")
        name, options = _split(text)
        if is_own_code(name):
            own = self._own(name)
            return own if options is None else self._changed(own, f"f({options})")
        try:
            tree = ast.parse(text.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            if options is None:
                raise self._unknown(name) from error
            raise self._unreadable(error) from error
        return self._reward(tree)

    def _reward(self, node: ast.expr) -> Reward | RewardFunction:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return self.build(node.value)
        name = node.func if isinstance(node, ast.Call) else node
        if not isinstance(name, ast.Name):
            raise self._unknown(ast.unparse(node))
        ready, cls = known_rewards().get(name.id), _classes().get(name.id)
        if ready is not None:
            return self._changed(ready, node) if isinstance(node, ast.Call) else ready
        if cls is None:
            raise self._unknown(name.id)
        call = node if isinstance(node, ast.Call) else ast.Call(name, [], [])
        return self._made(name.id, cls, self._values(cls, call))

    def _changed(self, reward: Reward | RewardFunction, call: ast.expr | str) -> Reward:
        """A ready reward with other options."""
        if not isinstance(reward, Reward):
            raise self._error("a function has no options; only rewards have")
        try:
            tree = ast.parse(call, mode="eval").body if isinstance(call, str) else call
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise self._unreadable(error) from error
        if not isinstance(tree, ast.Call):
            raise self._unreadable(ValueError("write name=value, name=value"))
        values = self._values(type(reward), tree, positional=False)
        return self._made(reward.name, lambda **given: replace(reward, **given), values)

    def _made(self, name: str, make: Callable[..., Reward], values: dict[str, object]) -> Reward:
        try:
            return make(**values)
        except (TypeError, ValueError) as error:
            raise self._error(f"{name}: {error}") from error

    def _values(
        self, cls: type[Reward], call: ast.Call, *, positional: bool = True
    ) -> dict[str, object]:
        try:
            given = _fields_given(cls, call, positional=positional)
            return {field.name: self._value(field, node) for field, node in given}
        except InputError:
            raise
        except (ValueError, TypeError, RecursionError, MemoryError) as error:
            raise self._unreadable(error) from error

    def _value(self, field: Field[object], node: ast.expr) -> object:
        if isinstance(node, ast.Constant) and node.value is None:
            return None
        if _takes_rewards(field):
            return self._rewards(node)
        if _takes_judge(field):
            return self._judge(node)
        try:
            return ast.literal_eval(node)
        except ValueError:
            raise ValueError(f"{ast.unparse(node)} is no literal") from None

    def _rewards(self, node: ast.expr) -> object:
        if isinstance(node, ast.List | ast.Tuple):
            return tuple(self._rewards(one) for one in node.elts)
        if isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
            if any(key is None for key in node.keys):
                raise ValueError("write {'source': reward, …}")
            return {ast.literal_eval(key): self._reward(value) for key, value in pairs if key}
        return self._reward(node)

    def _judge(self, node: ast.expr) -> object:
        if not self.trusted:
            raise self._error("a judge is not allowed here: it calls an address")
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return import_object(node.value, self.search_path)
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "ChatJudge"
            and not node.args
        ):
            from rewards.text.chat_judge import ChatJudge  # seldom wanted

            return ChatJudge(**{str(word.arg): ast.literal_eval(word.value)
                                for word in node.keywords})  # fmt: skip
        raise ValueError("a judge is ChatJudge(url='…', model='…') or 'module:function'")

    def _own(self, path: str) -> Reward | RewardFunction:
        if not self.trusted:
            raise self._error("own code is not allowed here")
        found = import_object(path, self.search_path)
        if isinstance(found, type) and issubclass(found, Reward):
            try:
                found = found()  # type: ignore[call-arg] # a subclass gives its name a default
            except TypeError as error:
                raise self._error(
                    f"{error}; give every field of the class a default, or name an instance of it"
                ) from error
        if isinstance(found, Reward):
            return found
        if isinstance(found, type):
            raise self._error("is a class, neither a reward nor a function; name an instance")
        if not callable(found):
            raise self._error(f"is a {type(found).__name__}, neither a reward nor a function")
        return RewardFunction(name=path.rpartition(":")[2], function=found)

    def _unknown(self, name: str) -> InputError:
        known = sorted(known_rewards())
        close = difflib.get_close_matches(name, [*known, *_classes()], n=1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        return self._error(
            f"no such reward; {hint}there are {', '.join(known)}, or your own as module:function "
            "or file.py:function",
            name,
        )

    def _unreadable(self, error: BaseException) -> InputError:
        return self._error(
            f"the options cannot be read ({error}); write literals, texts in quotes, as in "
            "accuracy(tolerance=1e-3, units='require')"
        )

    def _error(self, message: str, part: str = "") -> InputError:
        where = f": {part}" if part and part != self.source.strip() else ""
        return InputError(f"reward {self.source}{where}: {message}")
