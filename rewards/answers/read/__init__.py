"""From text to a tree: a recursive-descent reader of LaTeX and plain mathematics.

* `unwrap` takes an answer out of its wrapping, `reading` reads it as an answer or a reference
* `tokens` cuts text up; `symbols` and `literals` say what single tokens mean, `style` which
  styles distinguish; `wording` reads words, `clock` times and dates
* `plain_science` rewrites what people type in answers to science questions

* `mending` undoes damage, `solutions` finds the answer of a worked solution, `sentences` what a
  sentence says; `phrases`, `number_words` and `code_names` read words that stand for signs,
  numbers and functions; `grouping` tells which items of a list belong together,
  `parts` cuts an answer of several parts

The reader itself is one class in eight files, each deriving from the one before:

    `cursor`        the tokens and where we are
    `brackets`      what stands between brackets
    `applications`  functions and their arguments
    `primaries`     the smallest whole things
    `expressions`   products, sums, relations of precedence
    `trailing`      units and counted nouns behind a value
    `conditions`    what restricts an answer, and its parameters
    `statements`    equations, lists, sets, ratios
"""
