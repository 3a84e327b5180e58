import { request } from 'node:https';

export interface HttpsAnswer {
  readonly status: number;
  readonly body: string;
}

/** `GET` over TLS by a name at an address, trusting one authority alone, on a connection of its own. */
export function getOverTls(
  at: { readonly address: string; readonly name: string; readonly ca: string },
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<HttpsAnswer> {
  const { address: host, name: servername, ca } = at;
  return new Promise((resolve, reject) => {
    const options = { host, servername, ca, path, agent: false, timeout: 20_000 };
    const asked = request({ ...options, headers: { ...headers, host: servername } }, (answer) => {
      let body = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body: body.trim() }));
    });
    asked.on('error', reject);
    asked.on('timeout', () => asked.destroy(new Error(`${host} does not answer`)));
    asked.end();
  });
}
