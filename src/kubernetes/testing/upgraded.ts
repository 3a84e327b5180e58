import { connect } from 'node:tls';
import type { TestCluster } from './eks-server.ts';

/**
 * What comes back to who asks for another protocol, says something in it and ends: whoever speaks it greets by `hello;`, and
 * says everything back louder.
 * @param path Below the API server's root.
 */
export async function upgraded(
  cluster: TestCluster,
  path: string,
  headers: Record<string, string> = {},
): Promise<string> {
  const { hostname, port } = new URL(cluster.endpoint);
  const lines = Object.entries({
    ...{ host: `${hostname}:${port}`, authorization: `Bearer ${await cluster.token()}` },
    ...{ connection: 'Upgrade', upgrade: 'echo', ...headers },
  }).map(([name, value]) => `${name}: ${value}`);
  const socket = connect({ host: hostname, port: Number(port), ca: cluster.certificateAuthority });
  socket.write(`GET ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
  let heard = '';
  let hasTyped = false;
  for await (const chunk of socket) {
    heard += chunk;
    if (heard.endsWith('hello;') && !hasTyped) {
      hasTyped = true;
      socket.write('typed');
    }
    if (heard.endsWith('TYPED')) socket.end();
    if (heard.startsWith('HTTP/1.1 200')) socket.end();
  }
  return heard;
}
