import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { Random } from '../../clock/index.ts';
import { frozenJson, type Json } from '../../store/index.ts';
import type { KubernetesObject } from '../objects/object.ts';

/**
 * An object as it is kept when what it says is nobody's business. What stays readable is what controllers follow without having to
 * open it: which object it is, of which type, who owns it, and whether it is going.
 */
export interface SealedObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: KubernetesObject['metadata'];
  readonly type?: Json;
  /** The whole object: nonce, ciphertext and tag; base64. */
  readonly sealed: string;
}

const algorithm = 'aes-256-gcm';
const [nonceBytes, tagBytes] = [12, 16];

/** No Secret has a field of that name: see `SealedObject`. */
export const isSealed = (value: Json): value is Json & SealedObject =>
  typeof value === 'object' && value !== null && 'sealed' in value && typeof value.sealed === 'string';

/**
 * AES-256-GCM. @param key By which it is kept: what is sealed there opens nowhere else.
 * @throws {Error} it is sealed already.
 */
export function sealObject(dataKey: Uint8Array, key: string, value: Json, random: Random): SealedObject {
  if (isSealed(value)) throw new Error(`What is to be kept at ${key} is sealed already`);
  const { apiVersion, kind, metadata, type } = value as unknown as KubernetesObject & {
    readonly type?: Json;
  };
  const { annotations: _, labels: _labels, managedFields: _fields, ...readable } = metadata;
  const nonce = random.bytes(nonceBytes);
  const cipher = createCipheriv(algorithm, dataKey, nonce).setAAD(Buffer.from(key));
  const body = Buffer.concat([cipher.update(JSON.stringify(value), 'utf8'), cipher.final()]);
  return {
    ...{ apiVersion, kind, metadata: readable },
    ...(type !== undefined && { type }),
    sealed: Buffer.concat([nonce, body, cipher.getAuthTag()]).toString('base64'),
  };
}

/** @throws {Error} it was sealed with another key, for another place, or has been changed since. */
export function openObject(dataKey: Uint8Array, key: string, { sealed }: SealedObject): Json {
  const bytes = Buffer.from(sealed, 'base64');
  const decipher = createDecipheriv(algorithm, dataKey, bytes.subarray(0, nonceBytes), {
    authTagLength: tagBytes,
  })
    .setAAD(Buffer.from(key))
    .setAuthTag(bytes.subarray(-tagBytes));
  const body = decipher.update(bytes.subarray(nonceBytes, -tagBytes));
  return frozenJson(JSON.parse(Buffer.concat([body, decipher.final()]).toString('utf8')));
}
