import { webcrypto } from 'node:crypto';
import {
  type NewAuthority,
  newAuthority,
  ofAuthority,
  openAuthority,
  pkcs8,
  signCertificate,
} from '../../certificates/index.ts';
import type { FrontProxyIdentity } from '../aggregation/remote-apis.ts';
import type { KubernetesContext } from '../context.ts';

const days = 10 * 365;
const commonName = 'front-proxy-client';

/**
 * The authority of a cluster's front proxy. It is not the one of clients: who shows a certificate of it may say of any user that he
 * asks, so nobody else is to be given one.
 */
export const makeFrontProxy = ({
  random,
  clock,
}: Pick<KubernetesContext, 'random' | 'clock'>): Promise<NewAuthority> =>
  newAuthority(random, clock.now(), { commonName: 'front-proxy-ca', days });

/** What shows the servers of aggregated APIs that it is their cluster that calls. */
export async function frontProxyIdentity(
  { random, clock }: KubernetesContext,
  authority: NewAuthority,
): Promise<FrontProxyIdentity> {
  const keys = await webcrypto.subtle.generateKey(ofAuthority, true, ['sign', 'verify']);
  const certificate = await signCertificate(openAuthority(authority), random, clock.now(), {
    ...{ commonName, days, publicKey: keys.publicKey },
    alternativeNames: [{ type: 'dns', value: commonName }],
  });
  return { certificate, privateKey: await pkcs8(keys.privateKey) };
}

/** What `kube-system/extension-apiserver-authentication` tells such servers. */
export const extensionAuthentication = (clients: string, { certificate }: NewAuthority) => ({
  'client-ca-file': clients,
  'requestheader-allowed-names': JSON.stringify([commonName]),
  'requestheader-client-ca-file': certificate,
  'requestheader-extra-headers-prefix': JSON.stringify(['X-Remote-Extra-']),
  'requestheader-group-headers': JSON.stringify(['X-Remote-Group']),
  'requestheader-uid-headers': JSON.stringify(['X-Remote-Uid']),
  'requestheader-username-headers': JSON.stringify(['X-Remote-User']),
});
