import { newSigningRequest } from '../../../certificates/index.ts';
import { type Clock, hex, type Random, withTimeout } from '../../../clock/index.ts';
import type { Api } from '../api/api-client.ts';
import type { Resource } from '../api/resources.ts';
import type { KubernetesObject } from '../objects/object.ts';

interface SigningRequestObject extends KubernetesObject {
  readonly spec: object;
  readonly status?: {
    readonly certificate?: string;
    readonly conditions?: readonly { readonly type: string; readonly message?: string }[];
  };
}

const requests: Resource<SigningRequestObject> = {
  ...{ group: 'certificates.k8s.io', version: 'v1', name: 'certificatesigningrequests' },
  ...{ kind: 'CertificateSigningRequest', isNamespaced: false },
};

/** As upstream: a request that nobody signs for so long is made anew. */
const signedWithinMs = 15 * 60_000;
const lookEveryMs = { first: 20, most: 5_000 };

/** Both PEM. */
export interface ServingCertificate {
  readonly certificate: string;
  readonly privateKey: string;
}

/**
 * Asks the cluster's authority for a certificate for the name of the node, and waits until it is signed. The key leaves this
 * process never.
 * @throws {Error} it was denied, or nobody signed it in time; {ApiError}
 */
export async function requestServingCertificate(
  api: Pick<Api, 'create' | 'get'>,
  nodeName: string,
  { clock, random }: { readonly clock: Clock; readonly random: Random },
  signal: AbortSignal,
): Promise<ServingCertificate> {
  const { request, privateKey } = await newSigningRequest({
    ...{ commonName: `system:node:${nodeName}`, organizations: ['system:nodes'], dnsNames: [nodeName] },
  });
  const name = `csr-${hex(random, 10)}`;
  const spec = {
    request: Buffer.from(request).toString('base64'),
    signerName: 'kubernetes.io/kubelet-serving',
    usages: ['digital signature', 'server auth'],
  };
  await api.create(requests, undefined, { metadata: { name }, spec }, signal);
  using deadline = withTimeout(clock, signedWithinMs, signal);
  for (let waitMs = lookEveryMs.first; ; waitMs = Math.min(2 * waitMs, lookEveryMs.most)) {
    const { status } = await api.get(requests, undefined, name, deadline.signal);
    const refused = status?.conditions?.find(({ type }) => type === 'Denied' || type === 'Failed');
    if (refused)
      throw new Error(`The certificate of node '${nodeName}' was ${refused.type}: ${refused.message}`);
    if (status?.certificate)
      return { certificate: Buffer.from(status.certificate, 'base64').toString(), privateKey };
    await clock.sleep(waitMs, deadline.signal);
  }
}
