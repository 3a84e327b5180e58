import type { Site } from './infrastructure.ts';
import { ModelError, type WantedBalancer } from './model.ts';

/** A certificate, and the names that it stands for. */
interface Certificate {
  readonly arn: string;
  readonly names: readonly string[];
}

/**
 * "Certificate Discovery" of the AWS Load Balancer Controller: listeners that no annotation gives a certificate have those of
 * ACM, issued and of the account, that stand for a host of theirs.
 * @returns the load balancer with the certificates of all its listeners.
 * @throws {ModelError} a host has none. @throws {Refusal} the cluster's role may not look.
 */
export async function withCertificates(site: Site, wanted: WantedBalancer): Promise<WantedBalancer> {
  if (!wanted.listeners.some(({ hosts }) => hosts !== undefined)) return wanted;
  const all = await issuedCertificates(site);
  const listeners = wanted.listeners.map((listener) => {
    const { hosts = [], certificates } = listener;
    const found = hosts.flatMap((host) => certificatesFor(host, all));
    return { ...listener, certificates: [...new Set([...certificates, ...found])] };
  });
  return { ...wanted, listeners };
}

async function issuedCertificates({ ask }: Site): Promise<readonly Certificate[]> {
  const all: Certificate[] = [];
  for (let NextToken: string | undefined; ; ) {
    const page = await ask('acm', 'ListCertificates', {
      CertificateStatuses: ['ISSUED'],
      Includes: { keyTypes: ['RSA_2048', 'RSA_3072', 'RSA_4096', 'EC_prime256v1', 'EC_secp384r1'] },
      ...(NextToken !== undefined && { NextToken }),
    });
    for (const one of page.CertificateSummaryList ?? []) {
      const { CertificateArn: arn = '', DomainName = '', SubjectAlternativeNameSummaries = [] } = one;
      all.push({ arn, names: [DomainName, ...SubjectAlternativeNameSummaries] });
    }
    NextToken = page.NextToken;
    if (NextToken === undefined) return all.sort((one, other) => (one.arn < other.arn ? -1 : 1));
  }
}

function certificatesFor(host: string, all: readonly Certificate[]): readonly string[] {
  const found = all.filter(({ names }) => names.some((name) => standsFor(name, host)));
  // One may be issued, or imported, later.
  if (found.length === 0) throw new ModelError(`no certificate found for host: ${host}`, { mayChange: true });
  return found.map(({ arn }) => arn);
}

/** `*.example.org` stands for one label before the rest, and so for a host that is written like that itself. */
function standsFor(name: string, host: string): boolean {
  const [known, asked] = [name.toLowerCase(), host.toLowerCase()];
  return known === asked || (known.startsWith('*.') && asked.slice(asked.indexOf('.')) === known.slice(1));
}
