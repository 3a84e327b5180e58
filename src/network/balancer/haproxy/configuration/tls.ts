import type { ListenerPlan } from '../../../../balancing/index.ts';
import { BalancerError, type CertificateChain } from '../../balancer.ts';
import type { Parts } from './parts.ts';

const forward = {
  gcm: [
    'ECDHE-ECDSA-AES128-GCM-SHA256',
    'ECDHE-RSA-AES128-GCM-SHA256',
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'ECDHE-RSA-AES256-GCM-SHA384',
  ],
  sha2: [
    'ECDHE-ECDSA-AES128-SHA256',
    'ECDHE-RSA-AES128-SHA256',
    'ECDHE-ECDSA-AES256-SHA384',
    'ECDHE-RSA-AES256-SHA384',
  ],
  sha1: ['ECDHE-ECDSA-AES128-SHA', 'ECDHE-RSA-AES128-SHA', 'ECDHE-ECDSA-AES256-SHA', 'ECDHE-RSA-AES256-SHA'],
};
const rsa = {
  sha2: ['AES128-GCM-SHA256', 'AES128-SHA256', 'AES256-GCM-SHA384', 'AES256-SHA256'],
  sha1: ['AES128-SHA', 'AES256-SHA'],
};
const strong = [...forward.gcm, ...forward.sha2];
const all = [...strong, ...forward.sha1, ...rsa.sha2, ...rsa.sha1];
const allForward = [...strong, ...forward.sha1];

type Version = '1.0' | '1.1' | '1.2' | '1.3';

interface SslPolicy {
  readonly least: Version;
  readonly most: Version;
  /** Below TLS 1.3, which has its own. */
  readonly ciphers: readonly string[];
}

/** https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html */
const policies: Readonly<Record<string, SslPolicy>> = {
  'TLS13-1-3-2021-06': { least: '1.3', most: '1.3', ciphers: [] },
  'TLS13-1-2-2021-06': { least: '1.2', most: '1.3', ciphers: strong },
  'TLS13-1-2-Res-2021-06': { least: '1.2', most: '1.3', ciphers: forward.gcm },
  'TLS13-1-2-Ext1-2021-06': { least: '1.2', most: '1.3', ciphers: [...strong, ...rsa.sha2] },
  'TLS13-1-2-Ext2-2021-06': { least: '1.2', most: '1.3', ciphers: all },
  'TLS13-1-1-2021-06': { least: '1.1', most: '1.3', ciphers: all },
  'TLS13-1-0-2021-06': { least: '1.0', most: '1.3', ciphers: all },
  'TLS-1-2-2017-01': { least: '1.2', most: '1.2', ciphers: [...strong, ...rsa.sha2] },
  'TLS-1-2-Ext-2018-06': { least: '1.2', most: '1.2', ciphers: all },
  'TLS-1-1-2017-01': { least: '1.1', most: '1.2', ciphers: all },
  '2016-08': { least: '1.0', most: '1.2', ciphers: all },
  'FS-1-2-Res-2020-10': { least: '1.2', most: '1.2', ciphers: forward.gcm },
  'FS-1-2-Res-2019-08': { least: '1.2', most: '1.2', ciphers: strong },
  'FS-1-2-2019-08': { least: '1.2', most: '1.2', ciphers: allForward },
  'FS-1-1-2019-08': { least: '1.1', most: '1.2', ciphers: allForward },
  'FS-2018-06': { least: '1.0', most: '1.2', ciphers: allForward },
};

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

function policyWords(name = 'ELBSecurityPolicy-2016-08'): string {
  const policy = policies[name.replace(/^ELBSecurityPolicy-/, '')];
  if (policy === undefined) throw new BalancerError(`The SSL policy ${name} is not there on this machine`);
  const { least, most, ciphers } = policy;
  // OpenSSL allows the oldest versions only with the weakest demands on everything.
  const demands = least === '1.0' || least === '1.1' ? ['@SECLEVEL=0'] : [];
  return [
    `ssl-min-ver TLSv${least} ssl-max-ver TLSv${most}`,
    ...(ciphers.length === 0 ? [] : [`ciphers ${[...ciphers, ...demands].join(':')}`]),
  ].join(' ');
}

function pemOf({ chain, privateKey }: CertificateChain): string {
  return [chain, privateKey].map((text) => `${text.trim()}\n`).join('');
}

const alpnPolicies = {
  HTTP1Only: 'http/1.1,http/1.0',
  HTTP2Only: 'h2',
  HTTP2Optional: 'http/1.1,http/1.0,h2',
  HTTP2Preferred: 'h2,http/1.1,http/1.0',
} as const;

export function alpnWords(protocols: string | undefined): string {
  return protocols === undefined ? '' : ` alpn ${protocols}`;
}

/** Of a TLS listener. */
export function alpnOf({ alpnPolicy }: ListenerPlan): string | undefined {
  return alpnPolicy === undefined ? undefined : alpnPolicies[alpnPolicy];
}
