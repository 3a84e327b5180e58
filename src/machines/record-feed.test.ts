import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../clock/index.ts';
import { type Collection, openState, recordKey, type State } from '../reconcile/index.ts';
import { openMemoryStore } from '../store/index.ts';
import { type FeedSocket, openRecordFeed } from './record-feed.ts';
import { ackType, type RecordsMessage, readRecordsMessage } from './record-frames.ts';
import { RecordReplica } from './record-replica.ts';

interface Crate {
  readonly weight: number;
}
const crates: Collection<Crate> = { service: 'test', noun: 'crate', indexes: {} };
const secrets: Collection<Crate> = { service: 'test', noun: 'secret', indexes: {} };
const keyOf = (id: string, collection = crates) => recordKey(collection, '1', 'r', id);
const followed = [crates];

/** A control plane and a machine that follows it by wires which a test can cut. */
class World implements AsyncDisposable {
  readonly clock = new VirtualClock(0);
  readonly home: State;
  readonly there: State;
  readonly replica: RecordReplica;
  /** Of every message that came: how many records, and which part. */
  readonly heard: string[] = [];
  /** Says nothing of what it hears. */
  isMute = false;
  closed = 0;
  #closeStates: () => Promise<unknown>;

  private constructor(home: State, there: State, closeStates: () => Promise<unknown>, clock: VirtualClock) {
    this.clock = clock;
    this.home = home;
    this.there = there;
    this.replica = new RecordReplica(there, followed);
    this.#closeStates = closeStates;
  }

  static async open(): Promise<World> {
    const clock = new VirtualClock(0);
    const [home, there] = await Promise.all(
      [1, 2].map(async () => openState(openMemoryStore({ clock }), { clock })),
    );
    if (home === undefined || there === undefined) throw new Error('not opened');
    return new World(home, there, () => Promise.all([home.close(), there.close()]), clock);
  }

  connect(): EventEmitter & FeedSocket {
    const take = this.replica.begin();
    const socket = Object.assign(new EventEmitter(), {
      send: async (text: string) => {
        const { message } = JSON.parse(text) as { message: RecordsMessage };
        const { records, part } = readRecordsMessage(message.records, message.part);
        this.heard.push(`${records.length} ${part}`);
        await take({ records, part });
        if (!this.isMute) socket.emit('message', JSON.stringify({ type: ackType, message: {} }));
      },
      ping: () => {},
      terminate: () => void socket.emit('close'),
    }) as unknown as EventEmitter & FeedSocket;
    const { signal } = new AbortController();
    const onClose = (): void => {
      this.closed += 1;
    };
    openRecordFeed({ state: this.home, collections: followed, socket, clock: this.clock, signal, onClose });
    return socket;
  }

  put(weights: Readonly<Record<string, number>>): Promise<void> {
    return this.home.transact((tx) => {
      for (const [id, weight] of Object.entries(weights)) tx.put(crates, keyOf(id), { weight });
    });
  }

  delete(id: string): Promise<void> {
    return this.home.transact((tx) => tx.delete(crates, keyOf(id)));
  }

  async follows(): Promise<void> {
    const shown = (state: State) => [...state.list(crates)].map(({ key, value }) => [key, value]);
    await expect.poll(() => shown(this.there)).toEqual(shown(this.home));
  }

  [Symbol.asyncDispose] = async (): Promise<void> => void (await this.#closeStates());
}

describe('a machine that follows records', () => {
  it('hears everything, then what changes, and nothing of what it does not follow', async () => {
    await using world = await World.open();
    const many = Object.fromEntries(Array.from({ length: 1_200 }, (_, index) => [`c${index}`, index]));
    await world.put(many);
    await world.home.transact((tx) => tx.put(secrets, keyOf('s', secrets), { weight: 1 }));
    world.connect();
    await world.replica.complete;
    await world.follows();
    expect(world.heard).toEqual(['500 page', '500 page', '200 last-page']);
    await world.put({ c1: 7, c2: 8, extra: 9 });
    await world.delete('c3');
    await world.follows();
    expect([...world.there.list(secrets)]).toEqual([]);
    expect(world.heard.slice(3)).toEqual(['3 change', '1 change']);
  });

  it('never sees half of a commit, however long it takes over the one before', async () => {
    await using world = await World.open();
    await world.put({ a: 0, b: 0 });
    const seen = new Set<string>();
    world.there.subscribe(crates, () => {
      const [a, b] = ['a', 'b'].map((id) => world.there.get(crates, keyOf(id))?.weight);
      seen.add(`${a} ${b}`);
    });
    world.connect();
    for (let weight = 1; weight <= 20; weight += 1) await world.put({ a: weight, b: weight });
    await world.follows();
    for (const pair of seen) expect(new Set(pair.split(' ')).size).toBe(1);
  });

  it('puts right after a break what came, changed and went meanwhile', async () => {
    await using world = await World.open();
    await world.put({ stays: 1, changes: 1, goes: 1 });
    world.connect().emit('close');
    const socket = world.connect();
    await world.follows();
    socket.terminate();
    await world.put({ changes: 2, comes: 1 });
    await world.delete('goes');
    expect(world.there.get(crates, keyOf('goes'))).toBeDefined();
    world.connect();
    await world.follows();
    expect(world.closed).toBe(2);
  });

  it('is cut off when it acknowledges nothing, or is not heard of', async () => {
    await using world = await World.open();
    world.isMute = true;
    world.connect();
    await world.clock.advance(60_000);
    expect(world.closed).toBe(1);
    world.isMute = false;
    const socket = world.connect();
    await world.clock.advance(30_000);
    socket.emit('pong');
    await world.clock.advance(30_000);
    expect(world.closed).toBe(1);
    await world.clock.advance(30_000);
    expect(world.closed).toBe(2);
  });

  it.each([
    [undefined, 'page'],
    [[['key']], 'page'],
    [[[1, {}]], 'page'],
    [[['key', 'value']], 'change'],
    [[], 'all'],
  ])('takes no %j as %s', (records, part) => {
    expect(() => readRecordsMessage(records, part)).toThrow(TypeError);
  });
});
