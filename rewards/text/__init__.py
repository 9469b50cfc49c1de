"""Facts about text that several rewards measure.

* `lengths`: in tokens, words or characters
* `scripts`: which writing systems it uses
* `languages`: which language it is in
* `strict_json`: JSON without what Python's reader forgives
"""
