import { Sha256Node } from '@smithy/core/checksum';
import { HttpRequest } from '@smithy/core/transport';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Clock } from '../../clock/index.ts';
import type { AgentCredentials } from '../agent-credentials.ts';

/** The headers of a request that no SDK writes, with its signature (SigV4). */
export async function signedHeaders(
  request: {
    readonly method: 'GET' | 'POST';
    readonly url: URL;
    readonly service: string;
    readonly body?: string;
  },
  options: { readonly region: string; readonly credentials: AgentCredentials; readonly clock: Clock },
): Promise<Record<string, string>> {
  const { method, url, service, body } = request;
  const { region, credentials, clock } = options;
  const signer = new SignatureV4({ service, region, credentials, sha256: Sha256Node });
  const unsigned = new HttpRequest({
    method,
    protocol: url.protocol,
    hostname: url.hostname,
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers: { host: url.host, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    body,
  });
  const signed = await signer.sign(unsigned, { signingDate: new Date(clock.now()) });
  return signed.headers;
}
