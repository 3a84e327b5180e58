import { expect, it } from 'vitest';
import { seededRandom, VirtualClock } from '../../clock/index.ts';
import { recordingLog } from '../../log.ts';
import { openState, type RecordKey, startReconcilers } from '../../reconcile/index.ts';
import { openMemoryStore } from '../../store/index.ts';
import type { KubernetesContext } from '../context.ts';
import { clusterWide, nodes } from '../controllers/collections.ts';
import type { Pod } from '../controllers/objects.ts';
import { clusterOver, place, troubled } from '../controllers/testing/simulation.ts';
import { timestamp } from '../objects/object.ts';
import { ObjectStore } from '../objects/object-store.ts';
import { ObjectsInMemory } from '../objects/objects-in-memory.ts';
import { podScheduler } from './index.ts';

const work = `/kubernetes/${place.accountId}/${place.region}/pods/${place.id}/`;
const seeds = Array.from({ length: 40 }, (_, at) => at + 1);

/** The scheduler's process is killed at any point, its commits fail before or after they are done, and events come late. */
it.each(seeds)(
  'a scheduler that is killed binds each pod once, and in the end all (seed %i)',
  async (seed) => {
    const random = seededRandom(seed);
    const clock = new VirtualClock(Date.UTC(2026, 0, 1), { turnsPerStep: 4 });
    const store = openMemoryStore({ clock });
    const log = recordingLog();
    let share = 0.15;
    const begin = async () => {
      const own = troubled(store, random, () => share);
      const state = await openState(own, { clock });
      const cluster = {
        ...clusterOver(own, new ObjectStore(own, place), clock, random),
        inMemory: new ObjectsInMemory(state, place),
      };
      const context = { store: own, state, clock, random, log } as unknown as KubernetesContext;
      const reconcilers = startReconcilers({
        ...{ state, store: own, clock, random, log },
        reconcilers: [podScheduler(context, { clusterOf: () => cluster })],
      });
      return {
        idle: () => reconcilers.idle(),
        end: async () => void (await Promise.all([reconcilers.stop(), state.close()])),
      };
    };
    const put = (key: string, value: object) =>
      store.commit([], [{ type: 'put', key, value: value as never }]);
    const meta = (name: string) => ({ name, uid: name, creationTimestamp: timestamp(clock.now()) });
    for (const name of ['n1', 'n2', 'n3'])
      await put(`${clusterWide(work, nodes)}${name}`, {
        ...{ apiVersion: 'v1', kind: 'Node', metadata: meta(name) },
        status: { allocatable: { cpu: '4', memory: '8Gi', pods: '20' } },
      });
    const wrong: string[] = [];
    const boundTo = new Map<string, string>();
    store.watch(work, (await store.revision()) + 1, {
      onError: () => {},
      onBatch: ({ changes }) => {
        for (const change of changes) {
          if (change.type !== 'put') continue;
          const { metadata, spec } = change.entry.value as unknown as Pod;
          if (spec.nodeName === undefined) continue;
          if ((boundTo.get(metadata.uid) ?? spec.nodeName) !== spec.nodeName)
            wrong.push(`${metadata.name} is bound twice`);
          boundTo.set(metadata.uid, spec.nodeName);
          const there = [...boundTo.values()].filter((name) => name === spec.nodeName);
          // Each asks for half a processor of four.
          if (there.length > 8) wrong.push(`${metadata.name} is too much for ${spec.nodeName}`);
        }
      },
    });
    let running = await begin();
    for (let made = 0; made < 24; made++) {
      const name = `pod-${made}`;
      await put(`${work}default/${name}` as RecordKey, {
        ...{ apiVersion: 'v1', kind: 'Pod', metadata: { ...meta(name), namespace: 'default' } },
        spec: { containers: [{ name: 'c', image: 'a', resources: { requests: { cpu: '500m' } } }] },
        status: { phase: 'Pending' },
      });
      if (random.float() < 0.3) await clock.advance(random.integer(400));
      if (random.float() < 0.2) {
        await running.end();
        running = await begin();
      }
    }
    share = 0;
    await running.end();
    running = await begin();
    for (let minute = 0; minute < 10 && boundTo.size < 24; minute++) {
      await clock.advance(60_000);
      await running.idle();
    }
    expect(wrong).toEqual([]);
    expect(boundTo.size).toBe(24);
    await running.end();
    await store.close();
  },
);
