import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EksServer, startEks, type TestCluster } from './testing/eks-server.ts';

const path = '/api/v1/namespaces/default/configmaps';
const megabyte = 'x'.repeat(1_000_000);
/** More than the server keeps for one who does not read, and the sockets between them. */
const count = 24;

describe('a watcher that does not read', () => {
  let server: EksServer;
  let cluster: TestCluster;

  beforeAll(async () => {
    server = await startEks();
    cluster = await server.cluster('slow');
    for (let index = 0; index < count; index += 1)
      await cluster.call('POST', path, { metadata: { name: `large-${index}` }, data: { text: megabyte } });
  });
  afterAll(() => server[Symbol.asyncDispose]());

  it('gets all of a state that is larger than what may wait, when it does read', async () => {
    const response = await watch(`${path}?watch=1&timeoutSeconds=300`);
    // The server has sent what it may, and waits.
    await once(response, 'readable');
    await cluster.call('POST', path, { metadata: { name: 'last' } });
    const names: (string | undefined)[] = [];
    for await (const event of events(response)) {
      expect(event.type).toBe('ADDED');
      names.push(event.object.metadata.name);
      if (event.object.metadata.name === 'last') break;
    }
    expect(names.filter((name) => name?.startsWith('large-'))).toHaveLength(count);
  });

  it('is let go when too much of what happened waits for it, with the answer to begin again', async () => {
    const { json } = await cluster.call('GET', `${path}?limit=1`);
    const response = await watch(
      `${path}?watch=1&timeoutSeconds=300&resourceVersion=${json.metadata.resourceVersion}`,
    );
    for (let index = 0; index < count; index += 1)
      await cluster.call('PUT', `${path}/large-${index}`, {
        metadata: { name: `large-${index}` },
        data: { text: megabyte, changed: 'yes' },
      });
    let last: { type: string; object: { code?: number; reason?: string } } | undefined;
    for await (const event of events(response)) last = event;
    expect(last).toMatchObject({ type: 'ERROR', object: { code: 410, reason: 'Expired' } });
  });

  async function watch(at: string): Promise<IncomingMessage> {
    const sent = request(`${cluster.endpoint}${at}`, {
      ...{ ca: cluster.certificateAuthority, agent: false },
      headers: { authorization: `Bearer ${await cluster.token()}` },
    });
    sent.end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    return response;
  }
});

interface WatchEvent {
  readonly type: string;
  readonly object: {
    readonly metadata: { readonly name?: string };
    readonly code?: number;
    readonly reason?: string;
  };
}

async function* events(response: IncomingMessage): AsyncGenerator<WatchEvent> {
  let rest = '';
  for await (const chunk of response) {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield JSON.parse(line) as WatchEvent;
  }
}
