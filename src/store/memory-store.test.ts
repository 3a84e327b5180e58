import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../clock/index.ts';
import { describeStoreConformance } from './conformance.ts';
import { put, watching } from './conformance-words.ts';
import { openMemoryStore } from './memory-store.ts';
import { CompactedError } from './store.ts';

describeStoreConformance('memory', async (clock) => openMemoryStore({ clock }));

describe('history that nobody compacts', () => {
  it('is bounded by revisions', async () => {
    const clock = new VirtualClock(0);
    await using store = openMemoryStore({ clock, history: { revisions: 100, ageMs: 300_000 } });
    using seen = watching(store, '', 1);
    for (let revision = 1; revision <= 1_000; revision++) await store.commit([], [put('/a', revision)]);
    expect(seen.revisions).toHaveLength(1_000);
    expect((await store.read('', { revision: 900 })).entries[0]?.value).toBe(900);
    await expect(store.read('', { revision: 890 })).rejects.toThrow(CompactedError);
  });

  it('is bounded by age, the last revision excepted', async () => {
    const clock = new VirtualClock(0);
    await using store = openMemoryStore({ clock, history: { revisions: 10_000, ageMs: 300_000 } });
    for (let minute = 1; minute <= 20; minute++) {
      await store.commit([], [put('/a', minute)]);
      await clock.advance(60_000);
    }
    expect((await store.read('', { revision: 16 })).entries[0]?.value).toBe(16);
    await expect(store.read('', { revision: 14 })).rejects.toThrow(CompactedError);
    await clock.advance(600_000);
    await expect(store.read('', { revision: 19 })).rejects.toThrow(CompactedError);
    expect((await store.read('', { revision: 20 })).entries[0]?.value).toBe(20);
    expect(clock.pendingTimers).toBe(0);
  });
});
