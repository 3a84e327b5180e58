import { createCipheriv, createDecipheriv, createSecretKey } from 'node:crypto';
import type { Random } from '../clock/index.ts';

/** Of AES-256. */
export const sealingKeyBytes = 32;

const algorithm = 'aes-256-gcm';
/** NIST SP 800-38D, 8.2.2: random, and far fewer seals under one key than 2^32. */
const nonceBytes = 12;
const tagBytes = 16;
/** Of the form itself, so that another one can follow. */
const version = 1;

export interface Sealer {
  /**
   * @param purpose What the text is for and whose it is, such as `access-key/AKIA…`: the seal opens for this purpose
   * alone, so that one sealed text never passes for another.
   * @returns base64url.
   */
  seal(text: string | Uint8Array, purpose: string): string;
  /** The text; undefined: not sealed by this key, for this purpose, or changed since. */
  open(sealed: string, purpose: string): string | undefined;
  /** Of what was sealed as bytes. */
  openBytes(sealed: string, purpose: string): Buffer | undefined;
}

/**
 * Authenticated encryption (AES-256-GCM) under one key.
 * @param key `sealingKeyBytes` bytes.
 */
export function createSealer(key: Uint8Array, random: Random): Sealer {
  if (key.length !== sealingKeyBytes) throw new TypeError(`A sealing key has ${sealingKeyBytes} bytes`);
  const secret = createSecretKey(key);
  const openBytes = (sealed: string, purpose: string): Buffer | undefined => {
    const bytes = Buffer.from(sealed, 'base64url');
    // One text, one form: base64url that ends in stray bits decodes, too.
    if (bytes.toString('base64url') !== sealed) return undefined;
    if (bytes.length < 1 + nonceBytes + tagBytes || bytes[0] !== version) return undefined;
    const nonce = bytes.subarray(1, 1 + nonceBytes);
    const decipher = createDecipheriv(algorithm, secret, nonce, { authTagLength: tagBytes })
      .setAAD(Buffer.from(purpose))
      .setAuthTag(bytes.subarray(-tagBytes));
    try {
      const body = decipher.update(bytes.subarray(1 + nonceBytes, -tagBytes));
      return Buffer.concat([body, decipher.final()]);
    } catch {
      return undefined;
    }
  };
  return {
    seal(content, purpose) {
      const nonce = random.bytes(nonceBytes);
      const cipher = createCipheriv(algorithm, secret, nonce).setAAD(Buffer.from(purpose));
      const body = Buffer.concat([cipher.update(Buffer.from(content)), cipher.final()]);
      return Buffer.concat([Buffer.of(version), nonce, body, cipher.getAuthTag()]).toString('base64url');
    },
    open: (sealed, purpose) => openBytes(sealed, purpose)?.toString('utf8'),
    openBytes,
  };
}
