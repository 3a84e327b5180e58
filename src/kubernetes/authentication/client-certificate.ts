import { X509Certificate } from 'node:crypto';
import type { Clock } from '../../clock/index.ts';
import { authenticatedGroup, type User } from './user.ts';

/** RFC 5280, 4.2.1.12. */
const clientAuth = '1.3.6.1.5.5.7.3.2';

/**
 * Certificates that the cluster's own authority signed for clients: the common name is the user, the organizations are the
 * groups. There is no list of revoked ones, as in Kubernetes: they end by their time.
 * @param authority PEM.
 */
export function clientCertificates(
  authority: string,
  clock: Clock,
): (certificate: X509Certificate) => User | undefined {
  const issuer = new X509Certificate(authority);
  return (certificate) => {
    const isOurs = certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
    if (!isOurs || certificate.ca || certificate.keyUsage?.includes(clientAuth) !== true) return undefined;
    const now = clock.now();
    if (now < Date.parse(certificate.validFrom) || now > Date.parse(certificate.validTo)) return undefined;
    const { CN, O } = certificate.toLegacyObject().subject as Readonly<Record<string, string | string[]>>;
    const username = [CN ?? []].flat().at(-1);
    if (username === undefined || username === '') return undefined;
    const fingerprint = certificate.fingerprint256.replaceAll(':', '').toLowerCase();
    return {
      ...{ username, groups: [...[O ?? []].flat(), authenticatedGroup] },
      extra: { 'authentication.kubernetes.io/credential-id': [`X509SHA256=${fingerprint}`] },
    };
  };
}
