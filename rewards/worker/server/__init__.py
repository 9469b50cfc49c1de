"""The other end of the pipe: what runs in the worker processes.

* `main`: the server that reads tasks and writes results
* `forking`: a child for each task, where the platform forks · `child`: what a child does
* `limits`: CPU, memory and descriptors of a child
"""
