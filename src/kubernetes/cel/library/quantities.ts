import type { Environment } from '@marcbachmann/cel-js';
import { CelError } from '../cel-error.ts';

/** Kubernetes' quantities, such as `1.5Gi`, exact to a billionth. */
export function addQuantities(environment: Environment): void {
  const type = 'kubernetes.Quantity';
  environment
    .registerType(type, { ctor: Quantity, fields: {} })
    .registerFunction(`quantity(string): ${type}`, readQuantity)
    .registerFunction('isQuantity(string): bool', (text: string) => nanosOf(text) !== undefined)
    .registerFunction(`${type}.sign(): int`, ({ nanos }: Quantity) => signOf(nanos))
    .registerFunction(`${type}.isInteger(): bool`, ({ nanos }: Quantity) => nanos % nano === 0n)
    .registerFunction(`${type}.asInteger(): int`, ({ nanos }: Quantity) => {
      if (nanos % nano !== 0n) throw new CelError('cannot convert value to integer');
      return nanos / nano;
    })
    .registerFunction(`${type}.asApproximateFloat(): double`, ({ nanos }: Quantity) => Number(nanos) / 1e9)
    .registerFunction(
      `${type}.add(${type}): ${type}`,
      (one: Quantity, other: Quantity) => new Quantity(one.nanos + other.nanos),
    )
    .registerFunction(
      `${type}.add(int): ${type}`,
      (one: Quantity, other: bigint) => new Quantity(one.nanos + other * nano),
    )
    .registerFunction(
      `${type}.sub(${type}): ${type}`,
      (one: Quantity, other: Quantity) => new Quantity(one.nanos - other.nanos),
    )
    .registerFunction(
      `${type}.sub(int): ${type}`,
      (one: Quantity, other: bigint) => new Quantity(one.nanos - other * nano),
    )
    .registerFunction(
      `${type}.isLessThan(${type}): bool`,
      (one: Quantity, other: Quantity) => one.nanos < other.nanos,
    )
    .registerFunction(
      `${type}.isGreaterThan(${type}): bool`,
      (one: Quantity, other: Quantity) => one.nanos > other.nanos,
    )
    .registerFunction(`${type}.compareTo(${type}): int`, (one: Quantity, other: Quantity) =>
      signOf(one.nanos - other.nanos),
    )
    .registerOperator(`${type} == ${type}`, (one: Quantity, other: Quantity) => one.nanos === other.nanos);
}

const nano = 1_000_000_000n;

class Quantity {
  readonly nanos: bigint;

  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
}

const signOf = (value: bigint): bigint => (value > 0n ? 1n : value < 0n ? -1n : 0n);

function readQuantity(text: string): Quantity {
  const nanos = nanosOf(text);
  if (nanos === undefined)
    throw new CelError(
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    );
  return new Quantity(nanos);
}

const decimal: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  '': 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};
const binary: Readonly<Record<string, bigint>> = { Ki: 10n, Mi: 20n, Gi: 30n, Ti: 40n, Pi: 50n, Ei: 60n };

/** In billionths; undefined: it is no quantity. */
function nanosOf(text: string): bigint | undefined {
  const [whole, sign = '', before = '', after = '', suffix = ''] =
    /^([+-]?)(\d{0,40})(?:\.(\d{0,40}))?([eE][+-]?\d{1,2}|[numkMGTPE]|[KMGTPE]i|)$/.exec(text) ?? [];
  if (whole === undefined || before + after === '') return undefined;
  const digits = BigInt(before + after) * (sign === '-' ? -1n : 1n);
  const shift = binary[suffix];
  if (shift !== undefined) return scaled(digits << shift, 9 - after.length);
  const exponent =
    /^[eE]/.test(suffix) && suffix.length > 1 ? Number(suffix.slice(1)) : (decimal[suffix] ?? 0);
  return scaled(digits, exponent + 9 - after.length);
}

const scaled = (value: bigint, exponent: number): bigint =>
  exponent >= 0 ? value * 10n ** BigInt(exponent) : value / 10n ** BigInt(-exponent);
