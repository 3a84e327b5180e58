/** As deep as Go's reader goes. */
const maxDepth = 10_000;
const [open, openList, close, closeList] = ['{', '[', '}', ']'];
const literals: Readonly<Record<string, string>> = { t: 'true', f: 'false', n: 'null' };
const escapes: Readonly<Record<number, string>> = {
  ...{ 7: '\\a', 8: '\\b', 9: '\\t', 10: '\\n', 11: '\\v', 12: '\\f', 13: '\\r' },
  ...{ 34: '"', 39: "\\'", 92: '\\\\' },
};

/** What may come next: outside of texts, numbers and words. */
type Next = 'after' | 'colon' | 'key' | 'keyOrEnd' | 'value' | 'valueOrEnd';

class JsonSyntaxError extends Error {}

/**
 * What Go's `encoding/json` says of a text that is no JSON, e.g. `invalid character '}' looking for beginning of value`;
 * undefined: it is one.
 */
export function goJsonError(bytes: Uint8Array): string | undefined {
  try {
    scan(bytes);
    return undefined;
  } catch (error) {
    if (error instanceof JsonSyntaxError) return error.message;
    throw error;
  }
}

/** Byte by byte, as Go does: a character of several is told by its first. */
function scan(bytes: Uint8Array): void {
  const within: string[] = [];
  let next: Next = 'value';
  let at = 0;
  for (;;) {
    while (at < bytes.length && isSpace(bytes[at] as number)) at++;
    if (at === bytes.length && next === 'after' && within.length === 0) return;
    const char = charAt(bytes, at);
    const starts = next === 'value' || next === 'valueOrEnd';
    if ((char === open || char === openList) && starts) {
      if (within.push(char) > maxDepth) throw new JsonSyntaxError('exceeded max depth');
      next = char === open ? 'keyOrEnd' : 'valueOrEnd';
      at++;
    } else if (
      (char === closeList && (next === 'valueOrEnd' || (next === 'after' && within.at(-1) === openList))) ||
      (char === close && (next === 'keyOrEnd' || (next === 'after' && within.at(-1) === open)))
    ) {
      within.pop();
      next = 'after';
      at++;
    } else if (starts) {
      at = endOfScalar(bytes, at);
      next = 'after';
    } else if ((next === 'key' || next === 'keyOrEnd') && char === '"') {
      at = endOfText(bytes, at);
      next = 'colon';
    } else if (next === 'colon' && char === ':') {
      next = 'value';
      at++;
    } else if (next === 'after' && char === ',' && within.length > 0) {
      next = within.at(-1) === open ? 'key' : 'value';
      at++;
    } else throw invalid(bytes, at, placeOf(next, within.at(-1)));
  }
}

function placeOf(next: Next, within: string | undefined): string {
  if (next === 'colon') return 'after object key';
  if (next !== 'after') return 'looking for beginning of object key string';
  if (within === undefined) return 'after top-level value';
  return within === open ? 'after object key:value pair' : 'after array element';
}

function endOfScalar(bytes: Uint8Array, start: number): number {
  const char = charAt(bytes, start);
  if (char === '"') return endOfText(bytes, start);
  const literal = literals[char];
  if (literal === undefined) return endOfNumber(bytes, start);
  for (let at = 1; at < literal.length; at++)
    if (charAt(bytes, start + at) !== literal[at])
      throw invalid(bytes, start + at, `in literal ${literal} (expecting ${quoted(literal.charCodeAt(at))})`);
  return start + literal.length;
}

function endOfText(bytes: Uint8Array, start: number): number {
  for (let at = start + 1; ; at++) {
    const char = charAt(bytes, at);
    if (char === '"') return at + 1;
    if ((bytes[at] as number) < 0x20) throw invalid(bytes, at, 'in string literal');
    if (char !== '\\') continue;
    at++;
    if (charAt(bytes, at) === 'u') {
      for (let digit = 0; digit < 4; digit++)
        if (!/[\da-fA-F]/.test(charAt(bytes, ++at)))
          throw invalid(bytes, at, 'in \\u hexadecimal character escape');
    } else if (!'bfnrt\\/"'.includes(charAt(bytes, at))) throw invalid(bytes, at, 'in string escape code');
  }
}

function endOfNumber(bytes: Uint8Array, start: number): number {
  const isDigit = (at: number): boolean => at < bytes.length && /\d/.test(charAt(bytes, at));
  const digits = (from: number, place: string): number => {
    if (!isDigit(from)) throw invalid(bytes, from, place);
    let at = from;
    while (isDigit(at)) at++;
    return at;
  };
  const isMinus = charAt(bytes, start) === '-';
  let at = isMinus ? start + 1 : start;
  const place = isMinus ? 'in numeric literal' : 'looking for beginning of value';
  // Nothing follows a zero at once.
  at = charAt(bytes, at) === '0' ? at + 1 : digits(at, place);
  if (at < bytes.length && charAt(bytes, at) === '.')
    at = digits(at + 1, 'after decimal point in numeric literal');
  if (at < bytes.length && /e/i.test(charAt(bytes, at))) {
    at++;
    if (/[+-]/.test(charAt(bytes, at))) at++;
    at = digits(at, 'in exponent of numeric literal');
  }
  return at;
}

const isSpace = (byte: number): boolean => byte === 32 || byte === 9 || byte === 10 || byte === 13;

/** @throws {JsonSyntaxError} there is nothing any more. */
function charAt(bytes: Uint8Array, at: number): string {
  const byte = bytes[at];
  if (byte === undefined) throw new JsonSyntaxError('unexpected end of JSON input');
  return String.fromCharCode(byte);
}

function invalid(bytes: Uint8Array, at: number, place: string): Error {
  charAt(bytes, at);
  return new JsonSyntaxError(`invalid character ${quoted(bytes[at] as number)} ${place}`);
}

/** As Go writes a character. */
function quoted(byte: number): string {
  const isShown = (byte >= 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
  const hex = byte.toString(16);
  const named = byte < 0x80 ? `\\x${hex.padStart(2, '0')}` : `\\u00${hex}`;
  return `'${escapes[byte] ?? (isShown ? String.fromCharCode(byte) : named)}'`;
}

/** What Go calls a value of JSON, where it is not of the type that is read. */
export function goJsonKind(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}
