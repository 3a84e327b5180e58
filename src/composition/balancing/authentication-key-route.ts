import type { OpenRoute } from '../../gateway/index.ts';
import type { Reader } from '../../reconcile/index.ts';
import { authenticationPublicKey } from '../../services/elbv2/index.ts';

/**
 * What `https://public-keys.auth.elb.<region>.amazonaws.com/<key id>` is on AWS: the key by which applications verify
 * `x-amzn-oidc-data`, as PEM.
 */
export function authenticationKeyRoute(state: Reader): OpenRoute {
  return {
    isSigned: false,
    method: 'GET',
    path: '/_catamaran/elb-public-keys/{id}',
    handle: ({ labels }) => {
      const key = authenticationPublicKey(state, labels.get('id') ?? '');
      return key === undefined
        ? { status: 404, contentType: 'text/plain', text: 'There is no such key\n' }
        : { status: 200, contentType: 'application/x-pem-file', text: key };
    },
  };
}
