import type { Environment } from '@marcbachmann/cel-js';
import { patternOf } from '../../custom-resources/schema/patterns.ts';
import { chargeMatching, chargeNextMatch } from '../budget.ts';
import { CelError } from '../cel-error.ts';

/** Kubernetes' functions of regular expressions, and those of texts that the library lacks. */
export function addTexts(environment: Environment): void {
  environment
    .registerFunction(
      'string.find(string): string',
      (text: string, pattern: string) => findAll(text, pattern, 1)[0] ?? '',
    )
    .registerFunction('string.findAll(string): list<string>', (text: string, pattern: string) =>
      findAll(text, pattern, -1),
    )
    .registerFunction(
      'string.findAll(string, int): list<string>',
      (text: string, pattern: string, most: bigint) => findAll(text, pattern, Number(most)),
    )
    .registerFunction('string.charAt(int): string', (text: string, at: bigint) => {
      if (at < 0n || at > BigInt(text.length)) throw new CelError(`index out of range: ${at}`);
      return text[Number(at)] ?? '';
    })
    .registerFunction('string.replace(string, string): string', (text: string, from: string, to: string) =>
      replaced(text, from, to, -1),
    )
    .registerFunction(
      'string.replace(string, string, int): string',
      (text: string, from: string, to: string, most: bigint) => replaced(text, from, to, Number(most)),
    )
    .registerFunction('string.reverse(): string', (text: string) => [...text].toReversed().join(''))
    .registerType('kubernetes.StringsLibrary', { ctor: StringsLibrary, fields: {} })
    .registerConstant('strings', 'kubernetes.StringsLibrary', new StringsLibrary())
    .registerFunction('kubernetes.StringsLibrary.quote(string): string', (_: unknown, text: string) =>
      quoted(text),
    )
    .registerFunction('string.format(list<dyn>): string', format);
}

class StringsLibrary {}

const escapes: Readonly<Record<string, string>> = {
  ...{ '\u0007': '\\a', '\b': '\\b', '\f': '\\f', '\n': '\\n', '\r': '\\r', '\t': '\\t', '\v': '\\v' },
  ...{ '\\': '\\\\', '"': '\\"' },
};

/** As CEL writes a text: what does not show has a name. */
const quoted = (text: string): string =>
  `"${text.replaceAll(/["\\]|\p{Cc}/gu, (char) => escapes[char] ?? char)}"`;

/** What a text may grow to. */
const maxLength = 1_000_000;

function findAll(text: string, pattern: string, most: number): string[] {
  const found: string[] = [];
  chargeMatching(text.length, pattern);
  const matcher = patternOf(pattern).matcher(text);
  while ((most < 0 || found.length < most) && matcher.find()) {
    found.push(matcher.group() ?? '');
    chargeNextMatch(text.length - matcher.end());
  }
  return found;
}

function replaced(text: string, from: string, to: string, most: number): string {
  const parts = text.split(from);
  const count = most < 0 ? parts.length - 1 : Math.min(most, parts.length - 1);
  if (text.length + count * Math.max(0, to.length - from.length) > maxLength)
    throw new CelError(`replace makes a text of more than ${maxLength} characters`);
  return (
    parts.slice(0, count + 1).join(to) +
    parts
      .slice(count + 1)
      .map((part) => from + part)
      .join('')
  );
}

/** `%s`, `%d`, `%f`, `%e`, `%b`, `%o`, `%x` and `%X`, of which `%f` and `%e` may say a precision. */
function format(pattern: string, values: readonly unknown[]): string {
  let at = 0;
  return pattern.replaceAll(
    /%(?:\.(\d{1,2}))?([%a-zA-Z])/g,
    (clause: string, precision: string | undefined, verb: string) => {
      if (verb === '%') return '%';
      if (at >= values.length) throw new CelError(`index ${at} out of range`);
      const value = values[at++];
      const digits = precision === undefined ? 6 : Number(precision);
      switch (verb) {
        case 's':
          return shown(value);
        case 'd':
          if (typeof value === 'bigint' || typeof value === 'number') return String(value);
          break;
        case 'f':
          if (typeof value === 'number' || typeof value === 'bigint') return Number(value).toFixed(digits);
          break;
        case 'e':
          if (typeof value === 'number') return value.toExponential(digits);
          break;
        case 'b':
        case 'o':
        case 'x':
        case 'X':
          if (typeof value === 'bigint') return inBase(value, verb);
          break;
      }
      throw new CelError(`could not convert argument of formatting clause ${clause}`);
    },
  );
}

const bases: Readonly<Record<string, number>> = { b: 2, o: 8, x: 16, X: 16 };

function inBase(value: bigint, verb: string): string {
  const text = value.toString(bases[verb]);
  return verb === 'X' ? text.toUpperCase() : text;
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(shown).join(', ')}]`;
  if (value instanceof Map) {
    const members = [...value].map(([key, member]) => `${shown(key)}: ${shown(member)}`);
    return `{${members.toSorted().join(', ')}}`;
  }
  return String(value);
}
