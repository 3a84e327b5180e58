import type { Environment } from '@marcbachmann/cel-js';
import { UnsignedInt } from '@marcbachmann/cel-js/evaluator';
import { CelError } from '../cel-error.ts';
import { amendedName } from './amend.ts';

const [leastInt, mostInt, mostUint] = [-(2n ** 63n), 2n ** 63n - 1n, 2n ** 64n - 1n];
const truths: Readonly<Record<string, boolean>> = {
  ...{ '1': true, t: true, T: true, true: true, TRUE: true, True: true },
  ...{ '0': false, f: false, F: false, false: false, FALSE: false, False: false },
};

/** Conversions between numbers, texts and truths as Go's `strconv` does them, where the library's are JavaScript's. */
export function addNumbersOfTexts(environment: Environment): void {
  const declare = (name: string, overloads: Readonly<Record<string, (value: never) => unknown>>): void => {
    const type = name.endsWith('Ascii') ? 'string' : name;
    for (const [signature, handler] of Object.entries(overloads))
      environment.registerFunction(`${signature.replace('_', amendedName(name))}: ${type}`, handler);
  };
  const same = (value: unknown): unknown => value;
  const toNumber = (value: bigint | UnsignedInt): number => Number(value);
  const toText = (value: unknown): string => String(value);
  declare('bool', { '_(bool)': same, '_(string)': (text: string) => truths[text] ?? none('bool') });
  declare('int', {
    '_(int)': same,
    '_(double)': (value: number) => {
      if (!(value > Number(leastInt) && value < 2 ** 63)) throw new CelError('integer overflow');
      return BigInt(Math.trunc(value));
    },
    '_(string)': (text: string) => integerOf(text, /^[+-]?\d+$/, leastInt, mostInt) ?? none('int'),
  });
  declare('uint', {
    '_(uint)': same,
    '_(int)': (value: bigint) => {
      if (value < 0n) throw new CelError('unsigned integer overflow');
      return new UnsignedInt(value);
    },
    '_(double)': (value: number) => {
      if (!(value >= 0 && value < 2 ** 64)) throw new CelError('unsigned integer overflow');
      return new UnsignedInt(BigInt(Math.trunc(value)));
    },
    '_(string)': (text: string) => new UnsignedInt(integerOf(text, /^\d+$/, 0n, mostUint) ?? none('uint')),
  });
  declare('double', {
    '_(double)': same,
    '_(int)': toNumber,
    '_(uint)': toNumber,
    '_(string)': (text: string) => doubleOf(text) ?? none('double'),
  });
  declare('string', {
    '_(string)': same,
    '_(bool)': toText,
    '_(int)': toText,
    '_(uint)': toText,
    '_(double)': textOfDouble,
    '_(bytes)': (bytes: Uint8Array) => {
      try {
        return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
      } catch (cause) {
        throw new CelError('invalid UTF-8 in bytes, cannot convert to string', { cause });
      }
    },
  });
  declare('lowerAscii', {
    'string._()': (text: string) => text.replaceAll(/[A-Z]+/g, (part) => part.toLowerCase()),
  });
  declare('upperAscii', {
    'string._()': (text: string) => text.replaceAll(/[a-z]+/g, (part) => part.toUpperCase()),
  });
}

function none(type: string): never {
  throw new CelError(`type conversion error from 'string' to '${type}'`);
}

function integerOf(text: string, form: RegExp, least: bigint, most: bigint): bigint | undefined {
  if (!form.test(text)) return undefined;
  const value = BigInt(text.replace('+', ''));
  return value >= least && value <= most ? value : undefined;
}

/** As `strconv.ParseFloat` reads it; undefined: it is none, or too large a one. */
function doubleOf(text: string): number | undefined {
  if (/^nan$/i.test(text)) return Number.NaN;
  const [, sign, rest = ''] = /^([+-]?)(.*)$/s.exec(text) ?? [];
  const size = /^inf(inity)?$/i.test(rest) ? Number.POSITIVE_INFINITY : sizeOf(rest);
  return size === undefined || sign !== '-' ? size : -size;
}

function sizeOf(text: string): number | undefined {
  if (/^(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return finite(Number(text));
  const [, whole = '', part = '', exponent] = /^0x([\da-f]*)\.?([\da-f]*)p([+-]?\d+)$/i.exec(text) ?? [];
  if (exponent === undefined || whole + part === '') return undefined;
  // Of so many digits the rest says nothing.
  const digits = `${whole}${part}`.slice(0, 256);
  const dropped = whole.length + part.length - digits.length;
  return finite(Number(BigInt(`0x${digits}`)) * 2 ** (Number(exponent) - 4 * (part.length - dropped)));
}

const finite = (value: number): number | undefined => (Number.isFinite(value) ? value : undefined);

/** As Go's `%g` writes it. */
function textOfDouble(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
  if (Object.is(value, -0)) return '-0';
  const [digits = '', exponent = '0'] = value.toExponential().split('e');
  const power = Number(exponent);
  if (value === 0 || (power >= -4 && power < 6)) return String(value);
  return `${digits}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}
