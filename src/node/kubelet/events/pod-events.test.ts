import { expect, it } from 'vitest';
import { seededRandom, VirtualClock } from '../../../clock/index.ts';
import { silentLog } from '../../../log.ts';
import { ApiError } from '../api/api-error.ts';
import { PodEvents, type PodEventsOptions } from './pod-events.ts';

it('an event says when it was, however late it is written', async () => {
  const clock = new VirtualClock(Date.parse('2026-01-01T00:00:00Z'));
  const done = new AbortController();
  const written: unknown[] = [];
  const api: PodEventsOptions['api'] = {
    create: async (_resource, _namespace, event) => {
      written.push(event);
      return event;
    },
    patch: async (_resource, _namespace, _name, { body }) => {
      written.push(body);
      done.abort();
      return {} as never;
    },
  };
  const events = new PodEvents({
    ...{ api, clock, nodeName: 'ip-10-0-1-7' },
    ...{ random: seededRandom(1), log: silentLog },
  });
  events.ofNode('Normal', 'Starting', 'Starting kubelet.');
  await clock.advance(10_000);
  events.ofNode('Normal', 'Starting', 'Starting kubelet.');
  await clock.advance(100_000);
  await events.run(done.signal);
  const [first, second] = ['2026-01-01T00:00:00Z', '2026-01-01T00:00:10Z'];
  expect(written).toMatchObject([
    { count: 1, firstTimestamp: first, lastTimestamp: first },
    { count: 2, lastTimestamp: second },
  ]);
});

it('an event that was not answered is written again, once, and before those that came later', async () => {
  const clock = new VirtualClock(0);
  const done = new AbortController();
  const written = new Map<string, string>();
  let calls = 0;
  const api: PodEventsOptions['api'] = {
    create: async (_resource, _namespace, event) => {
      calls += 1;
      const { name = '' } = event.metadata;
      if (calls === 1) throw new Error('connect ECONNREFUSED');
      if (written.has(name)) throw new ApiError('it is there', { code: 409, reason: 'AlreadyExists' });
      written.set(name, (event as unknown as { readonly reason: string }).reason);
      if (calls === 2) throw new Error('no answer');
      return event;
    },
    patch: () => Promise.reject(new Error('Nothing was told twice')),
  };
  const events = new PodEvents({
    ...{ api, clock, nodeName: 'ip-10-0-1-7' },
    ...{ random: seededRandom(1), log: silentLog },
  });
  const running = events.run(done.signal);
  for (const reason of ['Starting', 'NodeReady']) events.ofNode('Normal', reason, 'so it is');
  await clock.advance(20_000);
  expect([...written.values()]).toEqual(['Starting', 'NodeReady']);
  expect(calls).toBe(4);
  done.abort();
  await running;
  expect(clock.pendingTimers).toBe(0);
});
