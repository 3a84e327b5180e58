import type {
  DescribeSSLPoliciesCommandInput,
  DescribeSSLPoliciesOutput,
  SslPolicy,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { sslPolicyNotFound } from '../errors.ts';
import { pageOf } from '../input.ts';

/** Of listeners that name none by the API. */
export const defaultSslPolicy = 'ELBSecurityPolicy-2016-08';

const ofTls13 = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'];
const forwardGcm = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
];
const forwardCbc = [
  'ECDHE-ECDSA-AES128-SHA256',
  'ECDHE-RSA-AES128-SHA256',
  'ECDHE-ECDSA-AES256-SHA384',
  'ECDHE-RSA-AES256-SHA384',
];
const forwardOld = [
  'ECDHE-ECDSA-AES128-SHA',
  'ECDHE-RSA-AES128-SHA',
  'ECDHE-RSA-AES256-SHA',
  'ECDHE-ECDSA-AES256-SHA',
];
const staticRsa = ['AES128-GCM-SHA256', 'AES128-SHA256', 'AES256-GCM-SHA384', 'AES256-SHA256'];
const staticOld = ['AES128-SHA', 'AES256-SHA'];

const forward = [...forwardGcm, ...forwardCbc];
const all = [...forward, ...forwardOld, ...staticRsa, ...staticOld];
const [tls10, tls11, tls12, tls13] = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const;

type Policy = readonly [protocols: readonly string[], ciphers: readonly string[]];

/** Those that there are (ALB guide, "Security policies"): what they let clients speak, best first. */
const policies: Readonly<Record<string, Policy>> = {
  'ELBSecurityPolicy-2016-08': [[tls10, tls11, tls12], all],
  'ELBSecurityPolicy-TLS13-1-0-2021-06': [
    [tls10, tls11, tls12, tls13],
    [...ofTls13, ...all],
  ],
  'ELBSecurityPolicy-TLS13-1-1-2021-06': [
    [tls11, tls12, tls13],
    [...ofTls13, ...all],
  ],
  'ELBSecurityPolicy-TLS13-1-2-2021-06': [
    [tls12, tls13],
    [...ofTls13, ...forward],
  ],
  'ELBSecurityPolicy-TLS13-1-2-Res-2021-06': [
    [tls12, tls13],
    [...ofTls13, ...forwardGcm],
  ],
  'ELBSecurityPolicy-TLS13-1-2-Ext1-2021-06': [
    [tls12, tls13],
    [...ofTls13, ...forward, ...staticRsa],
  ],
  'ELBSecurityPolicy-TLS13-1-2-Ext2-2021-06': [
    [tls12, tls13],
    [...ofTls13, ...all],
  ],
  'ELBSecurityPolicy-TLS13-1-3-2021-06': [[tls13], ofTls13],
  'ELBSecurityPolicy-TLS-1-0-2015-04': [[tls10, tls11, tls12], all],
  'ELBSecurityPolicy-TLS-1-1-2017-01': [[tls11, tls12], all],
  'ELBSecurityPolicy-TLS-1-2-2017-01': [[tls12], [...forward, ...staticRsa]],
  'ELBSecurityPolicy-TLS-1-2-Ext-2018-06': [[tls12], all],
  'ELBSecurityPolicy-FS-2018-06': [
    [tls10, tls11, tls12],
    [...forward, ...forwardOld],
  ],
  'ELBSecurityPolicy-FS-1-1-2019-08': [
    [tls11, tls12],
    [...forward, ...forwardOld],
  ],
  'ELBSecurityPolicy-FS-1-2-2019-08': [[tls12], [...forward, ...forwardOld]],
  'ELBSecurityPolicy-FS-1-2-Res-2019-08': [[tls12], forward],
  'ELBSecurityPolicy-FS-1-2-Res-2020-10': [[tls12], forwardGcm],
};

export const isSslPolicy = (name: string): boolean => Object.hasOwn(policies, name);

/** @throws SSLPolicyNotFound */
export function describeSSLPolicies(input: DescribeSSLPoliciesCommandInput): DescribeSSLPoliciesOutput {
  const { Names = [] } = input;
  const missing = Names.find((name) => !isSslPolicy(name));
  if (missing !== undefined) throw sslPolicyNotFound(missing);
  const asked = Object.entries(policies).filter(([name]) => Names.length === 0 || Names.includes(name));
  const { items, next } = pageOf(asked, ([name]) => name, input);
  return { SslPolicies: items.map(([name, policy]) => policyView(name, policy)), ...next };
}

function policyView(Name: string, [protocols, ciphers]: Policy): SslPolicy {
  return {
    Name,
    SslProtocols: [...protocols],
    Ciphers: ciphers.map((cipher, index) => ({ Name: cipher, Priority: index + 1 })),
    SupportedLoadBalancerTypes: ['application', 'network'],
  };
}
