r"""Finding in a text what is to be judged. Strict, linear, pure.

* `turns`: where the model's own turn ends
* `boxes`: `\boxed` and its like, in completions and references alike
* `box_context`: whether a box is all that is said, or part of a formula
* `tags`: what stands between tags, and behind the reasoning
* `hashes`: the answer behind GSM8K's `####`
* `code_blocks`: fenced blocks
* `phrase`: "the answer is …" in a dozen languages
* `places`: the places where an answer may stand, tried in order
* `anywhere`: the last thing that can be an answer, for evaluation only
* `percent_prompt`: what a prompt asks, and whether it is about per cent
* `stated`: the answer of a completion, and why there is none
* `reference`: the answer that a reference holds
"""
