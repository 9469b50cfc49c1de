"""Runs untrusted, model-written code against tests. Nothing is offered here yet."""
