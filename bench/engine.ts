import { request } from 'node:http';

const socketPath = process.env['DOCKER_HOST']?.replace(/^unix:\/\//, '') ?? '/var/run/docker.sock';

/** One call of the Engine's API, as a person would make it with curl. @param body Bytes are a tar, all else is JSON. */
export function engine(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
  const raw = body instanceof Uint8Array;
  const payload = body === undefined ? undefined : raw ? body : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        socketPath,
        method,
        path,
        headers:
          payload === undefined ? {} : { 'content-type': raw ? 'application/x-tar' : 'application/json' },
      },
      (incoming) => {
        let text = '';
        incoming.setEncoding('utf8');
        incoming.on('data', (chunk: string) => {
          text += chunk;
        });
        incoming.on('end', () => {
          if ((incoming.statusCode ?? 500) >= 400)
            reject(new Error(`${method} ${path}: ${incoming.statusCode} ${text}`));
          else resolve(/^[{[]/.test(text) && !raw ? (JSON.parse(text) as Record<string, unknown>) : {});
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(payload);
  });
}
