import { BlockList, isIP } from 'node:net';
import type { Matcher, Pattern } from './pattern.ts';

/** What is wrong with a pattern, in a sentence that says where. */
export class InvalidPattern extends Error {
  override readonly name = 'InvalidPattern';
}

/** Patterns are written by people; deeper ones are not. */
const maxDepth = 30;

/**
 * Reads an event pattern (EventBridge user guide, "Creating Amazon EventBridge event patterns").
 * @throws {InvalidPattern}
 */
export function parsePattern(text: string): Pattern {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new InvalidPattern('it is not valid JSON');
  }
  if (!isObject(json)) throw new InvalidPattern('it must be an object');
  if (Object.keys(json).length === 0) throw new InvalidPattern('it is empty');
  return objectPattern(json, '', 0);
}

function objectPattern(object: JsonObject, path: string, depth: number): Pattern {
  if (depth > maxDepth) throw new InvalidPattern(`${path} is nested deeper than ${maxDepth} levels`);
  const fields: Pattern['fields'][number][] = [];
  const alternatives: (readonly Pattern[])[] = [];
  for (const [name, value] of Object.entries(object)) {
    const at = path === '' ? name : `${path}.${name}`;
    if (name === '$or' && Array.isArray(value) && value.every(isObject)) {
      if (value.length === 0) throw new InvalidPattern(`${at} must have at least one alternative`);
      alternatives.push(value.map((each) => objectPattern(each, path, depth + 1)));
    } else if (Array.isArray(value)) {
      if (value.length === 0) throw new InvalidPattern(`Empty arrays are not allowed: ${at}`);
      fields.push({ name, matchers: value.map((each) => matcherOf(each, at)) });
    } else if (isObject(value)) {
      if (Object.keys(value).length === 0) throw new InvalidPattern(`Empty objects are not allowed: ${at}`);
      fields.push({ name, nested: objectPattern(value, at, depth + 1) });
    } else {
      throw new InvalidPattern(`"${at}" must be an object or an array`);
    }
  }
  return { fields, alternatives };
}

type JsonObject = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

type Scalar = string | number | boolean | null;

function isScalar(value: unknown): value is Scalar {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}

/** One element of a field's array: a value, or an object with one operator. */
function matcherOf(value: unknown, path: string): Matcher {
  if (isScalar(value)) return { type: 'value', test: (actual) => actual === value };
  const entries = isObject(value) ? Object.entries(value) : [];
  const [entry] = entries;
  if (entry === undefined || entries.length !== 1)
    throw new InvalidPattern(`A matcher of ${path} must be a value or an object with exactly one operator`);
  const [operator, argument] = entry;
  if (operator === 'exists') {
    if (typeof argument !== 'boolean') throw new InvalidPattern(`exists of ${path} must be true or false`);
    return { type: 'exists', exists: argument };
  }
  if (operator === 'anything-but') return { type: 'value', test: anythingBut(argument, path) };
  return { type: 'value', test: testOf(operator, argument, path) };
}

type Test = (actual: unknown) => boolean;

function testOf(operator: string, argument: unknown, path: string): Test {
  switch (operator) {
    case 'prefix':
    case 'suffix':
      return affix(operator, argument, path);
    case 'equals-ignore-case': {
      const wanted = text(argument, operator, path).toLowerCase();
      return (actual) => typeof actual === 'string' && actual.toLowerCase() === wanted;
    }
    case 'wildcard':
      return wildcard(text(argument, operator, path), path);
    case 'numeric':
      return numeric(argument, path);
    case 'cidr':
      return cidr(text(argument, operator, path), path);
    default:
      throw new InvalidPattern(`Unrecognized match type ${operator} at ${path}`);
  }
}

/** Everything but a value, some values, or what another operator matches. */
function anythingBut(argument: unknown, path: string): Test {
  if (isObject(argument)) {
    const entries = Object.entries(argument);
    const [entry] = entries;
    const isKnown = ['prefix', 'suffix', 'equals-ignore-case', 'wildcard'].includes(entry?.[0] ?? '');
    if (entry === undefined || entries.length !== 1 || !isKnown)
      throw new InvalidPattern(
        `anything-but of ${path} takes one of prefix, suffix, equals-ignore-case, wildcard`,
      );
    const [operator, excluded] = entry;
    const tests = (Array.isArray(excluded) ? excluded : [excluded]).map((each) =>
      testOf(operator, each, path),
    );
    if (tests.length === 0) throw new InvalidPattern(`Empty arrays are not allowed: anything-but of ${path}`);
    return (actual) => isScalar(actual) && !tests.some((test) => test(actual));
  }
  const excluded: readonly unknown[] = Array.isArray(argument) ? argument : [argument];
  if (excluded.length === 0 || !excluded.every(isScalar))
    throw new InvalidPattern(`anything-but of ${path} must be a value, a list of values or an operator`);
  return (actual) => isScalar(actual) && !excluded.includes(actual);
}

function affix(operator: 'prefix' | 'suffix', argument: unknown, path: string): Test {
  const has = (actual: string, wanted: string): boolean =>
    operator === 'prefix' ? actual.startsWith(wanted) : actual.endsWith(wanted);
  if (isObject(argument) && Object.keys(argument).join() === 'equals-ignore-case') {
    const wanted = text(argument['equals-ignore-case'], operator, path).toLowerCase();
    return (actual) => typeof actual === 'string' && has(actual.toLowerCase(), wanted);
  }
  const wanted = text(argument, operator, path);
  return (actual) => typeof actual === 'string' && has(actual, wanted);
}

/** `*` is any text, `\*` and `\\` are themselves. Matched without backtracking into earlier stars. */
function wildcard(pattern: string, path: string): Test {
  const parts: string[] = [''];
  for (let place = 0; place < pattern.length; place += 1) {
    const character = pattern[place];
    if (character === '*') {
      if (pattern[place - 1] === '*' && parts.at(-1) === '' && parts.length > 1)
        throw new InvalidPattern(`Consecutive wildcard characters at ${path}`);
      parts.push('');
      continue;
    }
    if (character === '\\') {
      place += 1;
      if (pattern[place] !== '*' && pattern[place] !== '\\')
        throw new InvalidPattern(`Invalid escape character at ${path}`);
    }
    parts.push(`${parts.pop() ?? ''}${pattern[place]}`);
  }
  const first = parts[0] ?? '';
  const last = parts.at(-1) ?? '';
  return (actual) => {
    if (typeof actual !== 'string') return false;
    if (parts.length === 1) return actual === first;
    if (!actual.startsWith(first)) return false;
    let from = first.length;
    for (const part of parts.slice(1, -1)) {
      const found = actual.indexOf(part, from);
      if (found === -1) return false;
      from = found + part.length;
    }
    return actual.length - last.length >= from && actual.endsWith(last);
  };
}

const comparisons: Readonly<Record<string, (actual: number, bound: number) => boolean>> = {
  '=': (actual, bound) => actual === bound,
  '<': (actual, bound) => actual < bound,
  '<=': (actual, bound) => actual <= bound,
  '>': (actual, bound) => actual > bound,
  '>=': (actual, bound) => actual >= bound,
};

/** `[">", 0, "<=", 5]`: one comparison, or a lower and an upper bound. */
function numeric(argument: unknown, path: string): Test {
  const words: readonly unknown[] = Array.isArray(argument) ? argument : [];
  if (words.length !== 2 && words.length !== 4)
    throw new InvalidPattern(`numeric of ${path} must be one comparison or a range`);
  const tests: ((actual: number) => boolean)[] = [];
  for (let place = 0; place < words.length; place += 2) {
    const [operator, bound] = [words[place], words[place + 1]];
    const compare =
      typeof operator === 'string' && Object.hasOwn(comparisons, operator)
        ? comparisons[operator]
        : undefined;
    if (compare === undefined || typeof bound !== 'number')
      throw new InvalidPattern(`numeric of ${path} must be pairs of =, <, <=, >, >= and a number`);
    tests.push((actual) => compare(actual, bound));
  }
  const isRange = /^>=?$/.test(String(words[0])) && /^<=?$/.test(String(words[2]));
  if (words.length === 4 && !(isRange && Number(words[1]) < Number(words[3])))
    throw new InvalidPattern(`numeric of ${path} must have its lower bound first`);
  return (actual) => typeof actual === 'number' && tests.every((test) => test(actual));
}

function cidr(range: string, path: string): Test {
  const [address = '', bits = ''] = range.split('/');
  const version = isIP(address);
  const length = Number(bits);
  if (version === 0 || !/^\d{1,3}$/.test(bits) || length > (version === 4 ? 32 : 128))
    throw new InvalidPattern(`Malformed CIDR at ${path}: ${range}`);
  const list = new BlockList();
  list.addSubnet(address, length, version === 4 ? 'ipv4' : 'ipv6');
  return (actual) => {
    const kind = typeof actual === 'string' ? isIP(actual) : 0;
    return kind === version && list.check(String(actual), version === 4 ? 'ipv4' : 'ipv6');
  };
}

function text(value: unknown, operator: string, path: string): string {
  if (typeof value !== 'string') throw new InvalidPattern(`${operator} of ${path} must be a string`);
  return value;
}
