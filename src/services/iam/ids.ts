import { alphanumeric, digits, type Random } from '../../clock/index.ts';

/** The first four letters tell what an id is of (IAM user guide, "Unique identifiers"). */
export type IdPrefix = 'AIDA' | 'AGPA' | 'AROA' | 'ANPA' | 'AIPA';

/** Base 32 of RFC 4648. */
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** E.g. `AIDACKCEVSQ6C2EXAMPLE`: 21 characters. */
export function entityId(random: Random, prefix: IdPrefix): string {
  return prefix + letters(random, 17);
}

/**
 * 20 characters. The account stands in it, as in AWS's since 2019: the 47 bits after the first of what follows the
 * prefix, read as base 32. The rest is chance.
 */
function accessKeyId(random: Random, prefix: 'AKIA' | 'ASIA', accountId: string): string {
  const account = (1n << 47n) | (BigInt(accountId) << 7n) | BigInt(random.integer(128));
  // 48 bits are nine and three fifths letters; 32 more of chance make sixteen.
  let bits = (account << 32n) | BigInt(random.integer(2 ** 32));
  let text = '';
  for (let place = 0; place < 16; place++) {
    text = (alphabet[Number(bits & 31n)] ?? '') + text;
    bits >>= 5n;
  }
  return prefix + text;
}

/** Undefined: no account stands in it. */
export function accountOfAccessKeyId(id: string): string | undefined {
  if (!/^A[KS]IA[A-Z2-7]{16}$/.test(id)) return undefined;
  let bits = 0n;
  for (const letter of id.slice(4)) bits = (bits << 5n) | BigInt(alphabet.indexOf(letter));
  const account = ((bits >> 32n) & 0x7fffffffff80n) >> 7n;
  const text = account.toString().padStart(12, '0');
  return text.length === 12 ? text : undefined;
}

export interface KeyPair {
  readonly accessKeyId: string;
  /** 40 characters. */
  readonly secretAccessKey: string;
}

/** @param prefix `AKIA` for a long-term key, `ASIA` for a temporary one. */
export function newKeyPair(random: Random, prefix: 'AKIA' | 'ASIA', accountId: string): KeyPair {
  return {
    accessKeyId: accessKeyId(random, prefix, accountId),
    secretAccessKey: alphanumeric(random, 40),
  };
}

/** A new account's: 12 digits, of which the first is not 0. */
export function newAccountId(random: Random): string {
  return `${1 + random.integer(9)}${digits(random, 11)}`;
}

function letters(random: Random, count: number): string {
  let text = '';
  for (let place = 0; place < count; place++) text += alphabet[random.integer(alphabet.length)];
  return text;
}
