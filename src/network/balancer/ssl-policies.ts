import { BalancerError } from './balancer.ts';

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

export interface SslPolicy {
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

/** @throws {BalancerError} there is none of that name here. */
export function sslPolicy(name = 'ELBSecurityPolicy-2016-08'): SslPolicy {
  const policy = policies[name.replace(/^ELBSecurityPolicy-/, '')];
  if (policy === undefined) throw new BalancerError(`The SSL policy ${name} is not there on this machine`);
  return policy;
}

/** What OpenSSL wants of a policy: it allows the oldest versions only with the weakest demands on everything. */
export function cipherList({ least, ciphers }: SslPolicy): string {
  return [...ciphers, ...(least === '1.0' || least === '1.1' ? ['@SECLEVEL=0'] : [])].join(':');
}

/** Of TLS listeners, in the order of preference. */
export const alpnPolicies = {
  HTTP1Only: ['http/1.1', 'http/1.0'],
  HTTP2Only: ['h2'],
  HTTP2Optional: ['http/1.1', 'http/1.0', 'h2'],
  HTTP2Preferred: ['h2', 'http/1.1', 'http/1.0'],
} as const;
