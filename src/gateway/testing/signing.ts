import { Hash } from '@smithy/core/serde';
import { SignatureV4 } from '@smithy/signature-v4';
import type { HttpRequest } from '@smithy/types';
import type { RequestHead } from '../signature.ts';

export const testCredentials = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
};

export interface Unsigned {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string | string[]>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export function signerOf(
  service: string,
  credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  } = testCredentials,
  region = 'us-east-1',
): SignatureV4 {
  return new SignatureV4({ service, region, credentials, sha256: Hash.bind(null, 'sha256') });
}

export function httpRequest({ method, path, query, headers, body }: Unsigned): HttpRequest {
  return {
    method,
    protocol: 'http:',
    hostname: 'localhost',
    path,
    query: { ...query },
    headers: { ...headers },
    body,
  };
}

/** A signed request as the server meets it. */
export function headOf(request: Pick<HttpRequest, 'method' | 'path' | 'query' | 'headers'>): RequestHead {
  const pairs = Object.entries(request.query ?? {}).flatMap(([name, value]) =>
    [value ?? ''].flat().map((item) => `${encode(name)}=${encode(item)}`),
  );
  return {
    method: request.method,
    path: request.path,
    query: pairs.join('&'),
    headers: Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), value]),
    ),
    rawHeaders: Object.entries(request.headers).flat(),
  };
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
