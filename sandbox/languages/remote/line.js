'use strict';
// The line between a judge and a program: frames of tagged JSON on descriptor 4. Both ends have this.
const LINE = 4;
const fs = require('fs');
const { readSync, writeSync } = fs;
const MOST = 64 << 20;
const DEEPEST = 200;

function take(count) {
  const bytes = Buffer.alloc(count);
  let at = 0;
  while (at < count) {
    const got = readSync(LINE, bytes, at, count - at, null);
    if (!got) return null;
    at += got;
  }
  return bytes;
}

function receive() {
  const head = take(4);
  if (head === null) return null;
  const length = head.readUInt32BE(0);
  if (length > MOST) throw new RangeError('a message of ' + length + ' bytes');
  const body = take(length);
  return body === null ? null : JSON.parse(body.toString('utf8'));
}

function send(message) {
  const body = Buffer.from(JSON.stringify(message), 'utf8');
  const frame = Buffer.alloc(4 + body.length);
  frame.writeUInt32BE(body.length, 0);
  body.copy(frame, 4);
  let at = 0;
  while (at < frame.length) at += writeSync(LINE, frame, at);
}

// A value as tagged JSON; `held` gives what stands for anything that is not plain.
function encode(value, held, depth = 0) {
  if (depth > DEEPEST) throw new RangeError('the value nests too deep, or holds itself');
  const inner = (part) => encode(part, held, depth + 1);
  switch (typeof value) {
    case 'undefined': return ['u'];
    case 'boolean': case 'string': return value;
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0) ? value : ['n', Object.is(value, -0) ? '-0' : String(value)];
    case 'bigint': return ['g', value.toString()];
    case 'object': break;
    default: return held(value);
  }
  if (value === null) return null;
  if (Array.isArray(value)) return ['l', ...Array.from(value, inner)];
  if (value instanceof Map) return ['m', ...Array.from(value).flat(1).map(inner)];
  if (value instanceof Set) return ['s', ...Array.from(value, inner)];
  if (value instanceof Date) return ['t', value.getTime()];
  const above = Object.getPrototypeOf(value);
  if (above !== Object.prototype && above !== null) return held(value);
  return ['d', ...Object.keys(value).flatMap((key) => [key, inner(value[key])])];
}

function decode(wire, refer) {
  if (!Array.isArray(wire)) return wire;
  const [tag, ...rest] = wire;
  const inner = (part) => decode(part, refer);
  switch (tag) {
    case 'u': return undefined;
    case 'n': return Number(rest[0]);
    case 'g': return BigInt(rest[0]);
    case 'l': return rest.map(inner);
    case 's': return new Set(rest.map(inner));
    case 't': return new Date(rest[0]);
    case 'm': {
      const made = new Map();
      for (let at = 0; at + 1 < rest.length; at += 2) made.set(inner(rest[at]), inner(rest[at + 1]));
      return made;
    }
    case 'd': {
      const made = {};
      for (let at = 0; at + 1 < rest.length; at += 2) {
        const value = inner(rest[at + 1]);  // defined, so that the key `__proto__` is a key
        Object.defineProperty(made, String(rest[at]), { value, writable: true, enumerable: true, configurable: true });
      }
      return made;
    }
    case 'r': return refer(rest[0], rest[1]);
    default: throw new TypeError('an unknown tag');
  }
}
