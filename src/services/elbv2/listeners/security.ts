import type { Certificate } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Reader } from '../../../reconcile/index.ts';
import type { Scope } from '../arn.ts';
import type { ElbContext } from '../context.ts';
import {
  alpnPolicyNotSupported,
  certificateNotFound,
  sslPolicyNotFound,
  unsupported,
  validationError,
} from '../errors.ts';
import type { ListenerProtocol, ListenerRecord } from '../records.ts';
import { defaultSslPolicy, isSslPolicy } from './ssl-policies.ts';

export type Security = Pick<ListenerRecord, 'certificateArns' | 'sslPolicy' | 'alpnPolicy'>;

interface GivenSecurity {
  readonly Certificates?: readonly Certificate[] | undefined;
  readonly SslPolicy?: string | undefined;
  readonly AlpnPolicy?: readonly string[] | undefined;
  readonly MutualAuthentication?: { readonly Mode?: string | undefined } | undefined;
}

const alpnPolicies = ['HTTP1Only', 'HTTP2Only', 'HTTP2Optional', 'HTTP2Preferred', 'None'] as const;

export const isSecure = (protocol: ListenerProtocol): boolean => protocol === 'HTTPS' || protocol === 'TLS';

/**
 * With which certificates and policies a listener speaks TLS, if it does; what a request leaves out is as before.
 * @throws CertificateNotFound, SSLPolicyNotFound, ALPNPolicyNotFound, ValidationError, UnsupportedOperation
 */
export function readSecurity(
  reader: Reader,
  { hasCertificate }: Pick<ElbContext, 'hasCertificate'>,
  scope: Scope,
  protocol: ListenerProtocol,
  given: GivenSecurity,
  before: Security | undefined,
): Security {
  const { Certificates = [], SslPolicy, AlpnPolicy = [] } = given;
  const mode = given.MutualAuthentication?.Mode;
  if (mode !== undefined && mode !== 'off') throw unsupported('Mutual TLS is');
  if (!isSecure(protocol)) {
    if (Certificates.length > 0)
      throw validationError(`A certificate cannot be specified for ${protocol} listeners`);
    if (SslPolicy !== undefined)
      throw validationError(`An SSL policy cannot be specified for ${protocol} listeners`);
    if (AlpnPolicy.length > 0)
      throw validationError(`An ALPN policy cannot be specified for ${protocol} listeners`);
    return { certificateArns: [] };
  }
  if (Certificates.length > 1) throw validationError('Only one default certificate can be specified');
  const arn = Certificates[0]?.CertificateArn ?? before?.certificateArns[0];
  if (arn === undefined) throw validationError(`A certificate must be specified for ${protocol} listeners`);
  requireCertificate(reader, { hasCertificate }, scope, arn);
  const others = before?.certificateArns.slice(1) ?? [];
  const sslPolicy = SslPolicy ?? before?.sslPolicy ?? defaultSslPolicy;
  if (!isSslPolicy(sslPolicy)) throw sslPolicyNotFound(sslPolicy);
  const alpnPolicy = AlpnPolicy.length > 0 ? readAlpnPolicy(protocol, AlpnPolicy) : before?.alpnPolicy;
  return {
    ...{ certificateArns: [arn, ...others.filter((other) => other !== arn)], sslPolicy },
    ...(protocol === 'TLS' && alpnPolicy !== undefined && { alpnPolicy }),
  };
}

/** @throws CertificateNotFound, UnsupportedOperation */
export function requireCertificate(
  reader: Reader,
  { hasCertificate }: Pick<ElbContext, 'hasCertificate'>,
  scope: Scope,
  arn: string,
): void {
  if (arn.startsWith('arn:aws:iam:')) throw unsupported('Server certificates of IAM are');
  if (!hasCertificate(reader, scope, arn)) throw certificateNotFound(arn);
}

function readAlpnPolicy(protocol: ListenerProtocol, given: readonly string[]): Security['alpnPolicy'] {
  const [name = ''] = given;
  if (protocol !== 'TLS')
    throw validationError(`An ALPN policy cannot be specified for ${protocol} listeners`);
  if (given.length > 1) throw validationError('Only one ALPN policy can be specified');
  const found = alpnPolicies.find((policy) => policy === name);
  if (found === undefined) throw alpnPolicyNotSupported(name);
  return found;
}
