import type { Json } from '../../../store/index.ts';
import type { TokenIssuer } from './token-issuer.ts';
import { publicJwk, tokenAlgorithm } from './token-key.ts';

export interface IssuerDocument {
  readonly type: string;
  readonly body: Json;
}

/** Below the issuer's URL as EKS has it, where everybody may read. */
const publicPath = /^(\/id\/[0-9A-F]{32})(\/.*)$/;

/** By which whoever relies on the tokens finds the keys (OpenID Connect Discovery 1.0); undefined: no such path. */
export function publicIssuerDocument(issuer: () => TokenIssuer, path: string): IssuerDocument | undefined {
  const [, own, below] = publicPath.exec(path) ?? [];
  if (own === undefined || !issuer().url.endsWith(own)) return undefined;
  return below === '/keys'
    ? keys(issuer())
    : below === configurationPath
      ? configuration(issuer())
      : undefined;
}

/** Where upstream's API server has them, for who may read there. */
export function clusterIssuerDocument(issuer: () => TokenIssuer, path: string): IssuerDocument | undefined {
  return path === '/openid/v1/jwks'
    ? keys(issuer())
    : path === configurationPath
      ? configuration(issuer())
      : undefined;
}

const configurationPath = '/.well-known/openid-configuration';

const configuration = ({ url }: TokenIssuer): IssuerDocument => ({
  type: 'application/json',
  body: {
    ...{ issuer: url, jwks_uri: `${url}/keys` },
    authorization_endpoint: 'urn:kubernetes:programmatic_authorization',
    ...{ response_types_supported: ['id_token'], subject_types_supported: ['public'] },
    ...{ claims_supported: ['sub', 'iss'], id_token_signing_alg_values_supported: [tokenAlgorithm] },
  },
});

const keys = ({ key }: TokenIssuer): IssuerDocument => ({
  type: 'application/jwk-set+json',
  body: { keys: [publicJwk(key)] },
});
