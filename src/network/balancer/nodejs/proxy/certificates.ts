import { X509Certificate } from 'node:crypto';
import {
  createSecureContext,
  type SecureContext,
  type SecureContextOptions,
  type SecureVersion,
} from 'node:tls';
import type { ListenerPlan } from '../../../../balancing/index.ts';
import { BalancerError, type CertificateChain } from '../../balancer.ts';
import { cipherList, sslPolicy } from '../../ssl-policies.ts';

/** What a secured listener shows to whom. */
export interface Certificates {
  /** Of the default certificate. */
  readonly options: SecureContextOptions;
  contextFor(name: string): SecureContext;
}

/** OpenSSL's; Node takes a list without any for a wish to have none. */
const ciphersOfTls13 = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'];

/** @throws {BalancerError} a certificate or the policy isn't there, or is none. */
export function certificatesOf(
  { certificateArns, sslPolicy: policyName }: ListenerPlan,
  known: ReadonlyMap<string, CertificateChain>,
): Certificates {
  const policy = sslPolicy(policyName);
  const has13 = policy.most === '1.3';
  const common: SecureContextOptions = {
    minVersion: versionOf(policy.least),
    maxVersion: versionOf(policy.most),
    ciphers: [...(has13 ? ciphersOfTls13 : []), cipherList(policy)].filter((each) => each !== '').join(':'),
    honorCipherOrder: true,
  };
  const all = certificateArns.map((arn) => {
    const chain = known.get(arn);
    if (chain === undefined) throw new BalancerError(`There is no certificate ${arn}`);
    const options = { ...common, cert: chain.chain, key: chain.privateKey };
    try {
      const certificate = new X509Certificate(chain.chain);
      return { options, certificate, context: createSecureContext(options) };
    } catch (cause) {
      throw new BalancerError(`Cannot use the certificate ${arn}: ${(cause as Error).message}`, { cause });
    }
  });
  const [first] = all;
  if (first === undefined) throw new BalancerError('A secured listener has no certificate');
  return {
    options: first.options,
    contextFor: (name) =>
      (all.find(({ certificate }) => certificate.checkHost(name) !== undefined) ?? first).context,
  };
}

function versionOf(version: string): SecureVersion {
  return version === '1.0' ? 'TLSv1' : (`TLSv${version}` as SecureVersion);
}
