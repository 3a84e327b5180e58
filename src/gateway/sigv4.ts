import { createHmac, createSecretKey, hash, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { Credentials, Principal } from '../services/service.ts';
import { canonicalRequest } from './canonical-request.ts';
import { type RequestHead, type Signature, SignatureProblem, timestampOf } from './signature.ts';

/**
 * Finds the secret of an access key. With a session token, the token must belong to the key and still be
 * valid at `now` (epoch milliseconds); without one, the key must be one that needs none. Undefined: not one of ours.
 */
export type CredentialLookup = (
  accessKeyId: string,
  sessionToken: string | undefined,
  now: number,
) => Credentials | 'expired' | undefined;

/**
 * Told of every request that was proved to be a principal's: with which service and region it was signed.
 * It is called on the way of every request, so it must cost nothing.
 */
export type NoteUse = (principal: Principal, service: string, region: string, now: number) => void;

/** How far a signer's clock may be off, either way. */
const maxSkewMs = 5 * 60_000;

/**
 * AWS Signature Version 4: who sent a request, proved by a hash over the request that only the holder of the
 * access key's secret can make.
 */
export class SignatureVerifier {
  readonly #credentials: CredentialLookup;
  readonly #noteUse: NoteUse;
  readonly #keys = new SigningKeys();

  constructor(credentials: CredentialLookup, noteUse: NoteUse = () => {}) {
    this.#credentials = credentials;
    this.#noteUse = noteUse;
  }

  /**
   * @param now Epoch milliseconds.
   * @throws {SignatureProblem} the key is unknown, the signature is out of its time, leaves out a header that
   * it must cover, or belongs to another request or secret.
   */
  verify(head: RequestHead, body: Buffer, signature: Signature, now: number): Principal {
    const found = this.#credentials(signature.accessKeyId, signature.sessionToken, now);
    if (found === 'expired') {
      throw new SignatureProblem('expired-token', 'The security token included in the request is expired');
    }
    if (found === undefined) {
      throw new SignatureProblem('unknown-client', 'The security token included in the request is invalid.');
    }
    assertInTime(signature, now);
    assertCovered(head, signature);
    const canonical = canonicalRequest(
      head,
      signature.signedHeaders,
      bodyHash(head, body),
      signature.expiresMs !== undefined,
    );
    const { date, region, service, timestamp } = signature;
    const scope = `${date}/${region}/${service}/aws4_request`;
    const toSign = `AWS4-HMAC-SHA256\n${timestamp}\n${scope}\n${hash('sha256', canonical, 'hex')}`;
    const keyName = nameOf(found.secretAccessKey, signature);
    const kept = this.#keys.get(keyName);
    const key = kept ?? signingKey(found.secretAccessKey, signature);
    const expected = createHmac('sha256', key).update(toSign).digest();
    if (!timingSafeEqual(expected, Buffer.from(signature.signature, 'hex'))) throw doesNotMatch();
    if (kept === undefined) this.#keys.keep(keyName, key);
    this.#noteUse(found.principal, service, region, now);
    return found.principal;
  }
}

function assertInTime(signature: Signature, now: number): void {
  const { timestamp, signedAt, expiresMs } = signature;
  if (signedAt > now + maxSkewMs) {
    throw new SignatureProblem(
      'invalid-signature',
      `Signature not yet current: ${timestamp} is still later than ${timestampOf(now + maxSkewMs)} (${timestampOf(now)} + 5 min.)`,
    );
  }
  if (expiresMs === undefined) {
    if (signedAt >= now - maxSkewMs) return;
    throw new SignatureProblem(
      'invalid-signature',
      `Signature expired: ${timestamp} is now earlier than ${timestampOf(now - maxSkewMs)} (${timestampOf(now)} - 5 min.)`,
    );
  }
  if (now <= signedAt + expiresMs) return;
  throw new SignatureProblem(
    'invalid-signature',
    `Signature expired: ${timestampOf(signedAt + expiresMs)} is now earlier than ${timestampOf(now)}`,
  );
}

/**
 * What decides the request's meaning must be covered by the signature: the host that it is meant for, and
 * every `x-amz-` header, such as the operation's name.
 */
function assertCovered(head: RequestHead, { signedHeaders }: Signature): void {
  if (!signedHeaders.includes('host')) {
    throw new SignatureProblem(
      'invalid-signature',
      "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
    );
  }
  for (const name in head.headers) {
    if (name.startsWith('x-amz-') && !signedHeaders.includes(name)) {
      throw new SignatureProblem(
        'invalid-signature',
        `There were headers present in the request which were not signed: ${name}`,
      );
    }
  }
}

const sha256OfNothing = hash('sha256', '', 'hex');

/** A signer may leave the body out of the signature, and has then signed that it did. */
function bodyHash(head: RequestHead, body: Buffer): string {
  const declared = head.headers['x-amz-content-sha256'] ?? presignedContentHash(head.query);
  if (declared === 'UNSIGNED-PAYLOAD') return declared;
  const actual = body.length === 0 ? sha256OfNothing : hash('sha256', body, 'hex');
  if (declared !== undefined && declared !== actual) throw doesNotMatch();
  return actual;
}

function presignedContentHash(query: string): string | undefined {
  return /(?:^|&)X-Amz-Content-Sha256=([\w-]+)/i.exec(query)?.[1];
}

function doesNotMatch(): SignatureProblem {
  return new SignatureProblem(
    'invalid-signature',
    'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
  );
}

/**
 * Signing keys, which cost four hashes and stay the same for a day. Only keys that have verified a request are
 * kept, the oldest make room.
 */
class SigningKeys {
  readonly #keys = new Map<string, KeyObject>();

  get(name: string): KeyObject | undefined {
    return this.#keys.get(name);
  }

  keep(name: string, key: KeyObject): void {
    if (this.#keys.size >= maxKeys) {
      for (const oldest of this.#keys.keys()) {
        this.#keys.delete(oldest);
        break;
      }
    }
    this.#keys.set(name, key);
  }
}

function signingKey(secretAccessKey: string, { date, region, service }: Signature): KeyObject {
  const ofDate = hmac(`AWS4${secretAccessKey}`, date);
  const ofService = hmac(hmac(ofDate, region), service);
  // As a key object: making one of a buffer costs more than the hash itself.
  return createSecretKey(hmac(ofService, 'aws4_request'));
}

const maxKeys = 1000;

/** By secret and not by access key, so that a key made anew under the same id never meets the old one's. */
function nameOf(secretAccessKey: string, { date, region, service }: Signature): string {
  return `${date}/${region}/${service}/${secretAccessKey}`;
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
