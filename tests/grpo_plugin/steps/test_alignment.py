"""The text of an aligned completion is the decoded one, and each character has its token."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("torch")
pytest.importorskip("transformers")

from grpo_plugin.steps.alignment import align

BROKEN = "\N{REPLACEMENT CHARACTER}"
TEXTS = st.text(alphabet=st.sampled_from("a b4=\né漢🙂xy\N{REPLACEMENT CHARACTER}"), max_size=14)
QUICK = settings(max_examples=150, deadline=None)


def proper(aligned, ids):
    assert len(aligned.ends) == len(ids)
    assert list(aligned.ends) == sorted(aligned.ends)
    assert (aligned.ends[-1] if ids else 0) == len(aligned.text)


@QUICK
@given(TEXTS)
def test_text_is_what_the_tokenizer_decodes(any_tokenizer, decoding, text):
    decode = decoding(any_tokenizer)
    ids = any_tokenizer(text, add_special_tokens=False)["input_ids"]
    aligned = align(ids, decode)
    proper(aligned, ids)
    assert aligned.text == decode(ids)


@QUICK
@given(TEXTS)
def test_each_end_is_where_decoding_the_tokens_so_far_ends(bytes_tokenizer, decoding, text):
    decode = decoding(bytes_tokenizer)
    ids = bytes_tokenizer(text, add_special_tokens=False)["input_ids"]
    aligned = align(ids, decode)
    for count, end in enumerate(aligned.ends, 1):
        so_far = decode(ids[:count])
        if not so_far.endswith(BROKEN):
            assert aligned.text[:end] == so_far
        else:  # a character that is incomplete belongs to a later token
            assert so_far.startswith(aligned.text[:end])


@QUICK
@given(st.lists(st.integers(0, 258), max_size=40))
def test_any_tokens_at_all(any_tokenizer, decoding, ids):
    decode = decoding(any_tokenizer)
    ids = [number % len(any_tokenizer) for number in ids]
    proper(align(ids, decode), ids)


def test_a_character_belongs_to_the_token_that_completes_it(bytes_tokenizer, decoding):
    ids = bytes_tokenizer("a🙂b", add_special_tokens=False)["input_ids"]
    aligned = align(ids, decoding(bytes_tokenizer))
    assert aligned.text == "a🙂b"
    assert len(ids) == 5  # a, two bytes in one, two more, b
    assert aligned.ends == (1, 1, 1, 2, 3)
    assert [aligned.token_at(end) for end in (1, 2, 3)] == [0, 3, 4]


def test_a_token_that_ends_inside_a_character_keeps_its_own_part_back(bytes_tokenizer, decoding):
    ids = bytes_tokenizer("xéy", add_special_tokens=False)["input_ids"]
    assert len(ids) == 2  # x and half of é; the other half and y
    assert align(ids, decoding(bytes_tokenizer)).ends == (0, 3)


def test_endless_broken_bytes_take_a_bounded_memory(bytes_tokenizer):
    """Decoding reaches back over a few tokens only, so that garbage costs no more than text."""
    longest = 0

    def decode(ids):
        nonlocal longest
        if len(ids) < 1_000:  # all but the whole
            longest = max(longest, len(ids))
        return bytes_tokenizer.decode(list(ids), skip_special_tokens=True)

    ids = bytes_tokenizer.convert_tokens_to_ids(["ÿ"]) * 1_000
    aligned = align(ids, decode)
    proper(aligned, ids)
    assert longest <= 140


def test_special_tokens_write_nothing(bytes_tokenizer, decoding):
    ids = [*bytes_tokenizer("ab", add_special_tokens=False)["input_ids"]]
    ids += [bytes_tokenizer.eos_token_id] * 20
    aligned = align(ids, decoding(bytes_tokenizer))
    assert aligned.text == "ab"
    assert aligned.ends[1:] == (2,) * 21
