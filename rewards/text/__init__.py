"""Facts about text that several rewards measure, text made fit to be shown, and whom to ask.

* `lengths`: in tokens, words or characters
* `scripts`: which writing systems it uses
* `languages`: which language it is in
* `strict_json`: JSON without what Python's reader forgives
* `counted`: counts as people write them
* `shorten`: long texts made short enough to be shown
* `visible`: what would hide, reorder or command a terminal, named
* `chat_judge`: whether two answers say the same, by a chat model
"""
