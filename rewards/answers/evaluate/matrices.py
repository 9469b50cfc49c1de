"""Expressions with matrices in them, as one matrix of expressions."""

from __future__ import annotations

from itertools import permutations

from rewards.answers.construct import add, negative, times
from rewards.answers.tree import Add, Group, Matrix, Mul, Node
from rewards.answers.walk import children, contains, rebuild, symbols

MAX_PRODUCTS = 1000
MAX_DETERMINANT = 4


def as_matrix(node: Node) -> Matrix | None:
    """The matrix an expression denotes: sums and scalar multiples are worked out.

    So are products of a few matrices. Whatever else holds a matrix gives `None`.
    """
    if isinstance(node, Matrix):
        return node
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
        if not 1 <= len(holding) <= 4:
            return None
        inner = as_matrix(holding[0])
        for factor in holding[1:]:
            inner = _product(inner, as_matrix(factor))
        if inner is None:
            return None
        scalars = [factor for factor in node.factors if not contains(factor, (Matrix,))]
        return Matrix(tuple(tuple(times(*scalars, cell) for cell in row) for row in inner.rows))
    return None


def as_tuple(node: Node) -> Group | None:
    """A sum or multiple of tuples as one tuple: `2(1, 3) + (0, 1)`.

    A capital letter is no factor but a name: `P(1, 2)` is where P lies.
    """
    if any(name[:1].isupper() for name in symbols(node)):
        return None
    matrix = as_matrix(_columns(node))
    if matrix is None or any(len(row) != 1 for row in matrix.rows) or len(matrix.rows) < 2:
        return None
    return Group("(", ")", children(matrix))


def _columns(node: Node) -> Node:
    if isinstance(node, Group) and (node.opening, node.closing) == ("(", ")"):
        return Matrix(tuple((item,) for item in node.items))
    if isinstance(node, (Add, Mul)):
        return rebuild(node, tuple(_columns(child) for child in children(node)))
    return node


def determinant(matrix: Matrix) -> Node | None:
    """The determinant of a small square matrix, written out; else `None`."""
    size = len(matrix.rows)
    if size > MAX_DETERMINANT or any(len(row) != size for row in matrix.rows):
        return None
    terms: list[Node] = []
    for order in permutations(range(size)):
        swaps = sum(order[i] > order[j] for i in range(size) for j in range(i + 1, size))
        term = times(*(matrix.rows[row][column] for row, column in enumerate(order)))
        terms.append(negative(term) if swaps % 2 else term)
    return add(*terms)


def _product(left: Matrix | None, right: Matrix | None) -> Matrix | None:
    if left is None or right is None or len(left.rows[0]) != len(right.rows):
        return None
    if len(left.rows) * len(right.rows) * len(right.rows[0]) > MAX_PRODUCTS:
        return None
    columns = list(zip(*right.rows, strict=True))
    return Matrix(
        tuple(
            tuple(
                add(*(times(a, b) for a, b in zip(row, column, strict=True))) for column in columns
            )
            for row in left.rows
        )
    )


def _added(left: Matrix, right: Matrix) -> Matrix | None:
    if len(left.rows) != len(right.rows) or len(left.rows[0]) != len(right.rows[0]):
        return None
    return Matrix(
        tuple(
            tuple(add(a, b) for a, b in zip(above, below, strict=True))
            for above, below in zip(left.rows, right.rows, strict=True)
        )
    )
