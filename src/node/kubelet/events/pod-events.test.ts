import { expect, it } from 'vitest';
import { seededRandom, VirtualClock } from '../../../clock/index.ts';
import { silentLog } from '../../../log.ts';
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
