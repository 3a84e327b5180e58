import { type KeyObject, sign } from 'node:crypto';
import type { HeaderFields } from '../../../balancing/index.ts';
import type { Session } from './session.ts';

/** So long applications may take a user's claims for new. */
const goodForSeconds = 120;

/**
 * What a target finds of a user: the access token, the subject, and the claims as a token that the load balancer signed.
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-authenticate-users.html#user-claims-encoding
 * @param now Epoch seconds.
 */
export function identityHeaders(
  { accessToken, claims, issuer, clientId }: Session,
  { id, signingKey }: { readonly id: string; readonly signingKey: KeyObject },
  loadBalancerArn: string,
  now: number,
): HeaderFields {
  const exp = now + goodForSeconds;
  const header = {
    ...{ typ: 'JWT', kid: id, alg: 'ES256', iss: issuer, client: clientId },
    ...{ signer: loadBalancerArn, exp },
  };
  const signed = `${padded(JSON.stringify(header))}.${padded(JSON.stringify({ ...claims, exp, iss: issuer }))}`;
  const signature = sign('sha256', Buffer.from(signed), { key: signingKey, dsaEncoding: 'ieee-p1363' });
  return [
    ['x-amzn-oidc-accesstoken', accessToken],
    ['x-amzn-oidc-identity', String(claims.sub)],
    ['x-amzn-oidc-data', `${signed}.${padded(signature)}`],
  ];
}

/** Unlike JOSE's, AWS's has padding: "standard libraries are not compatible with the padding that is included". */
function padded(content: string | Buffer): string {
  return Buffer.from(content).toString('base64').replaceAll('+', '-').replaceAll('/', '_');
}
