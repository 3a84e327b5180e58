import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startClusterProcess } from './testing/cluster-process.ts';
import { type TestCluster, testCluster } from './testing/eks-server.ts';

const path = '/api/v1/namespaces/default/configmaps';
const writers = 4;
const rounds = 2;

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'killed-'));
});
afterEach(() => rm(directory, { recursive: true }));

interface Event {
  readonly type: string;
  readonly object: { readonly metadata: { readonly name: string; readonly resourceVersion: string } };
}

/** Follows what happens from a revision on, until the connection breaks. */
async function follow(cluster: TestCluster, resourceVersion: string, seen: Event[]): Promise<void> {
  const sent = request(`${cluster.endpoint}${path}?watch=1&resourceVersion=${resourceVersion}`, {
    ...{ ca: cluster.certificateAuthority, agent: false },
    headers: { authorization: `Bearer ${await cluster.token()}` },
  }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  expect(response.statusCode).toBe(200);
  let rest = '';
  response.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) seen.push(JSON.parse(line));
  });
  await once(response, 'close').catch(() => {});
}

/** Writes as long as somebody answers. @returns the names whose writes were acknowledged, added as they are. */
async function write(cluster: TestCluster, prefix: string, acknowledged: Map<string, string>): Promise<void> {
  try {
    for (let index = 0; ; index++) {
      const name = `${prefix}-${index}`;
      const { status, json } = await cluster.call('POST', path, { metadata: { name } });
      if (status === 201) acknowledged.set(name, json.metadata.resourceVersion);
    }
  } catch {
    // Nobody answers any more.
  }
}

it('kill -9 loses nothing that was acknowledged, and watchers go on from where they were', async () => {
  const acknowledged = new Map<string, string>();
  const seen: Event[] = [];
  let last = '0';
  for (let round = 0; round < rounds; round++) {
    await using served = await startClusterProcess(directory);
    const cluster = testCluster('harbor', served.cluster);
    const { json: present } = await cluster.call('GET', path);
    const names = new Set(present.items.map((it: Event['object']) => it.metadata.name));
    expect([...acknowledged.keys()].filter((name) => !names.has(name))).toEqual([]);
    if (round === 0) last = present.metadata.resourceVersion;
    const following = follow(cluster, last, seen);
    const writing = Array.from({ length: writers }, (_, index) =>
      write(cluster, `r${round}-w${index}`, acknowledged),
    );
    const wanted = acknowledged.size + 60;
    while (acknowledged.size < wanted) await cluster.call('GET', `${path}?limit=1`);
    await served.kill();
    await Promise.all([following, ...writing]);
    last = seen.at(-1)?.object.metadata.resourceVersion ?? last;
  }
  // Whoever comes back once more has seen each of them once, in order.
  await using served = await startClusterProcess(directory);
  const cluster = testCluster('harbor', served.cluster);
  const missed = await cluster.call('GET', `${path}?watch=1&timeoutSeconds=1&resourceVersion=${last}`);
  for (const line of missed.text.split('\n')) if (line !== '') seen.push(JSON.parse(line));
  expect(new Set(seen.map(({ type }) => type))).toEqual(new Set(['ADDED']));
  const revisions = seen.map(({ object }) => Number(object.metadata.resourceVersion));
  expect(revisions).toEqual(revisions.toSorted((one, other) => one - other));
  const told = new Map(seen.map(({ object }) => [object.metadata.name, object.metadata.resourceVersion]));
  expect(told.size).toBe(seen.length);
  for (const [name, revision] of acknowledged) expect(told.get(name), name).toBe(revision);
}, 120_000);
