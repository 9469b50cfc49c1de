"""Reading programs and their tests: fenced blocks, language names, shapes of test cells."""
