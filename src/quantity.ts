/**
 * Kubernetes' quantities, such as `500m`, `1.5Gi` and `1e3`: exact numbers of any size, to a billionth. What is smaller is
 * rounded away from zero.
 */
export interface Quantity {
  /** In billionths. */
  readonly nanos: bigint;
  readonly format: 'binary' | 'decimal' | 'exponent';
}

const nano = 1_000_000_000n;
const binarySuffixes = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const decimalSuffixes = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'];
const pattern = /^([+-]?)(\d*)(?:\.(\d*))?(?:([eE])([+-]?\d{1,2})|(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei))?$/;
/** More than any machine has, and no work to compute with. */
const maxLength = 64;

/** Undefined: it is none. */
export function parseQuantity(text: string): Quantity | undefined {
  const parts = text.length > maxLength ? null : pattern.exec(text);
  const [, sign = '', whole = '', fraction = '', e, exponent = '0', suffix = ''] = parts ?? [];
  if (parts === null || whole + fraction === '') return undefined;
  const binary = suffix === '' ? -1 : binarySuffixes.indexOf(suffix);
  const digits = BigInt(whole + fraction);
  const power =
    binary > 0 ? 0 : e === undefined ? 3 * (decimalSuffixes.indexOf(suffix) - 3) : Number(exponent);
  const factor = binary > 0 ? 1024n ** BigInt(binary) : 1n;
  const nanos = scaled(digits * factor, power - fraction.length + 9);
  return {
    nanos: sign === '-' ? -nanos : nanos,
    format: binary > 0 ? 'binary' : e === undefined ? 'decimal' : 'exponent',
  };
}

/** Times ten to the power, rounded up. */
function scaled(value: bigint, power: number): bigint {
  if (power >= 0) return value * 10n ** BigInt(power);
  const divisor = 10n ** BigInt(-power);
  return (value + divisor - 1n) / divisor;
}

/** The one way to write it: without fractions, with the largest unit. */
export function formatQuantity({ nanos, format }: Quantity): string {
  if (nanos === 0n) return '0';
  const [sign, size] = nanos < 0n ? ['-', -nanos] : ['', nanos];
  const isWhole = size % nano === 0n;
  if (format === 'binary' && isWhole && size >= 1024n * nano) {
    let [value, unit] = [size / nano, 0];
    while (value % 1024n === 0n && unit < binarySuffixes.length - 1)
      [value, unit] = [value / 1024n, unit + 1];
    return `${sign}${value}${binarySuffixes[unit]}`;
  }
  let [value, thousands] = [size, -3];
  while (value % 1000n === 0n && (format === 'exponent' || thousands < 6))
    [value, thousands] = [value / 1000n, thousands + 1];
  if (format === 'exponent') return `${sign}${value}${thousands === 0 ? '' : `e${thousands * 3}`}`;
  return `${sign}${value}${decimalSuffixes[thousands + 3]}`;
}

const canonical = new Map<string, string>();
const mostKept = 4_096;

/** A quantity in its one form; undefined: it is none. */
export function canonicalQuantity(text: string): string | undefined {
  const known = canonical.get(text);
  if (known !== undefined) return known;
  const parsed = parseQuantity(text);
  if (parsed === undefined) return undefined;
  const told = formatQuantity(parsed);
  if (canonical.size >= mostKept) canonical.clear();
  canonical.set(text, told);
  return told;
}
