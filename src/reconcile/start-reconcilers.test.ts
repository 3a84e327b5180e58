import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { seededRandom, VirtualClock } from '../clock/index.ts';
import { type RecordingLog, recordingLog } from '../log.ts';
import { openMemoryStore, type Store } from '../store/index.ts';
import { type OpenState, openState } from './open-state.ts';
import {
  again,
  done,
  type Outcome,
  type Reconciler,
  RefusedError,
  TerminalError,
  watching,
} from './reconciler.ts';
import { type Reconcilers, type ReconcilersOptions, startReconcilers } from './start-reconcilers.ts';
import { type Collection, type RecordKey, recordKey } from './state.ts';
import { cutting } from './testing/stores.ts';

interface Job {
  readonly wanted: number;
  readonly done?: number;
}

const jobs: Collection<Job> = { service: 'work', noun: 'job', indexes: {} };
const jobKey = (name: string, accountId = '111'): RecordKey => recordKey(jobs, accountId, 'eu', name);

let clock: VirtualClock;
let store: Store;
let state: OpenState;
let log: RecordingLog;
const running: Reconcilers[] = [];
beforeEach(async () => {
  clock = new VirtualClock(0);
  store = openMemoryStore({ clock });
  state = await openState(store, { clock });
  log = recordingLog();
});
afterEach(async () => {
  for (const reconcilers of running.splice(0)) await reconcilers.stop();
  await state.close();
  await store.close();
  expect(clock.pendingTimers).toBeLessThanOrEqual(1);
});

const start = (
  reconcile: Reconciler['reconcile'],
  { concurrency, ...options }: Partial<ReconcilersOptions> & { concurrency?: number } = {},
): Reconcilers => {
  const reconciler: Reconciler = {
    name: 'worker',
    watches: [watching(jobs, ({ key }) => [key])],
    ...(concurrency === undefined ? {} : { concurrency }),
    reconcile,
  };
  const started = startReconcilers({
    ...{ state, store, clock, log, random: seededRandom('work'), reconcilers: [reconciler] },
    ...options,
  });
  running.push(started);
  return started;
};

const putJob = (name: string, wanted = 1, accountId?: string): Promise<void> =>
  state.transact((tx) => tx.put(jobs, jobKey(name, accountId), { wanted }));

/** Notes the keys it is given, by their last part, and does what it is told. */
const noting = (
  runs: string[],
  then: (name: string) => Outcome | Promise<Outcome> = () => done,
): Reconciler['reconcile'] => {
  return async (key) => {
    const name = key.split('/').at(-1) ?? '';
    runs.push(name);
    return then(name);
  };
};

describe('a reconciler', () => {
  it('sees every key there is, then every key that changes', async () => {
    await putJob('a');
    await putJob('b');
    const runs: string[] = [];
    const reconcilers = start(noting(runs));
    await reconcilers.idle();
    expect(runs).toEqual(['a', 'b']);
    await putJob('c');
    await putJob('a', 2);
    await state.transact((tx) => tx.delete(jobs, jobKey('b')));
    await reconcilers.idle();
    expect(runs).toEqual(['a', 'b', 'c', 'a', 'b']);
    expect(reconcilers.stats()).toMatchObject({ isLeading: true, queued: 0, running: 0, failures: 0 });
  });

  it('converges, and its own writes bring it back until nothing is left to do', async () => {
    const reconcilers = start(async (key) => {
      await state.transact((tx) => {
        const job = tx.get(jobs, key as RecordKey);
        if (job !== undefined && (job.done ?? 0) < job.wanted)
          tx.put(jobs, key as RecordKey, { ...job, done: (job.done ?? 0) + 1 });
      });
      return done;
    });
    await putJob('a', 5);
    await putJob('b', 3);
    await reconcilers.idle();
    expect([...state.list(jobs)].map(({ value }) => value.done)).toEqual([5, 3]);
  });

  it('never runs a key twice at a time, and runs it again if it changed meanwhile', async () => {
    let inside = 0;
    let most = 0;
    const seen: (number | undefined)[] = [];
    const reconcilers = start(async (key) => {
      most = Math.max(most, ++inside);
      seen.push(state.get(jobs, key as RecordKey)?.wanted);
      await clock.sleep(10);
      inside--;
      return done;
    });
    await putJob('a', 1);
    await clock.advance(5);
    for (const wanted of [2, 3, 4]) await putJob('a', wanted);
    await clock.advance(100);
    await reconcilers.idle();
    expect(most).toBe(1);
    expect(seen).toEqual([1, 4]);
  });

  it('runs so many keys at a time as it asked for, accounts taking turns', async () => {
    let inside = 0;
    let most = 0;
    const order: string[] = [];
    for (let n = 0; n < 6; n++) await putJob(`big-${n}`, 1, '111');
    await putJob('small', 1, '222');
    const reconcilers = start(
      async (key) => {
        order.push(key.split('/').at(-1) ?? '');
        most = Math.max(most, ++inside);
        await clock.sleep(10);
        inside--;
        return done;
      },
      { concurrency: 2 },
    );
    await clock.advance(5);
    expect(reconcilers.stats()).toMatchObject({ queued: 5, running: 2 });
    await clock.advance(100);
    await reconcilers.idle();
    expect(most).toBe(2);
    expect(order).toHaveLength(7);
    expect(order.indexOf('small')).toBe(1);
  });

  it('comes again when it asked for it, or earlier if something changes', async () => {
    const at: number[] = [];
    const reconcilers = start(async () => {
      at.push(clock.now());
      return again(60_000);
    });
    await putJob('a');
    await clock.advance(90_000);
    expect(at).toEqual([0, 60_000]);
    expect(reconcilers.stats()).toMatchObject({ sleeping: 1, retrying: 0 });
    await putJob('a', 2);
    await reconcilers.idle();
    await clock.advance(59_999);
    expect(at).toEqual([0, 60_000, 90_000]);
    await clock.advance(1);
    expect(at).toEqual([0, 60_000, 90_000, 150_000]);
  });
});

describe('a run that fails', () => {
  it('is tried again with growing waits from 250 ms to 2 minutes, and logged each time once', async () => {
    const at: number[] = [];
    const reconcilers = start(async () => {
      at.push(clock.now());
      throw new Error('the world is not ready');
    });
    await putJob('a');
    await clock.advance(3_600_000);
    const waits = at.slice(1).map((time, place) => time - (at[place] ?? 0));
    expect(waits.length).toBeGreaterThan(30);
    waits.forEach((waitMs, place) => {
      expect(waitMs).toBeGreaterThanOrEqual(Math.min(60_000, 250 * 2 ** place));
      expect(waitMs).toBeLessThanOrEqual(Math.min(120_000, 500 * 2 ** place));
    });
    expect(log.lines).toHaveLength(at.length);
    expect(log.lines[0]).toMatchObject({
      level: 'warn',
      fields: {
        reconciler: 'worker',
        key: jobKey('a'),
        failures: 1,
        error: { message: 'the world is not ready' },
      },
    });
    expect(reconcilers.stats()).toMatchObject({ retrying: 1, sleeping: 0, failures: at.length });
  });

  it('starts over with short waits once it succeeded', async () => {
    const at: number[] = [];
    let isBroken = true;
    start(async () => {
      at.push(clock.now());
      if (isBroken) throw new Error('broken');
      return done;
    });
    await putJob('a');
    await clock.advance(300_000);
    isBroken = false;
    await clock.advance(120_000);
    isBroken = true;
    at.splice(0);
    await putJob('a', 2);
    await clock.advance(600);
    expect(at).toHaveLength(2);
  });

  it('is tried at once when the record changes meanwhile', async () => {
    const wanted: (number | undefined)[] = [];
    start(async (key) => {
      wanted.push(state.get(jobs, key as RecordKey)?.wanted);
      throw new Error('broken');
    });
    await putJob('a');
    await clock.advance(300_000);
    wanted.splice(0);
    await putJob('a', 2);
    await clock.advance(0);
    expect(wanted).toEqual([2]);
  });

  it('backs off also when it is its own writing that changes the record', async () => {
    let runs = 0;
    start(async (key) => {
      runs++;
      await state.transact((tx) => tx.put(jobs, key as RecordKey, { wanted: runs }));
      throw new Error('broken');
    });
    await putJob('a');
    await clock.advance(10_000);
    expect(runs).toBeLessThan(8);
  });

  it('for good is left alone until the key changes', async () => {
    const runs: string[] = [];
    const reconcilers = start(
      noting(runs, () => {
        throw new TerminalError('never');
      }),
    );
    await putJob('a');
    await clock.advance(3_600_000);
    expect(runs).toEqual(['a']);
    expect(log.lines).toMatchObject([{ level: 'error', fields: { error: { message: 'never' } } }]);
    expect(reconcilers.stats()).toMatchObject({ retrying: 0, failures: 1 });
    await putJob('a', 2);
    await reconcilers.idle();
    expect(runs).toEqual(['a', 'a']);
  });

  it('by a refusal is told in a calm line without a stack, and tried again', async () => {
    const runs: string[] = [];
    start(
      noting(runs, () => {
        if (runs.length === 1) throw new RefusedError('exceeded quota: compute');
        return done;
      }),
    );
    await putJob('a');
    await clock.advance(3_600_000);
    expect(runs).toEqual(['a', 'a']);
    expect(log.lines).toMatchObject([
      { level: 'info', fields: { failures: 1, reason: 'exceeded quota: compute' } },
    ]);
    expect(log.lines[0]?.fields).not.toHaveProperty('error');
  });

  it('does not hold up other keys, nor does a mapping that throws', async () => {
    const runs: string[] = [];
    const mapping: Reconciler = {
      name: 'mapping',
      watches: [
        watching(jobs, () => {
          throw new Error('mapping');
        }),
      ],
      reconcile: async () => done,
    };
    const worker: Reconciler = {
      name: 'worker',
      watches: [watching(jobs, ({ key }) => [key])],
      reconcile: noting(runs, (name) => {
        if (name === 'bad') throw new Error('broken');
        return done;
      }),
    };
    const reconcilers = start(async () => done, { reconcilers: [mapping, worker] });
    for (const name of ['bad', 'good']) await putJob(name);
    await reconcilers.idle();
    expect(runs).toEqual(['bad', 'good']);
    expect(log.lines.map(({ fields }) => fields.reconciler).sort()).toEqual(['mapping', 'mapping', 'worker']);
  });
});

describe('stopping', () => {
  it('aborts what runs, waits for it, and starts nothing more', async () => {
    const events: string[] = [];
    const reconcilers = start(async (_, signal) => {
      events.push('started');
      await clock.sleep(60_000, signal).catch(() => {});
      await clock.sleep(5_000);
      events.push('ended');
      return again(1);
    });
    await putJob('a');
    await clock.advance(0);
    let isStopped = false;
    const stopping = reconcilers.stop().then(() => {
      isStopped = true;
    });
    await putJob('a', 2);
    await putJob('b');
    await clock.advance(4_999);
    expect(isStopped).toBe(false);
    await clock.advance(1);
    await stopping;
    await clock.advance(600_000);
    expect(events).toEqual(['started', 'ended']);
    expect(reconcilers.stats()).toMatchObject({ isLeading: false, queued: 0, running: 0 });
    expect(log.lines).toEqual([]);
  });
});

describe('with a lease', () => {
  const lead = (holder: string, runs: string[]): Reconcilers =>
    start(
      async (key, signal) => {
        runs.push(`${holder} ${key.split('/').at(-1)}`);
        await clock.sleep(100, signal);
        return done;
      },
      { lease: { holder, ttlMs: 15_000 } },
    );

  it('one process reconciles and the other takes over when it stops', async () => {
    const runs: string[] = [];
    const one = lead('one', runs);
    await one.idle();
    const two = lead('two', runs);
    await two.idle();
    expect([one.stats().isLeading, two.stats().isLeading]).toEqual([true, false]);
    await putJob('a');
    await clock.advance(120_000);
    expect(runs).toEqual(['one a']);
    await one.stop();
    await clock.advance(1_000);
    expect([one.stats().isLeading, two.stats().isLeading]).toEqual([false, true]);
    expect(runs).toEqual(['one a', 'two a']);
    await two.stop();
    expect(await store.get('/leases/reconcilers')).toBeUndefined();
  });

  it('a leader that can no longer renew stops before the other starts', async () => {
    const runs: string[] = [];
    let isCutOff = false;
    const cutOff = cutting(store, () => isCutOff);
    const one = start(
      async (key, signal) => {
        runs.push(`one ${key.split('/').at(-1)}`);
        await clock.sleep(600_000, signal).finally(() => runs.push('one ended'));
        return done;
      },
      { store: cutOff, lease: { holder: 'one', ttlMs: 15_000 } },
    );
    await one.idle();
    const two = lead('two', runs);
    await putJob('a');
    await clock.advance(30_000);
    isCutOff = true;
    await clock.advance(16_000);
    expect(runs).toEqual(['one a', 'one ended', 'two a']);
    expect([one.stats().isLeading, two.stats().isLeading]).toEqual([false, true]);
    isCutOff = false;
    await clock.advance(600_000);
    expect([one.stats().isLeading, two.stats().isLeading]).toEqual([false, true]);
  });

  it('a leader whose key is taken from it steps down, and stands again', async () => {
    const runs: string[] = [];
    const one = lead('one', runs);
    await one.idle();
    await putJob('a');
    await clock.advance(1_000);
    await store.commit([], [{ type: 'delete', key: '/leases/reconcilers' }]);
    await clock.advance(1_000);
    expect(one.stats().isLeading).toBe(true);
    expect(log.lines.map(({ message }) => message)).toEqual(['Leading', 'No longer leading', 'Leading']);
    expect(runs).toEqual(['one a', 'one a']);
  });

  it('a process that comes back under its name need not wait for its old lease', async () => {
    const lease = await store.grantLease(15_000);
    const left = { holder: 'one', sinceMs: 0 };
    await store.commit([], [{ type: 'put', key: '/leases/reconcilers', value: left, lease }]);
    const one = lead('one', []);
    await one.idle();
    expect(one.stats().isLeading).toBe(true);
    await clock.advance(60_000);
    expect(one.stats().isLeading).toBe(true);
    expect(await store.get('/leases/reconcilers')).toBeDefined();
  });
});
