"""One instruction checked against one response, by its id in the dataset."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rewards.instructions import content, extent, layout, surface
from rewards.instructions.arguments import Arguments, BadInstructionError, Found

Check = Callable[[str, Arguments], Found]

# The ids of google/IFEval.
CHECKS: Mapping[str, Check] = {
    "keywords:existence": content.has_keywords,
    "keywords:frequency": content.repeats_keyword,
    "keywords:forbidden_words": content.avoids_words,
    "keywords:letter_frequency": content.repeats_letter,
    "language:response_language": content.is_in_language,
    "length_constraints:number_sentences": extent.has_sentences,
    "length_constraints:number_paragraphs": extent.has_paragraphs,
    "length_constraints:number_words": extent.has_words,
    "length_constraints:nth_paragraph_first_word": extent.starts_paragraph,
    "detectable_content:number_placeholders": content.has_placeholders,
    "detectable_content:postscript": content.has_postscript,
    "detectable_format:number_bullet_lists": layout.has_bullets,
    "detectable_format:constrained_response": layout.is_one_of_the_answers,
    "detectable_format:number_highlighted_sections": layout.has_highlights,
    "detectable_format:multiple_sections": layout.has_sections,
    "detectable_format:json_format": layout.is_json,
    "detectable_format:title": layout.has_title,
    "combination:two_responses": layout.has_two_responses,
    "combination:repeat_prompt": layout.repeats_prompt,
    "startend:end_checker": surface.ends_with,
    "startend:quotation": surface.is_quoted,
    "change_case:capital_word_frequency": surface.has_capital_words,
    "change_case:english_capital": surface.is_upper,
    "change_case:english_lowercase": surface.is_lower,
    "punctuation:no_comma": surface.has_no_comma,
}


def check_instruction(name: str, response: str, arguments: Mapping[str, object]) -> Found:
    """Whether a response follows the instruction called `name`.

    >>> check_instruction("punctuation:no_comma", "One two.", {})
    Found(followed=True, said='0 commas')

    Raises:
        BadInstructionError: there is no such instruction, or it lacks an argument.
    """
    check = CHECKS.get(name)
    if check is None:
        raise BadInstructionError(f"no instruction is called {name!r:.80}")
    return check(response, Arguments(name, arguments))
