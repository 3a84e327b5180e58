import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EksServer, startEks, type TestCluster } from './testing/eks-server.ts';

const path = '/api/v1/namespaces/default/configmaps';
const text = '€'.repeat(20_000);
/** Together more than the sockets of one who does not read take. */
const count = 100;

describe('a list of many objects', () => {
  let server: EksServer;
  let cluster: TestCluster;

  beforeAll(async () => {
    server = await startEks();
    cluster = await server.cluster('long');
    for (let index = 0; index < count; index += 1) {
      const metadata = { name: `large-${String(index).padStart(3, '0')}` };
      await cluster.call('POST', path, { metadata, data: { text } });
    }
  });
  afterAll(() => server[Symbol.asyncDispose]());

  it('has each of them as it is got alone, less what the list says for all, compressed or not', async () => {
    const { json, bytes } = await cluster.call('GET', path);
    expect(bytes.length).toBeGreaterThan(count * 60_000);
    const large = json.items.filter(({ metadata }: { metadata: { name: string } }) =>
      metadata.name.startsWith('large-'),
    );
    expect(large).toHaveLength(count);
    const { json: alone } = await cluster.call('GET', `${path}/large-007`);
    const { apiVersion: _, kind: _kind, ...item } = alone;
    expect(large[7]).toEqual(item);
    const zipped = await asked({ 'accept-encoding': 'gzip' });
    expect(zipped.headers['content-encoding']).toBe('gzip');
    expect(JSON.parse(gunzipSync(await bytesOf(zipped)).toString()).items).toEqual(json.items);
    const head = await cluster.call('HEAD', path);
    expect([head.status, head.bytes.length]).toEqual([200, 0]);
  });

  it('waits for a client that does not read it, and ends when that one goes', async () => {
    const [first, ...others] = await Promise.all([asked(), asked(), asked()]);
    if (first === undefined) throw new Error('Nothing was answered');
    for (const response of others) {
      response.on('error', () => {});
      response.destroy();
    }
    expect((await cluster.call('GET', `${path}/large-001`)).status).toBe(200);
    const { items } = JSON.parse((await bytesOf(first)).toString());
    expect(items.length).toBeGreaterThanOrEqual(count);
    expect(server.troubles()).toEqual([]);
  });

  /** The answer to the list, of which nothing has been read. */
  async function asked(headers: Record<string, string> = {}): Promise<IncomingMessage> {
    const authorization = `Bearer ${await cluster.token()}`;
    const sent = request(`${cluster.endpoint}${path}`, {
      ...{ ca: cluster.certificateAuthority, agent: false, headers: { ...headers, authorization } },
    }).end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    return response.pause();
  }
});

async function bytesOf(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
