import { describe, expect, it } from 'vitest';
import { systemClock } from '../../clock/index.ts';
import { again, done, openState } from '../../reconcile/index.ts';
import { openMemoryStore } from '../../store/index.ts';
import { expiredEvents } from './expired-events.ts';

const key = '/kubernetes/111122223333/eu-west-1/events/id/default/a';
const minute = 60_000;
const at = Date.parse('2026-01-01T00:00:00Z');
const event = (more: object = {}) => ({
  ...{ apiVersion: 'v1', kind: 'Event', reason: 'Started', ...more },
  metadata: { name: 'a', namespace: 'default', creationTimestamp: '2026-01-01T00:00:00Z' },
});

describe('an event', () => {
  it.each([
    ['stays for an hour', event(), 59 * minute, again(minute)],
    ['goes after an hour', event(), 60 * minute, done],
    [
      'stays as long as it is told again',
      event({ count: 2, lastTimestamp: '2026-01-01T00:30:00Z' }),
      60 * minute,
      again(30 * minute),
    ],
    [
      'goes although it says that it is of the future',
      event({ eventTime: '2099-01-01T00:00:00Z' }),
      60 * minute,
      done,
    ],
  ])('%s', async (_what, value, after, outcome) => {
    const clock = systemClock();
    await using stack = new AsyncDisposableStack();
    const store = stack.adopt(openMemoryStore({ clock }), (it) => it.close());
    await store.commit([], [{ type: 'put', key, value: value as never }]);
    const state = stack.adopt(await openState(store, { clock }), (it) => it.close());
    const { reconcile } = expiredEvents({ store, state, clock: { ...clock, now: () => at + after } });
    expect(await reconcile(key, AbortSignal.abort())).toEqual(outcome);
    expect((await store.get(key)) === undefined).toBe(outcome === done);
  });
});
