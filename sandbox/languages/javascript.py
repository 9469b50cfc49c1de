"""JavaScript with Node.

Not covered: modules from npm.

Tests run in the program's own realm, so its built-in objects are frozen first and the console's
`assert` is one that throws and cannot be replaced.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from sandbox.languages.language import SYSTEM_FOLDERS, Language, Toolchain, find_program
from sandbox.languages.remote.javascript import REMOTE
from sandbox.limits import Limits

_HARNESS = """'use strict';
const vm = require('vm');
const fs = require('fs');
const write = fs.writeSync, read = fs.readFileSync, exit = process.exit, Failure = Error;
const told = read(0);
const checks = Object.freeze({
  log() {}, info() {}, warn() {}, error() {}, debug() {}, table() {}, time() {}, timeEnd() {},
  assert(condition) { if (!condition) throw new Failure('assertion failed'); },
});
const fixed = { value: checks, writable: false, configurable: false };
Object.defineProperty(globalThis, 'console', fixed);
globalThis.require = require;
try {
  vm.runInThisContext(PROGRAM, { filename: 'program.js' });
  vm.runInThisContext(TESTS, { filename: 'tests.js' });
} catch (error) {
  write(2, String(error && error.stack).slice(0, 2000));
  exit(1);
}
write(1, 'MARK');
write(1, told);
exit(0);
"""


# `/dev/stdin` leads through /proc, which is not there: it is the descriptor itself.
_STDIN = """'use strict';
const fs = require('fs');
for (const name of ['readFileSync', 'openSync', 'readFile', 'createReadStream', 'open']) {
  const own = fs[name];
  const streams = name === 'createReadStream';
  fs[name] = function (path, ...rest) {
    if (path !== '/dev/stdin' && path !== '/proc/self/fd/0') return own.call(this, path, ...rest);
    if (streams) return own.call(this, null, { fd: 0, ...(rest[0] || {}) });
    if (name === 'openSync') return 0;
    if (name === 'open') return rest[rest.length - 1](null, 0);
    return own.call(this, 0, ...rest);
  };
}
require('module').syncBuiltinESMExports();
"""


def _find() -> Toolchain | None:
    node = find_program("node", "nodejs")
    if node is None:
        return None
    readable = (*SYSTEM_FOLDERS, node, "/etc/ssl/openssl.cnf")
    return Toolchain({"runtime": node}, readable=readable, needed_to_run=readable)


def _append_tests(source: str, tests: Sequence[str], mark: str) -> str:
    whole = _HARNESS.replace("TESTS", json.dumps("\n".join(tests)))
    return whole.replace("MARK", mark).replace("PROGRAM", json.dumps(source))


def _run(tools: Toolchain, limits: Limits) -> list[str]:
    options = [f"--max-old-space-size={limits.memory_mb}", "--stack-size=3900"]
    return [tools.programs["runtime"], *options, "--require", "FOLDER/stdin.js", "main.js"]


def _run_tests(tools: Toolchain, limits: Limits) -> list[str]:
    options = [f"--max-old-space-size={limits.memory_mb}", "--stack-size=3900"]
    return [tools.programs["runtime"], *options, "--frozen-intrinsics", "main.js"]


JAVASCRIPT = Language(
    name="javascript",
    aliases=frozenset({"js", "node", "nodejs"}),
    file_name="main.js",
    find=_find,
    compile=lambda tools, _: [[tools.programs["runtime"], "--check", "main.js"]],
    run=_run,
    remote=REMOTE,
    files={"stdin.js": _STDIN},
    append_tests=_append_tests,
    counts_data=True,
    extra_memory_mb=128,
    missing="install Node.js (Debian: apt-get install nodejs)",
)
