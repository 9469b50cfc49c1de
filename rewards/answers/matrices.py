"""Expressions with matrices in them, as one matrix of expressions."""

from __future__ import annotations

from rewards.answers.tree import Add, Matrix, Mul, Node, Relation, add, contains, times


def as_matrix(node: Node) -> Matrix | None:
    """The matrix an expression denotes: sums and scalar multiples are worked out.

    Products of matrices are not; they, and whatever else holds a matrix, give `None`.
    """
    if isinstance(node, Matrix):
        return node
    if isinstance(node, Relation) and set(node.ops) == {"="}:
        return as_matrix(node.sides[-1])
    if isinstance(node, Add):
        total: Matrix | None = None
        for term in node.terms:
            part = as_matrix(term)
            if part is None:
                return None
            total = part if total is None else _added(total, part)
            if total is None:
                return None
        return total
    if isinstance(node, Mul):
        holding = [factor for factor in node.factors if contains(factor, (Matrix,))]
        if len(holding) != 1:
            return None
        inner = as_matrix(holding[0])
        if inner is None:
            return None
        scalars = [factor for factor in node.factors if factor is not holding[0]]
        return Matrix(tuple(tuple(times(*scalars, cell) for cell in row) for row in inner.rows))
    return None


def _added(left: Matrix, right: Matrix) -> Matrix | None:
    if len(left.rows) != len(right.rows) or len(left.rows[0]) != len(right.rows[0]):
        return None
    return Matrix(
        tuple(
            tuple(add(a, b) for a, b in zip(above, below, strict=True))
            for above, below in zip(left.rows, right.rows, strict=True)
        )
    )
