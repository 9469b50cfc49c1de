"""Facts about text that several rewards measure.

* `lengths`: in tokens, words or characters
* `scripts`: which writing systems it uses
* `languages`: which language it is in
"""
