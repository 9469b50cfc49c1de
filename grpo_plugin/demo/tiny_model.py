"""A causal language model of about 100,000 parameters and its tokenizer, made without a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

TAGS = ("<think>", "</think>", "\\boxed{")
CHARACTERS = "0123456789+=,} "
PAD, END, UNKNOWN = "<pad>", "<end>", "<unknown>"


def build_tokenizer() -> PreTrainedTokenizerBase:
    """A tokenizer with one token per character, and one for each tag of the format."""
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast  # seconds to import

    words = [PAD, END, UNKNOWN, *TAGS, *CHARACTERS]
    tokenizer = Tokenizer(models.WordLevel({w: i for i, w in enumerate(words)}, unk_token=UNKNOWN))
    pattern = Regex(r"<think>|</think>|\\boxed\{|.|\n")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(pattern, behavior="isolated")
    tokenizer.decoder = decoders.Fuse()
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        eos_token=END,
        unk_token=UNKNOWN,
        padding_side="left",
        clean_up_tokenization_spaces=False,
    )


def build_model(
    tokenizer: PreTrainedTokenizerBase, *, hidden_size: int = 64, layers: int = 3
) -> PreTrainedModel:
    """A Qwen3 model with random weights (seed torch first), tied embeddings, on the CPU."""
    from transformers import Qwen3Config, Qwen3ForCausalLM  # seconds to import

    config = Qwen3Config(
        vocab_size=len(tokenizer),
        hidden_size=hidden_size,
        intermediate_size=2 * hidden_size,
        num_hidden_layers=layers,
        num_attention_heads=4,
        num_key_value_heads=4,
        head_dim=hidden_size // 4,
        max_position_embeddings=128,
        tie_word_embeddings=True,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        bos_token_id=None,
    )
    return Qwen3ForCausalLM(config)
