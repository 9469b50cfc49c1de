"""A reward by name (`accuracy`), by import path (`mine:length`) or by file (`mine.py:length`)."""

from __future__ import annotations

import ast
import difflib
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from hashlib import blake2b
from importlib import import_module
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from rewards.errors import InputError
from rewards.reward import Reward
from rewards.workbench.scoring.reward_function import RewardFunction

_LABEL = re.compile(r"\w[\w.-]{0,63}")
_PATH = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")
_FILE = re.compile(r"(.+\.py):([A-Za-z_][\w.]*)", re.DOTALL)
_RENAMED = re.compile(r"([^=(]*)=(.*)", re.DOTALL)
_WITH_OPTIONS = re.compile(r"([^(]+)\((.*)\)\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class NamedReward:
    """A reward as the command line names it.

    Attributes:
        label: the column of the output.
        source: a known name, or `module:object`, with options or without.
    """

    label: str
    source: str

    @property
    def path(self) -> str:
        """The source without its options."""
        return self.source.partition("(")[0].strip()


def read_reward_argument(argument: str) -> NamedReward:
    """Read `REWARD` or `NAME=REWARD`.

    >>> read_reward_argument("strict=mine:exact")
    NamedReward(label='strict', source='mine:exact')
    >>> read_reward_argument("mine:exact").label
    'exact'
    >>> read_reward_argument("near=accuracy(tolerance=1e-3)").label
    'near'
    """
    renamed = _RENAMED.fullmatch(argument)
    label, source = renamed.groups() if renamed else ("", argument)
    named = NamedReward(label, source)
    if not renamed:
        label = named.path.rpartition(":")[2].rpartition(".")[2]
    if not _LABEL.fullmatch(label):
        raise InputError(
            f"--reward {argument}: {label!r} cannot name a column; write NAME=REWARD with letters, "
            "digits, - and _"
        )
    return NamedReward(label, source)


def read_reward_arguments(arguments: Sequence[str], *, least: int = 1) -> list[NamedReward]:
    """Read the rewards of one command.

    Raises:
        InputError: there are fewer than `least`, two have the same name, or one cannot be read.
    """
    if len(arguments) < least:
        examples = " ".join(f"--reward {name}" for name in ("accuracy", "mine:function")[:least])
        few = "no reward given; name at least one" if least == 1 else "name at least two rewards"
        raise InputError(f"{few}: {examples}")
    named = [read_reward_argument(argument) for argument in arguments]
    labels = [one.label for one in named]
    for one in named:
        if labels.count(one.label) > 1:
            raise InputError(
                f"two rewards are called {one.label!r}; give one another name: "
                f"--reward NAME={one.source}"
            )
    return named


def known_rewards() -> dict[str, Reward]:
    """The ready rewards of this package, by name."""
    import rewards  # this module is part of it

    found = {name: getattr(rewards, name) for name in rewards.__all__}
    return {name: value for name, value in found.items() if isinstance(value, Reward)}


def _read_literal(value: ast.expr) -> Any:
    try:
        return ast.literal_eval(value)
    except ValueError:
        raise ValueError(f"{ast.unparse(value)} is no literal") from None


def resolve_reward(source: str, *, search_path: Path | None = None) -> Reward | RewardFunction:
    """The reward called `source`.

    Args:
        source: `accuracy`, `format`, …, or `module:object` or `path/to/file.py:object`, where the
            object is a `Reward`, a `Reward` class, or a function with TRL's signature. A reward may
            be followed by options: `accuracy(tolerance=1e-3)`.
        search_path: a folder in which the module may lie besides the import path; the working
            directory by default. It is searched last, so that it hides nothing.

    Raises:
        InputError: there is no such reward; the message says what there is.
    """
    with_options = _WITH_OPTIONS.fullmatch(source)
    if with_options:
        name, options = with_options.groups()
        return _with_options(resolve_reward(name.strip(), search_path=search_path), source, options)
    known = known_rewards()
    if source in known:
        return known[source]
    if not _PATH.fullmatch(source) and not _FILE.fullmatch(source):
        close = difflib.get_close_matches(source, known, n=1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        raise InputError(
            f"--reward {source}: no such reward; {hint}there are {', '.join(sorted(known))}, or "
            "your own as module:function or file.py:function"
        )
    found = _import_object(source, search_path or Path.cwd())
    if isinstance(found, type) and issubclass(found, Reward):
        try:
            found = found()  # type: ignore[call-arg] # a subclass gives its name a default
        except TypeError as error:
            raise InputError(
                f"--reward {source}: {error}; give every field of the class a default, or name "
                "an instance of it"
            ) from error
    if isinstance(found, Reward):
        return found
    if isinstance(found, type):
        raise InputError(
            f"--reward {source}: is a class, neither a reward nor a function; name an instance"
        )
    if not callable(found):
        raise InputError(
            f"--reward {source}: is a {type(found).__name__}, neither a reward nor a function"
        )
    return RewardFunction(name=source.rpartition(":")[2], function=found)


def _with_options(
    reward: Reward | RewardFunction, source: str, options: str
) -> Reward | RewardFunction:
    """The reward with the fields that `options`, the inside of a call, names; literals only."""
    try:
        call = ast.parse(f"f({options})", mode="eval").body
        if not isinstance(call, ast.Call) or call.args or any(k.arg is None for k in call.keywords):
            raise ValueError("write name=value, name=value")  # noqa: TRY301 - one message for all
        given = {str(word.arg): _read_literal(word.value) for word in call.keywords}
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise InputError(
            f"--reward {source}: the options cannot be read ({error}); write literals, texts in "
            "quotes, as in accuracy(tolerance=1e-3, units='require')"
        ) from error
    if not isinstance(reward, Reward):
        raise InputError(f"--reward {source}: a function has no options; only rewards have")
    known = [field.name for field in fields(reward) if field.init]
    unknown = [name for name in given if name not in known]
    if unknown:
        raise InputError(
            f"--reward {source}: there is no option {unknown[0]!r}; there are {', '.join(known)}"
        )
    try:
        return replace(reward, **given)
    except TypeError as error:
        raise InputError(f"--reward {source}: {error}") from error


def source_file(source: str, search_path: Path) -> Path:
    """The file that `path/mine.py:function` names, from a folder."""
    return (search_path / source.rpartition(":")[0]).resolve()


def is_file_path(source: str) -> bool:
    """Whether a reward is named by its file.

    >>> is_file_path("lib/mine.py:fn"), is_file_path("lib.mine:fn")
    (True, False)
    """
    return _FILE.fullmatch(source) is not None


def _load_file(file: Path) -> ModuleType:
    """The module in a file, loaded once in this process, under a name that hides no other."""
    if not file.is_file():
        raise InputError(f"{file}: no such file; check the path before the colon of --reward")
    name = (
        file.stem
        if _is_module_of(file.stem, file)
        else f"_rlvr_{file.stem}_{blake2b(bytes(file), digest_size=6).hexdigest()}"
    )
    if name in sys.modules:
        return sys.modules[name]
    spec = spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise InputError(f"{file}: cannot be loaded as Python")
    module = sys.modules[name] = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _is_module_of(name: str, file: Path) -> bool:
    """Whether importing `name` gives this very file."""
    try:
        spec = find_spec(name)
    except (ImportError, ValueError):
        return False
    return spec is not None and spec.origin is not None and Path(spec.origin).resolve() == file


def _import_object(source: str, search_path: Path) -> object:
    module_name, _, path = source.rpartition(":")
    folder = source_file(source, search_path).parent if _FILE.fullmatch(source) else search_path
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
    try:
        found: object = (
            _load_file(source_file(source, search_path))
            if _FILE.fullmatch(source)
            else import_module(module_name)
        )
    except InputError:
        raise
    except Exception as error:
        missing = isinstance(error, ModuleNotFoundError) and error.name == module_name
        mend = f"; start from the folder that holds {module_name}.py" if missing else ""
        raise InputError(
            f"--reward {source}: importing {module_name} failed with {type(error).__name__}: "
            f"{error}{mend}"
        ) from error
    for name in path.split("."):
        if not hasattr(found, name):
            raise InputError(f"--reward {source}: {module_name} has no {name!r}; check the name")
        found = getattr(found, name)
    return found
