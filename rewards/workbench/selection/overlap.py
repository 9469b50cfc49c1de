"""How much two texts have in common, from a sketch of constant size.

A text's n-grams are hashed and the smallest hashes kept. The share that two such sketches have in
common among the smallest of both estimates the Jaccard similarity of the n-gram sets without bias
(Broder, "On the resemblance and containment of documents", 1997, section 3). Texts with no more
n-grams than the sketch has places are compared exactly.
"""

from __future__ import annotations

import hashlib
from array import array
from heapq import nsmallest

from rewards.text.lengths import words

NGRAM_WORDS = 3
SKETCH_SIZE = 128

Sketch = array
"""Hashes of 64 bits, rising."""


def sketch(text: str) -> Sketch[int]:
    """The sketch of a text's n-grams of words in lower case; at most 1 kB.

    >>> len(sketch("one two three four"))
    2
    """
    tokens = words(text.casefold())
    size = min(NGRAM_WORDS, len(tokens))
    grams = zip(*(tokens[at:] for at in range(size)), strict=False)
    return array("Q", nsmallest(SKETCH_SIZE, {_hash(gram) for gram in grams}))


def overlap(first: Sketch[int], second: Sketch[int]) -> float:
    """The estimated share of n-grams in common, between 0 (none) and 1 (the same).

    >>> overlap(sketch("one two three four"), sketch("One two three five"))
    0.3333333333333333
    """
    mine, others = set(first), set(second)
    smallest = nsmallest(SKETCH_SIZE, mine | others)
    if not smallest:
        return 1.0
    return sum(one in mine and one in others for one in smallest) / len(smallest)


def _hash(gram: tuple[str, ...]) -> int:
    # Unlike Python's own hash, the same in every process. A word may hold half a surrogate pair.
    data = "\0".join(gram).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "big")
