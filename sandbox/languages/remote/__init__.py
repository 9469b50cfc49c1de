"""Asserts of other languages, run in a process of their own that asks the program over a line.

* `javascript`: tests by proxies of what the program has
* `cpp`, `rust`: tests compiled against stubs of the program's functions
* `java`: the same, against stubs of its classes as reflection finds them
* `program.js`, `judge.js`, `line.js`, `line.hpp`: the two ends, in their languages
"""
