"""`rlvr serve`: rewards and the sandbox behind one HTTP server.

* `options`: what an operator decides
* `catalogue`: which rewards clients may ask for
* `work_queue`: a bounded number of rows waits for a bounded number of threads
* `tasks`: what a worker process does
* `programs`: programs that clients send to be run, in such a process
* `judging`: batches over worker processes, in order, nothing lost
* `desk`: what every protocol asks for
* `protocols`: what clients say and hear, one a file
* `doorkeeper`: who may come in, with how much, for how long
* `answers`: JSON and errors
* `metrics`: Prometheus' counts
* `app`: all of it together
* `run`: on a socket, until it is told to end

One process answers; `workers` processes judge. A judging process that is killed costs time and
no verdict. May import all that judges, and the rules of `workbench.scoring` by which rows are
asked for; only the commands know it.

Not covered: TLS (put a proxy in front), several machines (start one server on each and give
clients all the addresses), accounts.
"""

from rewards.lazy import lazy_attributes

__getattr__, __dir__ = lazy_attributes(__name__, {})
