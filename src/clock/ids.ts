import type { Random } from './random.ts';

const hexDigits = Buffer.from('0123456789abcdef');
/** An id on its way, hyphens in their places: it leaves as one flat string. */
const written = Buffer.from('00000000-0000-0000-0000-000000000000');

/** A version 4 UUID (RFC 9562), e.g. `0b2cc1f4-6bd1-4a4e-9a0f-1a1f2a9d0a55`. */
export function uuid(random: Random): string {
  const bytes = random.bytes(16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  let at = 0;
  for (let place = 0; place < 16; place++) {
    const byte = bytes[place] ?? 0;
    if (place === 4 || place === 6 || place === 8 || place === 10) at++;
    written[at++] = hexDigits[byte >> 4] ?? 0;
    written[at++] = hexDigits[byte & 0x0f] ?? 0;
  }
  return written.toString('latin1');
}

/** `length` lower-case hexadecimal digits, as in a task's id (32) or an ENI's (17). */
export function hex(random: Random, length: number): string {
  const bytes = random.bytes(Math.ceil(length / 2));
  return Buffer.from(bytes).toString('hex').slice(0, length);
}

/** `length` decimal digits, as in a deployment's id (`ecs-svc/` and 19 of them). */
export function digits(random: Random, length: number): string {
  return pick(random, '0123456789', length);
}

/** `length` characters of `A-Z`, `a-z`, `0-9`. */
export function alphanumeric(random: Random, length: number): string {
  return pick(random, 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789', length);
}

function pick(random: Random, alphabet: string, length: number): string {
  let text = '';
  for (let place = 0; place < length; place++) text += alphabet[random.integer(alphabet.length)];
  return text;
}
