import { createPrivateKey, createPublicKey, generateKeyPair, hash, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import type { JsonObject } from '../../objects/object.ts';

/** What EKS signs with, and what every relying party of OpenID Connect must know (OpenID Connect Core 1.0, 15.1). */
export const tokenAlgorithm = 'RS256';
const modulusLength = 2_048;

/** What a cluster signs the tokens of its ServiceAccounts with. */
export interface TokenKey {
  /** As tokens name it: the hash of the public key, as upstream makes it. */
  readonly id: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** A new one, as PKCS #8 in PEM: to be sealed by whoever keeps it. */
export async function newTokenKey(): Promise<string> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength });
  return String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
}

/** Of what was kept of it, opened. */
export function openTokenKey(pem: string): TokenKey {
  const privateKey = createPrivateKey(pem);
  const publicKey = createPublicKey(privateKey);
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  return { id: hash('sha256', spki, 'base64url'), privateKey, publicKey };
}

/** The public half, as a JSON Web Key. */
export function publicJwk({ id, publicKey }: TokenKey): JsonObject {
  const { kty = '', n = '', e = '' } = publicKey.export({ format: 'jwk' });
  return { use: 'sig', kty, kid: id, alg: tokenAlgorithm, n, e };
}
