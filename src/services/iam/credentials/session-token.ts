import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Random } from '../../../clock/index.ts';
import type { Sealer } from '../../../sealing/index.ts';
import type { RootOrUser, Session } from '../../service.ts';
import { newKeyPair } from '../ids.ts';

/** Whose session it is. A role goes by its id: one made anew under the same name is another one. */
export type SessionIdentity =
  | { readonly kind: 'role'; readonly roleId: string }
  /** Of GetSessionToken and GetFederationToken; `userId` is absent for the root. */
  | { readonly kind: RootOrUser['kind']; readonly userName?: string; readonly userId?: string }
  | {
      readonly kind: 'federated-user';
      readonly name: string;
      readonly userName?: string;
      readonly userId?: string;
    };

/** Everything that a session is, so that nothing about it need be kept. */
export interface SessionClaims {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly accountId: string;
  readonly identity: SessionIdentity;
  readonly session: Session;
}

/** Temporary credentials, as their holder gets them. */
export interface TemporaryCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** Epoch milliseconds, of a whole second. */
  readonly expiresAt: number;
}

const purpose = 'session-token';

/**
 * The token carries what it says, sealed: it is verified without a look-up and can't be made or changed outside.
 * @param minTokenBytes The token is made at least so long.
 */
export function issueSession(
  { sealer, random }: { readonly sealer: Sealer; readonly random: Random },
  of: Pick<SessionClaims, 'accountId' | 'identity' | 'session'>,
  minTokenBytes = 0,
): TemporaryCredentials {
  const keys = newKeyPair(random, 'ASIA', of.accountId);
  const claims: SessionClaims = { ...keys, ...of };
  const packed = pack(JSON.stringify(claims), 0);
  const sessionToken = sealer.seal(packed, purpose);
  // Base64 makes four of three bytes.
  const lacking = Math.ceil(((minTokenBytes - sessionToken.length) * 3) / 4);
  return {
    ...keys,
    sessionToken: lacking > 0 ? sealer.seal(pack(JSON.stringify(claims), lacking), purpose) : sessionToken,
    expiresAt: of.session.expiresAt,
  };
}

/** Undefined: it is no token of this installation's, or not as it was issued. */
export function openSessionToken(sealer: Sealer, token: string): SessionClaims | undefined {
  const packed = sealer.openBytes(token, purpose);
  // Only `issueSession` seals for this purpose, so what opens has its shape.
  return packed === undefined ? undefined : (JSON.parse(unpack(packed)) as SessionClaims);
}

/** From so many bytes on, compressing is worth its time: policies and tags make tokens long. */
const compressedFromBytes = 600;
/** Of what comes before the content: whether it is compressed, and its length. */
const headBytes = 5;

function pack(text: string, paddingBytes: number): Buffer {
  const plain = Buffer.from(text);
  const isCompressed = plain.length >= compressedFromBytes;
  const content = isCompressed ? deflateRawSync(plain) : plain;
  const head = Buffer.alloc(headBytes);
  head.writeUInt8(isCompressed ? 1 : 0, 0);
  head.writeUInt32BE(content.length, 1);
  return Buffer.concat([head, content, Buffer.alloc(paddingBytes)]);
}

function unpack(packed: Buffer): string {
  const content = packed.subarray(headBytes, headBytes + packed.readUInt32BE(1));
  return (packed[0] === 1 ? inflateRawSync(content) : content).toString('utf8');
}
