import { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Clock } from '../../clock/index.ts';
import { authenticatedGroup, type User } from './user.ts';

/** RFC 5280, 4.2.1.12. */
const clientAuth = '1.3.6.1.5.5.7.3.2';

/** Whose the certificate of a connection's other end is; undefined: it has shown none. */
export type AuthenticateCertificate = (socket: Socket) => Certified | undefined;

export interface Certified {
  /** Undefined: not this cluster's, not a client's, or not good now. */
  readonly user: User | undefined;
}

/** What a certificate says, once it is known to be the cluster's. */
interface Verified {
  readonly user: User | undefined;
  readonly validFrom: number;
  readonly validTo: number;
}

/**
 * Certificates that the cluster's own authority signed for clients: the common name is the user, the organizations are the
 * groups. There is no list of revoked ones, as in Kubernetes: they end by their time, also within a connection.
 * @param authority PEM.
 */
export function clientCertificates(authority: string, clock: Clock): AuthenticateCertificate {
  const issuer = new X509Certificate(authority);
  // The other end of a connection is the same for all of its requests.
  const shown = new WeakMap<Socket, Verified | 'none'>();
  return (socket) => {
    const known = shown.get(socket) ?? verified(socket, issuer);
    shown.set(socket, known);
    if (known === 'none') return undefined;
    const now = clock.now();
    return { user: known.validFrom <= now && now <= known.validTo ? known.user : undefined };
  };
}

function verified(socket: Socket, issuer: X509Certificate): Verified | 'none' {
  const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
  if (certificate === undefined) return 'none';
  const isOurs =
    certificate.checkIssued(issuer) &&
    certificate.verify(issuer.publicKey) &&
    !certificate.ca &&
    certificate.keyUsage?.includes(clientAuth) === true;
  return {
    user: isOurs ? userOf(certificate) : undefined,
    validFrom: Date.parse(certificate.validFrom),
    validTo: Date.parse(certificate.validTo),
  };
}

function userOf(certificate: X509Certificate): User | undefined {
  const { CN, O } = certificate.toLegacyObject().subject as Readonly<Record<string, string | string[]>>;
  const username = [CN ?? []].flat().at(-1);
  if (username === undefined || username === '') return undefined;
  const fingerprint = certificate.fingerprint256.replaceAll(':', '').toLowerCase();
  return {
    ...{ username, groups: [...[O ?? []].flat(), authenticatedGroup] },
    extra: { 'authentication.kubernetes.io/credential-id': [`X509SHA256=${fingerprint}`] },
  };
}
