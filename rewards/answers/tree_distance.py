"""How many nodes must change to make one tree of another: Zhang and Shasha, with whole subtrees.

Inserting, deleting or renaming a node costs 1. A whole subtree of more than five nodes may be
inserted or deleted at once for less than its nodes would cost: 5, and 0.6 for each further one
(PHYBench, arXiv 2504.16074, appendix on the EED score).
"""

from __future__ import annotations

from rewards.answers.formula_tree import FormulaTree

_FULL_PRICE = 5
_DISCOUNT = 0.6


class _Postorder:
    """A tree's nodes from the leaves up, counted from 1, as the algorithm wants them."""

    def __init__(self, tree: FormulaTree) -> None:
        self.labels = [""]
        self.leftmost = [0]  # of each node, its leftmost leaf
        self._add(tree)
        last = {leaf: node for node, leaf in enumerate(self.leftmost) if node}
        self.keyroots = sorted(last.values())

    def _add(self, tree: FormulaTree) -> int:
        leaves = [self._add(child) for child in tree.children]
        self.labels.append(tree.label)
        self.leftmost.append(leaves[0] if leaves else len(self.labels) - 1)
        return self.leftmost[-1]

    def price(self, node: int) -> float:
        """What inserting or deleting the whole subtree at `node` costs."""
        size = node - self.leftmost[node] + 1
        return min(size, _FULL_PRICE + _DISCOUNT * (size - _FULL_PRICE))


def tree_distance(one: FormulaTree, other: FormulaTree) -> float:
    """The least cost of making `one` into `other`.

    >>> leaf = FormulaTree("x")
    >>> tree_distance(FormulaTree("+", (leaf, leaf)), FormulaTree("*", (leaf, leaf)))
    1.0
    """
    a, b = _Postorder(one), _Postorder(other)
    found = [[0.0] * len(b.labels) for _ in a.labels]
    for i in a.keyroots:
        for j in b.keyroots:
            _fill(a, b, i, j, found)
    return found[-1][-1]


def _fill(a: _Postorder, b: _Postorder, i: int, j: int, found: list[list[float]]) -> None:
    """The distances of all forests that begin where the subtrees at `i` and `j` begin."""
    first, second = a.leftmost[i], b.leftmost[j]
    rows, columns = i - first + 2, j - second + 2
    forest = [[0.0] * columns for _ in range(rows)]
    for x in range(1, rows):
        whole = forest[a.leftmost[first + x - 1] - first][0] + a.price(first + x - 1)
        forest[x][0] = min(forest[x - 1][0] + 1, whole)
    for y in range(1, columns):
        whole = forest[0][b.leftmost[second + y - 1] - second] + b.price(second + y - 1)
        forest[0][y] = min(forest[0][y - 1] + 1, whole)
    for x in range(1, rows):
        node = first + x - 1
        before_node = a.leftmost[node] - first
        for y in range(1, columns):
            target = second + y - 1
            before_target = b.leftmost[target] - second
            if not before_node and not before_target:
                change = forest[x - 1][y - 1] + (a.labels[node] != b.labels[target])
            else:
                change = forest[before_node][before_target] + found[node][target]
            forest[x][y] = min(
                change,
                forest[x - 1][y] + 1,
                forest[x][y - 1] + 1,
                forest[before_node][y] + a.price(node),
                forest[x][before_target] + b.price(target),
            )
            if not before_node and not before_target:
                found[node][target] = forest[x][y]
