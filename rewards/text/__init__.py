"""Facts about text that several rewards measure, and whom to ask about it.

* `lengths`: in tokens, words or characters
* `scripts`: which writing systems it uses
* `languages`: which language it is in
* `chat_judge`: whether two answers say the same, by a chat model
"""
