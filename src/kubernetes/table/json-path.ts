import type { Json } from '../../store/index.ts';
import { isJsonObject } from '../objects/object.ts';

/**
 * Kubernetes' JSONPath, as columns of custom resources and kubectl have it: `.spec.a`, `.spec['a.b']`, `.a\.b`, `[0]`,
 * `[-1:]`, `[*]`, `..name` and `[?(@.type=="Ready")]`.
 */
export interface JsonPath {
  /** What stands there, in order; none: nothing does. */
  find(value: Json): readonly Json[];
}

/** Not a path that is understood; its message says why. */
export class JsonPathError extends Error {
  override readonly name = 'JsonPathError';
}

type Step = (value: Json) => readonly Json[];

/** What a path may find: it is shown in one cell. */
const maxFound = 1_000;

/** @throws {JsonPathError} */
export function parseJsonPath(text: string): JsonPath {
  const reader = new PathReader(text);
  const steps: Step[] = [];
  while (!reader.isAtEnd) steps.push(readStep(reader));
  return {
    find: (value) => {
      let found: readonly Json[] = [value];
      for (const step of steps) found = found.flatMap(step).slice(0, maxFound);
      return found;
    },
  };
}

class PathReader {
  readonly text: string;
  at = 0;

  constructor(text: string) {
    this.text = text;
  }

  get isAtEnd(): boolean {
    return this.at >= this.text.length;
  }

  takes(expected: string): boolean {
    if (!this.text.startsWith(expected, this.at)) return false;
    this.at += expected.length;
    return true;
  }

  /** @param pattern Sticky. */
  match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (found !== null) this.at = pattern.lastIndex;
    return found;
  }

  fail(why: string): JsonPathError {
    return new JsonPathError(`${why} at ${JSON.stringify(this.text.slice(this.at, this.at + 20))}`);
  }
}

function readStep(reader: PathReader): Step {
  if (reader.takes('..')) return everywhere(readName(reader));
  if (reader.takes('.')) {
    if (reader.isAtEnd || reader.text[reader.at] === '[') return (value) => [value];
    return reader.takes('*') ? membersOf : member(readName(reader));
  }
  if (reader.takes('[')) return readBrackets(reader);
  throw reader.fail('unexpected text');
}

/** A dot within a name stands behind a backslash. */
function readName(reader: PathReader): string {
  const found = reader.match(/(?:\\.|[^.[\]\s(){}'"\\=<>!])+/y);
  if (found === null) throw reader.fail('expected a name');
  return found[0].replaceAll(/\\(.)/g, '$1');
}

function readBrackets(reader: PathReader): Step {
  if (reader.takes('*]')) return membersOf;
  if (reader.takes('?(')) return readFilter(reader);
  const quoted = reader.match(/(['"])((?:\\.|(?!\1)[^\\])*)\1\]/y);
  if (quoted !== null) return member((quoted[2] ?? '').replaceAll(/\\(.)/g, '$1'));
  const slice = reader.match(/(-?\d+)?:(-?\d+)?(?::(\d+))?\]/y);
  if (slice !== null) {
    const [start, end, step] = slice.slice(1).map((it) => (it === undefined ? undefined : Number(it)));
    return (value) =>
      Array.isArray(value) ? value.slice(start, end).filter((_, index) => index % (step || 1) === 0) : [];
  }
  const indexes = reader.match(/(-?\d+(?:,-?\d+)*)\]/y);
  if (indexes === null) throw reader.fail('unexpected text in brackets');
  const wanted = (indexes[1] ?? '').split(',').map(Number);
  return (value) =>
    Array.isArray(value) ? wanted.map((index) => value.at(index)).filter((it) => it !== undefined) : [];
}

const operators: Readonly<Record<string, (one: Json, other: Json) => boolean>> = {
  '==': (one, other) => one === other,
  '!=': (one, other) => one !== other,
  '<=': (one, other) => typeof one === typeof other && (one ?? 0) <= (other ?? 0),
  '>=': (one, other) => typeof one === typeof other && (one ?? 0) >= (other ?? 0),
  '<': (one, other) => typeof one === typeof other && (one ?? 0) < (other ?? 0),
  '>': (one, other) => typeof one === typeof other && (one ?? 0) > (other ?? 0),
};

/** `@.type=="Ready")]`: of the members, those that have it. */
function readFilter(reader: PathReader): Step {
  reader.match(/\s*/y);
  if (!reader.takes('@')) throw reader.fail('a filter begins with @');
  const steps: Step[] = [];
  while (reader.text[reader.at] === '.' || reader.text[reader.at] === '[') steps.push(readStep(reader));
  const of = (value: Json): readonly Json[] =>
    steps.reduce<readonly Json[]>((found, step) => found.flatMap(step), [value]);
  const operator = reader.match(/\s*(==|!=|<=|>=|<|>)\s*/y)?.[1];
  if (operator === undefined) {
    if (!reader.takes(')]')) throw reader.fail('expected )]');
    return (value) => membersOf(value).filter((it) => of(it).length > 0);
  }
  const wanted = readLiteral(reader);
  reader.match(/\s*/y);
  if (!reader.takes(')]')) throw reader.fail('expected )]');
  const holds = operators[operator];
  return (value) => membersOf(value).filter((it) => of(it).some((found) => holds?.(found, wanted)));
}

function readLiteral(reader: PathReader): Json {
  const text = reader.match(/(['"])((?:\\.|(?!\1)[^\\])*)\1/y);
  if (text !== null) return (text[2] ?? '').replaceAll(/\\(.)/g, '$1');
  const other = reader.match(/true|false|-?\d+(?:\.\d+)?/y);
  if (other === null) throw reader.fail('expected a text, a number or a truth');
  return other[0] === 'true' ? true : other[0] === 'false' ? false : Number(other[0]);
}

const member =
  (name: string): Step =>
  (value) =>
    isJsonObject(value) && Object.hasOwn(value, name) ? [value[name] ?? null] : [];

const membersOf: Step = (value) =>
  Array.isArray(value) ? value : isJsonObject(value) ? Object.values(value) : [];

function everywhere(name: string): Step {
  const own = member(name);
  const search = (value: Json): readonly Json[] => [...own(value), ...membersOf(value).flatMap(search)];
  return search;
}
