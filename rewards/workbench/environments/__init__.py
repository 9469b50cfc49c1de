"""A file of rows as the environment that another trainer loads: prompts out, verdicts in.

* `prompted_rows`: the rows of a file, each with its prompt
* `verifiers_taskset`: for verifiers and prime-rl; `verifiers_legacy` for verifiers before 0.4
"""
