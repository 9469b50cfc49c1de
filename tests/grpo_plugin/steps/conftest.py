"""Tokenizers that decode in different ways, made without a network."""

import pytest


def _wrap(tokenizer):
    from transformers import PreTrainedTokenizerFast

    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token="<end>",
        unk_token="<unknown>",
        clean_up_tokenization_spaces=False,
    )


def byte_level():
    """One token per byte, and a few merges that end inside a character."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = ["<unknown>", "<end>", *alphabet]
    byte = {number: _shown(number) for number in range(256)}
    merges = [(" ", "a"), ("\n", "\n")]
    merges = [tuple(byte[ord(c)] for c in pair) for pair in merges]
    merges += [(byte[0xF0], byte[0x9F]), (byte[ord("x")], byte[0xC3]), (byte[0xA9], byte[ord("y")])]
    words += ["".join(pair) for pair in merges]
    vocabulary = {word: number for number, word in enumerate(words)}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    return _wrap(tokenizer)


def _shown(byte):
    """The character by which a byte-level vocabulary shows a byte (GPT-2)."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [number for number in range(256) if number not in plain]
    return chr(byte) if byte in plain else chr(256 + others.index(byte))


def sentence_piece():
    """Words with a mark for the space before them, which decoding strips at the front."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    words = ["<unknown>", "<end>", "▁a", "▁so", "b", "▁", "\n", "4", "="]
    words += [f"<0x{number:02X}>" for number in range(256)]
    vocabulary = [(word, -float(number + 1)) for number, word in enumerate(words)]
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=0, byte_fallback=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Sequence(
        [
            decoders.Replace("▁", " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(" ", 1, 0),
        ]
    )
    return _wrap(tokenizer)


def word_piece():
    """Words joined by spaces unless marked as continued."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    words = ["<unknown>", "<end>", "a", "b", "##b", "##a", "4", "="]
    vocabulary = {word: number for number, word in enumerate(words)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="<unknown>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.decoder = decoders.WordPiece(prefix="##", cleanup=False)
    return _wrap(tokenizer)


KINDS = {"byte_level": byte_level, "sentence_piece": sentence_piece, "word_piece": word_piece}


@pytest.fixture(scope="session", params=KINDS)
def any_tokenizer(request):
    pytest.importorskip("transformers")
    return KINDS[request.param]()


@pytest.fixture(scope="session")
def bytes_tokenizer():
    pytest.importorskip("transformers")
    return byte_level()


@pytest.fixture(scope="session")
def decoding():
    """`decoding(tokenizer)` as the trainer decodes."""

    def make(tokenizer):
        return lambda ids: tokenizer.decode(
            list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False
        )

    return make
