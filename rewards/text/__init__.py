"""Facts about text that several rewards measure, and text made fit to be shown.

* `lengths`: in tokens, words or characters
* `scripts`: which writing systems it uses
* `languages`: which language it is in
* `strict_json`: JSON without what Python's reader forgives
* `shorten`: long texts made short enough to be shown
* `visible`: what would hide, reorder or command a terminal, named
"""
