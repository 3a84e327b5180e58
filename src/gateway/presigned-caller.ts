import type { Principal } from '../services/service.ts';
import { parseSignature, type RequestHead, type Signature, SignatureProblem } from './signature.ts';
import { type CredentialLookup, type NoteUse, SignatureVerifier } from './sigv4.ts';

/** How long the URL of a token is good for, whatever it says itself: STS takes it as long. */
const tokenMs = 15 * 60_000;

/**
 * Whose a presigned GetCallerIdentity is that nobody has sent: the tokens of EKS clusters are such URLs. Undefined: it is
 * not one, it is too old, or its signature is another one's.
 * @param header The one that the signature has to cover besides the host.
 * @param now Epoch milliseconds.
 */
export type VerifyPresignedCaller = (
  url: string,
  header: { readonly name: string; readonly value: string },
  now: number,
) => Principal | undefined;

/** What queries such a URL may have, and nothing else. */
const parameters = new Set([
  ...['action', 'version', 'x-amz-algorithm', 'x-amz-credential', 'x-amz-date', 'x-amz-expires'],
  ...['x-amz-security-token', 'x-amz-signature', 'x-amz-signedheaders'],
]);

/** What verified once, without what may change: whether its key still is somebody's, and the time. */
interface Verified {
  readonly signature: Signature;
  readonly secretAccessKey: string;
}

/** Clients send the same token with every request, for a quarter of an hour. */
const maxVerified = 1_000;

export function presignedCallerVerifier(
  credentials: CredentialLookup,
  noteUse: NoteUse,
): VerifyPresignedCaller {
  const verifier = new SignatureVerifier(credentials, noteUse);
  const verified = new Map<string, Verified>();
  return (text, header, now) => {
    const name = `${header.name}:${header.value}\n${text}`;
    const known = verified.get(name);
    if (known !== undefined) {
      const { signature, secretAccessKey } = known;
      const found = credentials(signature.accessKeyId, signature.sessionToken, now);
      const isGood = typeof found === 'object' && found.secretAccessKey === secretAccessKey;
      if (isGood && now <= signature.signedAt + tokenMs) {
        noteUse(found.principal, signature.service, signature.region, now);
        return found.principal;
      }
      verified.delete(name);
    }
    const head = requestOf(text, header);
    const signature = head === undefined ? undefined : parseSignature(head);
    if (head === undefined || signature === undefined || signature instanceof SignatureProblem)
      return undefined;
    if (!isToken(signature, header.name, now)) return undefined;
    const caller = verifiedCaller(verifier, head, signature, now);
    const found = credentials(signature.accessKeyId, signature.sessionToken, now);
    if (caller !== undefined && typeof found === 'object') {
      for (const oldest of verified.keys()) {
        if (verified.size < maxVerified) break;
        verified.delete(oldest);
      }
      verified.set(name, { signature, secretAccessKey: found.secretAccessKey });
    }
    return caller;
  };
}

/** The request that would be made of the URL; undefined: it is no plain GetCallerIdentity. */
function requestOf(
  text: string,
  { name, value }: { readonly name: string; readonly value: string },
): RequestHead | undefined {
  const url = URL.parse(text);
  if (url === null) return undefined;
  const names = [...url.searchParams.keys()].map((it) => it.toLowerCase());
  const isPlain = names.every((it) => parameters.has(it)) && new Set(names).size === names.length;
  if (!isPlain || url.pathname !== '/' || url.searchParams.get('Action') !== 'GetCallerIdentity')
    return undefined;
  return {
    ...{ method: 'GET', path: '/', query: url.search.slice(1) },
    headers: { host: url.host, [name]: value },
    rawHeaders: ['host', url.host, name, value],
  };
}

const isToken = (
  { service, signedHeaders, signedAt, expiresMs = 0 }: Signature,
  header: string,
  now: number,
): boolean =>
  service === 'sts' && signedHeaders.includes(header) && expiresMs <= tokenMs && now <= signedAt + tokenMs;

function verifiedCaller(
  verifier: SignatureVerifier,
  head: RequestHead,
  signature: Signature,
  now: number,
): Principal | undefined {
  try {
    return verifier.verify(head, Buffer.alloc(0), { ...signature, expiresMs: tokenMs }, now);
  } catch (error) {
    if (error instanceof SignatureProblem) return undefined;
    throw error;
  }
}
