import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { connect, type DetailedPeerCertificate, type TLSSocket } from 'node:tls';

/** Longer chains are none that a well-kept issuer shows. */
const maxChain = 10;

/**
 * Whether the other end is who a provider says its issuer is: certified by an authority that this machine trusts, or
 * by a certificate whose thumbprint stands in the provider, be it the issuer's own (IAM user guide, "Obtain the
 * thumbprint for an OpenID Connect identity provider"). With a thumbprint, too, the certificate must be the host's, of
 * this time, and signed by what bears the thumbprint: anybody can show somebody else's certificate.
 * @param now Epoch milliseconds.
 */
export function isTrustedIssuer(
  socket: TLSSocket,
  hostname: string,
  thumbprints: readonly string[],
  now: number,
): boolean {
  if (socket.authorized) return true;
  const chain = chainOf(socket);
  const [own] = chain;
  if (own === undefined || !isOf(own, hostname) || !chain.every((it) => isCurrent(it, now))) return false;
  return chain.some((it) => thumbprints.includes(thumbprintOf(it)));
}

/**
 * The thumbprint of the highest authority that an issuer shows, for a provider that is made without any.
 * @throws {Error} the issuer can't be reached.
 */
export function topThumbprint(url: URL, signal: AbortSignal): Promise<string> {
  const host = bare(url.hostname);
  return new Promise((resolve, reject) => {
    const socket = connect({
      ...{ host, port: Number(url.port || 443), timeout: 5000 },
      // Whom to trust is what is being asked.
      rejectUnauthorized: false,
      ...(isIP(host) === 0 && { servername: host }),
    });
    const give = (settle: () => void) => {
      signal.removeEventListener('abort', onAbort);
      socket.destroy();
      settle();
    };
    const onAbort = () => give(() => reject(signal.reason));
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    socket.once('error', (error) => give(() => reject(error)));
    socket.once('timeout', () => give(() => reject(new Error(`${url.host} does not answer`))));
    socket.once('secureConnect', () => {
      const top = chainOf(socket).at(-1);
      give(() =>
        top === undefined
          ? reject(new Error(`${url.host} shows no certificate`))
          : resolve(thumbprintOf(top)),
      );
    });
  });
}

/** `[::1]` of a URL is `::1`. */
export const bare = (hostname: string): string => hostname.replace(/^\[|\]$/g, '');

/** The issuer's own certificate and those above it, each one's signature on the one before verified. */
function chainOf(socket: TLSSocket): readonly X509Certificate[] {
  const chain: X509Certificate[] = [];
  let shown: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  while (shown?.raw !== undefined && chain.length < maxChain) {
    const certificate = new X509Certificate(shown.raw);
    const last = chain.at(-1);
    if (last !== undefined && !(last.checkIssued(certificate) && last.verify(certificate.publicKey))) break;
    chain.push(certificate);
    if (shown.issuerCertificate === shown) break;
    shown = shown.issuerCertificate;
  }
  return chain;
}

function isOf(certificate: X509Certificate, hostname: string): boolean {
  const host = bare(hostname);
  return (isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host)) !== undefined;
}

const isCurrent = (certificate: X509Certificate, now: number): boolean =>
  Date.parse(certificate.validFrom) <= now && now <= Date.parse(certificate.validTo);

/** `AB:CD:…` is `abcd…`. */
const thumbprintOf = ({ fingerprint }: X509Certificate): string =>
  fingerprint.replaceAll(':', '').toLowerCase();
