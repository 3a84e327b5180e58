/**
 * A body or parameter that does not fit the schema. Readers throw it; the codec turns it into the service's
 * own refusal. The words are those of AWS's service framework, which name what was found by its token.
 */
export class Unreadable extends Error {
  override readonly name = 'Unreadable';
  readonly kind: 'mismatch' | 'unknown-parameter';

  constructor(message: string, kind: 'mismatch' | 'unknown-parameter' = 'mismatch') {
    super(message);
    this.kind = kind;
  }
}

/** `wanted` with its article, e.g. `a String`, `an Integer`. */
export function mismatch(found: unknown, wanted: string): Unreadable {
  if (Array.isArray(found)) return new Unreadable('Start of list found where not expected');
  if (typeof found === 'object' && found !== null) {
    return new Unreadable('Start of structure or map found where not expected.');
  }
  return new Unreadable(`${token(found)} can not be converted to ${wanted}`);
}

function token(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return 'STRING_VALUE';
    case 'number':
      return Number.isInteger(value) ? 'NUMBER_VALUE' : 'DECIMAL_VALUE';
    case 'boolean':
      return value ? 'TRUE_VALUE' : 'FALSE_VALUE';
    default:
      return 'NULL_VALUE';
  }
}

/** What one reading of an input remembers while it goes down and up the schema. */
export interface Reading {
  depth: number;
  /** A required member was absent; which ones is found out afterwards, off the fast path. */
  lacksRequired: boolean;
}

/** No model of AWS nests deeper; recursive shapes and documents could, at the sender's pleasure. */
const maxDepth = 100;

export function descend(reading: Reading): void {
  reading.depth += 1;
  if (reading.depth > maxDepth) throw new Unreadable(`Structures are nested deeper than ${maxDepth} levels`);
}
