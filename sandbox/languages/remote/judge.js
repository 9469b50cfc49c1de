// The judge: trusted tests, with what the program has as proxies that ask it. A proxy is equal to
// itself alone and has no plain value: what the program returns it says once.
const vm = require('vm');
const exit = process.exit.bind(process);
process.exitCode = 1;  // only `held` ends well

function fail(why) {
  writeSync(2, String(why).slice(0, 2000) + '\n');
  exit(1);
}

function ask(...question) {
  let reply;
  try {
    send(question.map((part) => encode(part, known)));
    reply = receive();
  } catch (error) {
    fail(error && error.stack);
  }
  if (reply === null || typeof reply !== 'object') fail('the program ended');
  if (reply.e) {
    const [name, message] = reply.e.map(String);
    const kinds = { Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError };
    const error = new (Object.hasOwn(kinds, name) ? kinds[name] : Error)(message);
    error.name = name === 'AssertionError' ? 'Error' : name;
    throw error;
  }
  return reply;
}

const numbers = new WeakMap();  // of proxies
const proxies = new Map();
const WITHOUT = new Set(['valueOf', 'toString', 'toJSON', 'then', 'constructor', 'inspect']);

function known(value) {
  if (numbers.has(value)) return ['r', numbers.get(value), ''];
  if (typeof value === 'function') throw new TypeError('a function of the tests cannot be sent');
  return ['d', ...Object.keys(value).flatMap((key) => [key, encode(value[key], known)])];
}

function proxy(number) {
  if (proxies.has(number)) return proxies.get(number);
  const made = new Proxy(function () {}, {
    apply: (_, self, args) => call('call', number, args, numbers.has(self) ? self : undefined),
    construct: (_, args) => call('new', number, args),
    get: (_, name) => (typeof name === 'symbol' || WITHOUT.has(name) ? undefined : value(ask('get', number, name).v)),
    set: (_, name, given) => { ask('set', number, String(name), given); return true; },
    has: (_, name) => typeof name === 'string' && ask('has', number, name).v === true,
    getPrototypeOf: () => Function.prototype,
  });
  proxies.set(number, made);
  numbers.set(made, number);
  return made;
}

function value(wire) {
  return decode(wire, proxy);
}

function call(how, number, args, self) {
  const reply = ask(how, number, args, self);
  for (const [place, wire] of reply.a || []) update(args[place], value(wire));
  const result = value(reply.v);
  return reply.p ? Promise.resolve(result) : result;
}

// Make an argument what the call made of it.
function update(own, made) {
  if (Array.isArray(own) && Array.isArray(made)) own.splice(0, own.length, ...made);
  else if (own instanceof Map && made instanceof Map) { own.clear(); made.forEach((v, k) => own.set(k, v)); }
  else if (own instanceof Set && made instanceof Set) { own.clear(); made.forEach((v) => own.add(v)); }
  else if (own && typeof own === 'object') { for (const key of Object.keys(own)) delete own[key]; Object.assign(own, made); }
}

const quiet = () => {};
const checks = {
  log: quiet, info: quiet, warn: quiet, error: quiet, debug: quiet, table: quiet, time: quiet, timeEnd: quiet,
  trace: quiet, group: quiet, groupEnd: quiet,
  assert(condition, ...said) { if (!condition) throw new Error('assertion failed ' + said.join(' ')); },
};
Object.defineProperty(globalThis, 'console', { value: checks });
globalThis.require = require;
globalThis.assert = require('assert');
globalThis.module = { exports: {} };
globalThis.exports = globalThis.module.exports;

const declared = new Set(Array.from(TESTS.matchAll(/(?:const|let|var|function\*?|class)\s+([A-Za-z_$][\w$]*)/g), (m) => m[1]));
const used = new Set(Array.from(TESTS.matchAll(/(?<![.\w$])[A-Za-z_$][\w$]*/g), (m) => m[0]));
const missing = Array.from(used).filter((name) => !declared.has(name) && !(name in globalThis) && !NEVER.includes(name)).slice(0, 2000);
let asked = 0;
for (const name of value(ask('names', missing).v)) {
  if (!missing.includes(name)) continue;
  Object.defineProperty(globalThis, name, { get() { asked += 1; return value(ask('name', name).v); }, set: quiet, configurable: true });
}

function held() {
  if (!asked) { writeSync(2, 'UNUSED\n'); exit(3); }
  exit(0);
}
process.exit = (code) => (code ? fail('the tests ended with ' + code) : held());
process.on('unhandledRejection', (error) => fail(error && error.stack));
process.on('uncaughtException', (error) => fail(error && error.stack));
let settled = false;
process.on('beforeExit', () => (settled ? held() : fail('the tests never ended')));
try {
  const last = vm.runInThisContext(TESTS, { filename: 'tests.js' });
  Promise.resolve(last).then(() => { settled = true; }, (error) => fail(error && error.stack));
} catch (error) {
  fail(error && error.stack);
}
