import type { ListenerPlan } from '../../../../balancing/index.ts';
import { BalancerError, type CertificateChain } from '../../balancer.ts';
import { alpnPolicies, cipherList, sslPolicy } from '../../ssl-policies.ts';
import type { Parts } from './parts.ts';

/** What follows `ssl` on a `bind` line. @throws {BalancerError} a certificate or policy isn't there. */
export function tlsWords(listener: ListenerPlan, parts: Parts): string {
  const paths = listener.certificateArns.map((arn) => {
    const certificate = parts.configuration.certificates.get(arn);
    if (certificate === undefined) throw new BalancerError(`There is no certificate ${arn}`);
    return parts.file('certificate', pemOf(certificate));
  });
  const list = parts.file('certificates', `${paths.join('\n')}\n`);
  return `ssl crt-list ${list} ${policyWords(listener.sslPolicy)}`;
}

function policyWords(name: string | undefined): string {
  const policy = sslPolicy(name);
  return [
    `ssl-min-ver TLSv${policy.least} ssl-max-ver TLSv${policy.most}`,
    ...(policy.ciphers.length === 0 ? [] : [`ciphers ${cipherList(policy)}`]),
  ].join(' ');
}

function pemOf({ chain, privateKey }: CertificateChain): string {
  return [chain, privateKey].map((text) => `${text.trim()}\n`).join('');
}

export function alpnWords(protocols: string | undefined): string {
  return protocols === undefined ? '' : ` alpn ${protocols}`;
}

/** Of a TLS listener. */
export function alpnOf({ alpnPolicy }: ListenerPlan): string | undefined {
  return alpnPolicy === undefined ? undefined : alpnPolicies[alpnPolicy].join(',');
}
