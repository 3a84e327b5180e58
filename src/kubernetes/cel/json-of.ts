import { Optional } from '@marcbachmann/cel-js';
import type { Json } from '../../store/index.ts';
import { isJsonObject, setMember } from '../objects/object.ts';
import { CelError } from './cel-error.ts';

/** A value of an expression as JSON. @throws {CelError} it is none. */
export function jsonOf(value: unknown): Json {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'number':
      return value;
    case 'bigint':
      return Number(value);
    case 'object': {
      if (value === null) return null;
      if (Array.isArray(value)) return value.map(jsonOf);
      if (value instanceof Date) return `${value.toISOString().slice(0, 19)}Z`;
      if (value instanceof Map) return objectOf(value);
      if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
      if (isJsonObject(value) && !(value instanceof Optional)) return objectOf(Object.entries(value));
    }
  }
  throw new CelError(`a value of type ${typeof value} can't be part of an object`);
}

function objectOf(members: Iterable<readonly [unknown, unknown]>): Json {
  const object: Record<string, Json> = {};
  for (const [name, member] of members) setMember(object, String(name), jsonOf(member));
  return object;
}
