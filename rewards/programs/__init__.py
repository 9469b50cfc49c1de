"""A completion's program, and a row's tests in whatever form a data set keeps them.

* `choice`: which block is the program
* `languages`: what the name of a language says
* `row_tests`: the tests in the columns of a row
* `program_tests`: those tests in one shape
* `given_source`: what a row's own Python source is made of
* `own_solutions`: what the data set says is right, as programs
* `row_faults`: what those say against the row
* `task`: a row read, and what a program must be for it
* `kept_rows`: rows read lately, once for the completions of a group
* `run_verdicts`: what the run of a program is worth
* `facts`: what a row says of its tests: entry, limits, conventions
* `json_keys`: what JSON made of numbers that were keys
* `literals`: values that are text: JSON, Python literals
* `packed`: cells of LiveCodeBench
* `sandbox_tests`: those tests as the sandbox takes them
* `sandboxes`: this process's sandboxes
* `assert_parts`: assert sources taken apart
"""
