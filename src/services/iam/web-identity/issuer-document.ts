import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { isIP } from 'node:net';
import { TLSSocket } from 'node:tls';
import { bare, isTrustedIssuer } from './issuer-certificate.ts';

/** The issuer shows a certificate that neither an authority nor a thumbprint vouches for. */
export class UntrustedIssuer extends Error {
  override readonly name = 'UntrustedIssuer';
}

/** The issuer can't be reached, is too slow, or answers with anything but the document. */
export class UnreachableIssuer extends Error {
  override readonly name = 'UnreachableIssuer';
}

const maxBytes = 256 * 1024;

/**
 * A JSON document of an issuer: over TLS alone, from just this address (redirects are not followed), up to 256 KiB.
 * @param now Epoch milliseconds, for certificates.
 * @throws {UntrustedIssuer}
 * @throws {UnreachableIssuer}
 */
export async function fetchIssuerDocument(
  url: URL,
  thumbprints: readonly string[],
  now: number,
  signal: AbortSignal,
): Promise<unknown> {
  if (url.protocol !== 'https:') throw new UnreachableIssuer(`${url} is not https`);
  try {
    const response = await get(
      url,
      (socket) => isTrustedIssuer(socket, url.hostname, thumbprints, now),
      signal,
    );
    return JSON.parse(await bodyOf(response, url));
  } catch (cause) {
    if (cause instanceof UntrustedIssuer || cause instanceof UnreachableIssuer) throw cause;
    throw new UnreachableIssuer(`${url} gave no document`, { cause });
  }
}

function get(
  url: URL,
  isTrusted: (socket: TLSSocket) => boolean,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const host = bare(url.hostname);
  return new Promise((resolve, reject) => {
    const asking = request(
      url,
      {
        // Decided below, before anything is asked.
        rejectUnauthorized: false,
        ...{ agent: false, signal, headers: { accept: 'application/json' } },
        ...(isIP(host) === 0 && { servername: host }),
      },
      resolve,
    );
    asking.once('error', reject);
    asking.once('socket', (socket) => {
      // While the connection is there: an issuer that has answered and gone shows no certificate any more.
      socket.once('secureConnect', () => {
        if (socket instanceof TLSSocket && isTrusted(socket)) return;
        asking.destroy(new UntrustedIssuer(`The certificate of ${url.host} is not trusted`));
      });
    });
    asking.end();
  });
}

async function bodyOf(response: IncomingMessage, url: URL): Promise<string> {
  if (response.statusCode !== 200) {
    response.destroy();
    throw new UnreachableIssuer(`${url} answers with status ${response.statusCode}`);
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // Leaving the loop closes the connection.
    if (bytes > maxBytes) throw new UnreachableIssuer(`${url} is larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
