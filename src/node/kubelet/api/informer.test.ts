import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom, systemClock } from '../../../clock/index.ts';
import { silentLog } from '../../../log.ts';
import type { KubernetesObject } from '../objects/object.ts';
import { TestNodes } from '../testing/test-cluster.ts';
import { ApiClient, type WatchEvent } from './api-client.ts';
import { ApiError } from './api-error.ts';
import { Informer } from './informer.ts';
import type { Resource } from './resources.ts';

const configMaps: Resource<KubernetesObject & { readonly data?: Record<string, string> }> = {
  ...{ group: '', version: 'v1', name: 'configmaps', kind: 'ConfigMap', isNamespaced: true },
};
const clock = systemClock();
const random = seededRandom(5);

let nodes: TestNodes;
let api: ApiClient;
beforeAll(async () => {
  nodes = await TestNodes.open();
  const { endpoint, certificateAuthority, token } = nodes.cluster;
  api = new ApiClient({ endpoint, certificateAuthority, token: () => token() }, { clock, random });
});
afterAll(async () => {
  api[Symbol.dispose]();
  await nodes[Symbol.asyncDispose]();
});

const { signal } = new AbortController();
const make = (name: string, value: string) =>
  api.create(configMaps, 'default', { metadata: { name, namespace: 'default' }, data: { value } }, signal);

async function until(what: string, holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 5_000 && !holds(); tries++) await clock.sleep(10);
  if (!holds()) throw new Error(`Not seen: ${what}`);
}

describe('ApiClient', () => {
  it('creates, reads, changes and deletes', async () => {
    const { metadata } = await make('one', 'a');
    const body = { data: { value: 'b' } };
    await api.patch(configMaps, 'default', 'one', { type: 'merge', body }, signal);
    const read = await api.get(configMaps, 'default', 'one', signal);
    expect(read.data).toEqual({ value: 'b' });
    await api.update(configMaps, { ...read, data: { value: 'c' } }, signal);
    await expect(api.update(configMaps, read, signal)).rejects.toMatchObject({
      code: 409,
      reason: 'Conflict',
    });
    const other = api.delete(configMaps, 'default', 'one', { uid: 'of-another' }, signal);
    await expect(other).rejects.toMatchObject({ code: 409 });
    await api.delete(configMaps, 'default', 'one', { uid: metadata.uid ?? '' }, signal);
    const gone = api.get(configMaps, 'default', 'one', signal);
    await expect(gone).rejects.toThrow(ApiError);
    await expect(gone).rejects.toMatchObject({ code: 404, reason: 'NotFound' });
  });

  it('asks for another token when the one it has is refused', async () => {
    const tokens = ['no-token', await nodes.cluster.token()];
    const { endpoint, certificateAuthority } = nodes.cluster;
    const access = { endpoint, certificateAuthority, token: async () => tokens.shift() ?? 'none is left' };
    using client = new ApiClient(access, { clock, random });
    expect(await client.serverVersion(signal)).toMatch(/^v1\./);
    await expect(client.list(configMaps, {}, signal)).resolves.toBeDefined();
    expect(tokens).toEqual([]);
  });

  it('says of a watch that began too long ago that it has expired', async () => {
    const watch = async (): Promise<WatchEvent<KubernetesObject> | undefined> => {
      for await (const event of api.watch(configMaps, {}, '99999999', signal)) return event;
      return undefined;
    };
    await expect(watch()).rejects.toThrow(ApiError);
  });
});

describe('Informer', () => {
  it('knows what is there, and is told of what comes, changes and goes', async () => {
    await make('before', 'a');
    const changes: string[] = [];
    const informer = new Informer({
      ...{ api, resource: configMaps, clock, random, log: silentLog },
      selection: { namespace: 'default', fieldSelector: 'metadata.name!=kube-root-ca.crt' },
      onChange: (now, was) => {
        changes.push(
          `${(now ?? was)?.metadata.name}: ${was?.data?.value ?? '-'} -> ${now?.data?.value ?? '-'}`,
        );
      },
    });
    const abort = new AbortController();
    const running = informer.run(abort.signal);
    await informer.synced;
    expect(informer.get('default', 'before')?.data).toEqual({ value: 'a' });
    await make('after', 'b');
    await api.patch(
      ...([
        configMaps,
        'default',
        'after',
        { type: 'merge', body: { data: { value: 'c' } } },
        signal,
      ] as const),
    );
    await api.delete(configMaps, 'default', 'before', {}, signal);
    await until('all changes', () => changes.length >= 4);
    expect(changes).toEqual(['before: - -> a', 'after: - -> b', 'after: b -> c', 'before: a -> -']);
    expect(informer.all().map(({ metadata }) => metadata.name)).toEqual(['after']);
    abort.abort();
    await running;
    await api.delete(configMaps, 'default', 'after', {}, signal);
  });

  it('goes on where it was when a connection breaks, and lists anew when that is forgotten', async () => {
    await make('kept', 'a');
    const froms: string[] = [];
    let lists = 0;
    const failing: Pick<ApiClient, 'list' | 'watch'> = {
      list: (...asked) => {
        lists += 1;
        return api.list(...asked);
      },
      watch: async function* (resource, selection, from, aborted) {
        froms.push(from);
        if (froms.length === 1) throw new Error('reset');
        if (froms.length === 2) throw new ApiError('too old', { code: 410, reason: 'Expired' });
        yield* api.watch(resource, selection, from, aborted);
      },
    };
    const soon = { ...clock, sleep: (_: number, aborted?: AbortSignal) => clock.sleep(1, aborted) };
    const informer = new Informer({
      ...{ api: failing, resource: configMaps, selection: { namespace: 'default' } },
      ...{ clock: soon, random, log: silentLog },
    });
    const abort = new AbortController();
    const running = informer.run(abort.signal);
    await until('a third watch', () => froms.length >= 3);
    expect(lists).toBe(2);
    expect(froms[1]).toBe(froms[0]);
    await make('new', 'b');
    await until('the new object', () => informer.get('default', 'new') !== undefined);
    abort.abort();
    await running;
  });
});
