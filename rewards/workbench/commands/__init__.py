"""The commands of `rlvr`, one a file; each imports what it needs when it runs."""
