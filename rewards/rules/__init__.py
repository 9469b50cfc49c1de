"""The rewards, one a file; a file bears its reward's name.

`rewards` exports them, and imports each at its first use.

* answers: `accuracy`, `program` (the reward `code`), `choice`, `exact_match` (with `token_f1`),
  `quantity`, `json_schema`, `pattern_match`, `instruction_following`; `accuracy_memory` keeps what
  `accuracy` has read and compared
* form: `format`, `tag_count`, `language_consistency`
* length: `overlong`, `cosine_length`, `group_length`, `repetition`
* beyond right and wrong: `formula_distance` (partial credit), `second_opinion` (a judge of yours)
* rewards of rewards: `combined`, `schedule`, `route`
"""
