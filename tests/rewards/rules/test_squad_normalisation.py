"""SQuAD's normalisation, step by step as its evaluation script describes it."""

from __future__ import annotations

import re
import string

from hypothesis import example, given
from hypothesis import strategies as st

from rewards.rules.exact_match import normalised


def by_steps(text):
    lower = text.lower()
    unpunctuated = "".join(char for char in lower if char not in set(string.punctuation))
    words = re.split(r"\b(?:a|an|the)\b", unpunctuated)
    return " ".join(" ".join(words).split())


@given(
    st.text(
        st.sampled_from("aAnTthe Bx5$+<=>^|~`.,'-_“”é½ßＡ中\u200b\n\t") | st.characters(),
        max_size=30,
    )
)
@example("The theory's an-alysis costs $5+<=>^|~")
def test_every_step_is_squads(text):
    assert normalised(text) == by_steps(text)
