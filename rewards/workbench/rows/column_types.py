"""The Arrow type that all values of a column have in common, if there is one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

# Beyond these a column is no table any more, but objects whose names are data.
_MOST_LEAVES = 200
_DEEPEST = 20

_VERDICT_FIELDS = frozenset({"score", "status", "extracted", "expected", "reason"})
_SOME_VERDICTS_FIELDS = frozenset({"found_in", "basis"})


def infer_type(values: Sequence[object]) -> pa.DataType | None:
    """The type of JSON values, `None` where there is none, or one that is larger than a table's.

    >>> infer_type([1, 2.5]), infer_type([1, "a"]), infer_type([True, 1.0])
    (DataType(double), None, None)
    """
    import pyarrow as pa

    try:
        kind = pa.infer_type(values)
        if _count_leaves(kind) > _MOST_LEAVES:
            return None
        pa.array(values, type=kind)  # raises where one of them does not fit
        return None if _hide_truth(values, kind) else kind
    except (pa.ArrowException, ArithmeticError, ValueError, TypeError, RecursionError):
        return None


def unify_types(one: pa.DataType | None, other: pa.DataType | None) -> pa.DataType | None:
    """The type that holds the values of both, `None` where there is none."""
    import pyarrow as pa

    if one is None or other is None or one == other:
        return one if other is not None else None
    schemas = [pa.schema([("", kind)]) for kind in (one, other)]
    try:
        kind = pa.unify_schemas(schemas, promote_options="permissive").field(0).type
    except pa.ArrowException:
        return None
    return None if _count_leaves(kind) > _MOST_LEAVES else kind


def settle_type(kind: pa.DataType | None) -> pa.DataType | None:
    """A type that parquet can hold and that does not depend on what happens to be empty.

    What is null throughout is text, the score of a verdict floating-point: shards of one dataset
    must fit together. `None` where an object has no fields.

    >>> settle_type(infer_type([None])), settle_type(infer_type([{}]))
    (DataType(string), None)
    """
    return None if kind is None or _holds_nothing(kind) else _without_nulls(kind)


def _hide_truth(values: Sequence[object], kind: pa.DataType) -> bool:
    """Whether true or false stands among fractions, where Arrow takes it for 1 or 0."""
    import pyarrow as pa

    if pa.types.is_floating(kind):
        return bool in set(map(type, values))
    if pa.types.is_list(kind):
        items = [item for value in values if isinstance(value, list) for item in value]
        return _hide_truth(items, kind.value_type)
    if pa.types.is_struct(kind):
        objects = [value for value in values if isinstance(value, dict)]
        return any(
            _hide_truth([one.get(field.name) for one in objects], field.type) for field in kind
        )
    return False


def _count_leaves(kind: pa.DataType, depth: int = 0) -> int:
    """How many leaves a type has; more than are allowed where one lies too deep."""
    if depth > _DEEPEST:
        return _MOST_LEAVES + 1
    if not kind.num_fields:
        return 1
    return sum(_count_leaves(kind.field(at).type, depth + 1) for at in range(kind.num_fields))


def _holds_nothing(kind: pa.DataType) -> bool:
    """Whether there is an object without fields in it, which parquet cannot hold."""
    import pyarrow as pa

    if not kind.num_fields:
        return bool(pa.types.is_struct(kind))
    return any(_holds_nothing(kind.field(at).type) for at in range(kind.num_fields))


def _without_nulls(kind: pa.DataType) -> pa.DataType:
    import pyarrow as pa

    if pa.types.is_null(kind):
        return pa.string()
    if pa.types.is_list(kind):
        return pa.list_(_without_nulls(kind.value_type))
    if not pa.types.is_struct(kind):
        return kind
    fields = {field.name: _without_nulls(field.type) for field in kind}
    is_verdict = _VERDICT_FIELDS <= fields.keys() <= _VERDICT_FIELDS | _SOME_VERDICTS_FIELDS
    if is_verdict and pa.types.is_null(kind.field("score").type):
        fields["score"] = pa.float64()
    return pa.struct(list(fields.items()))
