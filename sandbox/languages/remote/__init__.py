"""Asserts of other languages, run in a process of their own that asks the program over a line.

The two ends lie beside these modules in their own languages.

* `c`: signatures, and how long arrays are, which the compiler of the tests sees
* `cpp`: the compiler says what the program's functions are
* `java`: reflection says what the program's classes can do
* `javascript`: what the program has comes by asking
* `parts`: reads what lies beside
* `trusted_names`: what stays the tests' own, whatever a program defines
* `go`, `rust`, `rust_enums`: signatures, and the enums that they name, stand in the program
"""
