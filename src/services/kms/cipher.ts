import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { Random } from '../../clock/index.ts';

export type EncryptionContext = Readonly<Record<string, string>>;

const algorithm = 'aes-256-gcm';
const [nonceBytes, tagBytes, idBytes] = [12, 16, 16];
/** Of the form itself, so that another one can follow. */
const version = 1;
const headBytes = 1 + idBytes;

/** What is written about a plaintext, authenticated and not secret, whatever the order of its members. */
const associated = (head: Uint8Array, context: EncryptionContext): Buffer =>
  Buffer.concat([
    head,
    Buffer.from(JSON.stringify(Object.entries(context).toSorted(([one], [other]) => (one < other ? -1 : 1)))),
  ]);

/** AES-256-GCM under a key. @returns a blob that says by which key it was encrypted. */
export function encryptUnder(
  { id, material }: { readonly id: string; readonly material: Uint8Array },
  plaintext: Uint8Array,
  context: EncryptionContext,
  random: Random,
): Buffer {
  const head = Buffer.concat([Buffer.of(version), Buffer.from(id.replaceAll('-', ''), 'hex')]);
  const nonce = random.bytes(nonceBytes);
  const cipher = createCipheriv(algorithm, material, nonce).setAAD(associated(head, context));
  const body = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return Buffer.concat([head, nonce, body, cipher.getAuthTag()]);
}

/** By which key a blob was encrypted; undefined: it is none. */
export function keyIdOf(blob: Uint8Array): string | undefined {
  if (blob.length < headBytes + nonceBytes + tagBytes || blob[0] !== version) return undefined;
  const hex = Buffer.from(blob.subarray(1, headBytes)).toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** Undefined: it was not encrypted so, under another context, or has changed since. */
export function decryptUnder(
  material: Uint8Array,
  blob: Uint8Array,
  context: EncryptionContext,
): Buffer | undefined {
  const [head, nonce] = [blob.subarray(0, headBytes), blob.subarray(headBytes, headBytes + nonceBytes)];
  const decipher = createDecipheriv(algorithm, material, nonce, { authTagLength: tagBytes })
    .setAAD(associated(head, context))
    .setAuthTag(blob.subarray(-tagBytes));
  try {
    const body = decipher.update(blob.subarray(headBytes + nonceBytes, -tagBytes));
    return Buffer.concat([body, decipher.final()]);
  } catch {
    return undefined;
  }
}
