import type { Principal } from '../services/service.ts';
import { parseSignature, SignatureProblem } from './signature.ts';
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
  url: URL,
  header: { readonly name: string; readonly value: string },
  now: number,
) => Principal | undefined;

/** What queries such a URL may have, and nothing else. */
const parameters = new Set([
  ...['action', 'version', 'x-amz-algorithm', 'x-amz-credential', 'x-amz-date', 'x-amz-expires'],
  ...['x-amz-security-token', 'x-amz-signature', 'x-amz-signedheaders'],
]);

export function presignedCallerVerifier(
  credentials: CredentialLookup,
  noteUse: NoteUse,
): VerifyPresignedCaller {
  const verifier = new SignatureVerifier(credentials, noteUse);
  return (url, { name, value }, now) => {
    const names = [...url.searchParams.keys()].map((it) => it.toLowerCase());
    const isPlain = names.every((it) => parameters.has(it)) && new Set(names).size === names.length;
    if (!isPlain || url.pathname !== '/' || url.searchParams.get('Action') !== 'GetCallerIdentity')
      return undefined;
    const head = {
      ...{ method: 'GET', path: '/', query: url.search.slice(1) },
      headers: { host: url.host, [name]: value },
      rawHeaders: ['host', url.host, name, value],
    };
    const signature = parseSignature(head);
    if (signature instanceof SignatureProblem) return undefined;
    const { service, signedHeaders, signedAt, expiresMs = 0 } = signature;
    if (service !== 'sts' || !signedHeaders.includes(name) || expiresMs > tokenMs || now > signedAt + tokenMs)
      return undefined;
    try {
      return verifier.verify(head, Buffer.alloc(0), { ...signature, expiresMs: tokenMs }, now);
    } catch (error) {
      if (error instanceof SignatureProblem) return undefined;
      throw error;
    }
  };
}
