// The program: it answers one question at a time. Whatever it does, it can only answer.
const vm = require('vm');
globalThis.require = require;
globalThis.module = { exports: {} };
globalThis.exports = globalThis.module.exports;
const things = [];
const places = new Map();

function hold(value) {
  if (!places.has(value)) {
    places.set(value, things.length);
    things.push(value);
  }
  return ['r', places.get(value), typeof value];
}

function named(name) {
  const found = vm.runInThisContext('typeof ' + name + " === 'undefined' ? undefined : " + name);
  return found === undefined ? globalThis.module.exports[name] : found;
}

const ACTIONS = {
  names: (names) => names.filter((name) => { try { return named(name) !== undefined; } catch { return false; } }),
  name: (name) => named(name),
  get: (number, name) => things[number][name],
  set: (number, name, value) => { things[number][name] = value; },
  has: (number, name) => name in things[number],
  call: (number, args, self) => things[number].apply(self, args),
  new: (number, args) => new things[number](...args),
};

async function answer(question) {
  try {
    const [action, ...rest] = question.map((part) => decode(part, (number) => things[number]));
    const args = Array.isArray(rest[1]) ? rest[1] : [];
    const before = args.map((arg) => (arg && typeof arg === 'object' ? JSON.stringify(encode(arg, hold)) : null));
    let result = ACTIONS[action](...rest);
    const promised = action === 'call' && result !== null && typeof result === 'object' && typeof result.then === 'function';
    if (promised) result = await result;
    const changed = [];
    args.forEach((arg, place) => {
      if (before[place] === null) return;
      const wire = encode(arg, hold);
      if (JSON.stringify(wire) !== before[place]) changed.push([place, wire]);
    });
    return { v: encode(result, hold), a: changed, p: promised };
  } catch (error) {
    return { e: [String((error && error.name) || 'Error'), String((error && error.message) || error)] };
  }
}

async function serve() {
  for (;;) {
    const question = receive();
    if (question === null) process.exit(0);
    send(await answer(question));
  }
}
vm.runInThisContext(PROGRAM, { filename: 'program.js' });
serve();
