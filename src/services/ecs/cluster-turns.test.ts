import { describe, expect, it } from 'vitest';
import { Refusal } from '../../protocols/index.ts';
import type { State, Transaction } from '../../reconcile/index.ts';
import { transactInTurn } from './cluster-turns.ts';
import { runTaskTokens } from './records.ts';
import { key, openRoom, scope, type TestRoom } from './testing/room.ts';

const counter = key(runTaskTokens, 'default', 'counter');

/** One more, in a record that all of them write. @returns how many there are then. */
function increment(tx: Transaction): number {
  const count = (tx.get(runTaskTokens, counter)?.createdAt ?? 0) + 1;
  tx.put(runTaskTokens, counter, { parametersHash: '', taskIds: [], createdAt: count });
  return count;
}

const inTurn = <R>(room: TestRoom, run: (tx: Transaction) => R): Promise<R> =>
  transactInTurn(room.ecs, scope, 'default', run);

/** Counts the commits that a state is asked for. */
function countingTransactions(room: TestRoom): {
  readonly ecs: TestRoom['ecs'];
  readonly transactions: () => number;
} {
  let transactions = 0;
  const { state } = room.ecs;
  const counted: State = {
    get: (collection, recordKey) => state.get(collection, recordKey),
    list: (collection, prefix) => state.list(collection, prefix),
    byIndex: (collection, index, value) => state.byIndex(collection, index, value),
    countByIndex: (collection, index, value) => state.countByIndex(collection, index, value),
    latestByIndex: (collection, index, value) => state.latestByIndex(collection, index, value),
    reached: (revision) => state.reached(revision),
    subscribe: (collection, listener) => state.subscribe(collection, listener),
    transact: (run) => {
      transactions += 1;
      return state.transact(run);
    },
  };
  return { ecs: Object.assign({}, room.ecs, { state: counted }), transactions: () => transactions };
}

describe('taking turns on a cluster', () => {
  it('has each run see what those before it wrote, and none twice', async () => {
    await using room = await openRoom();
    const counts = await Promise.all(Array.from({ length: 200 }, () => inTurn(room, increment)));
    expect(counts).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
    expect(room.ecs.state.get(runTaskTokens, counter)?.createdAt).toBe(200);
  });

  it('commits together those that came while a commit was under way', async () => {
    await using room = await openRoom();
    const { ecs, transactions } = countingTransactions(room);
    await Promise.all(Array.from({ length: 65 }, () => transactInTurn(ecs, scope, 'default', increment)));
    expect(transactions()).toBe(2);
  });

  it('gives an error to the caller whose run threw it, and to no other', async () => {
    await using room = await openRoom();
    const refusal = new Refusal('ClientException', 'no');
    const outcomes = await Promise.allSettled(
      Array.from({ length: 5 }, (_, index) =>
        inTurn(room, (tx) => {
          if (index === 2) throw refusal;
          return increment(tx);
        }),
      ),
    );
    expect(
      outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : outcome.reason)),
    ).toEqual([1, 2, refusal, 3, 4]);
  });

  it('writes nothing of a run that throws after it has written', async () => {
    await using room = await openRoom();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 5 }, (_, index) =>
        inTurn(room, (tx) => {
          const count = increment(tx);
          if (index === 2) throw new Error('too late');
          return count;
        }),
      ),
    );
    expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(1);
    expect(room.ecs.state.get(runTaskTokens, counter)?.createdAt).toBe(4);
  });

  it('tells the next to come back later when too many wait', async () => {
    await using room = await openRoom();
    const waiting = Array.from({ length: 2_001 }, () => inTurn(room, increment));
    await expect(inTurn(room, increment)).rejects.toMatchObject({ code: 'ThrottlingException' });
    await Promise.all(waiting);
    expect(await inTurn(room, increment)).toBe(2_002);
  });
});
