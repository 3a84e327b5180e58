import { describe, expect, it } from 'vitest';
import { openWhile } from './open-while.ts';

/** A switch, and what was done by it. */
function world(isOn: boolean) {
  const told: string[] = [];
  const listeners = new Set<() => void>();
  let breaks = false;
  return {
    told,
    listeners,
    breakNext: () => {
      breaks = true;
    },
    turn: (to: boolean) => {
      isOn = to;
      for (const listener of listeners) listener();
    },
    parts: {
      isOn: () => isOn,
      onChange: (listener: () => void) => {
        listeners.add(listener);
        return { [Symbol.dispose]: () => void listeners.delete(listener) };
      },
      open: async () => {
        if (breaks) {
          breaks = false;
          throw new Error('no socket');
        }
        told.push('opened');
        return {
          [Symbol.asyncDispose]: async () => {
            await Promise.resolve();
            told.push('closed');
          },
        };
      },
      failed: (error: unknown) => told.push(String(error)),
    },
  };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('what is switched', () => {
  it('is open while it is on, and closed in the end', async () => {
    const it = world(true);
    const opened = await openWhile(it.parts);
    expect(it.told).toEqual(['opened']);
    it.turn(false);
    it.turn(true);
    it.turn(true);
    await settled();
    it.turn(false);
    await settled();
    expect(it.told).toEqual(['opened', 'closed']);
    it.turn(true);
    await settled();
    await opened[Symbol.asyncDispose]();
    expect(it.told).toEqual(['opened', 'closed', 'opened', 'closed']);
    expect(it.listeners.size).toBe(0);
  });

  it('is not opened where it is off', async () => {
    const it = world(false);
    await using _ = await openWhile(it.parts);
    expect(it.told).toEqual([]);
  });

  it('tells when it can’t be opened: at first by throwing, later by saying so', async () => {
    const it = world(true);
    it.breakNext();
    await expect(openWhile(it.parts)).rejects.toThrow('no socket');
    expect(it.listeners.size).toBe(0);
    const other = world(false);
    await using _ = await openWhile(other.parts);
    other.breakNext();
    other.turn(true);
    await settled();
    expect(other.told).toEqual(['Error: no socket']);
    other.turn(true);
    await settled();
    expect(other.told).toEqual(['Error: no socket', 'opened']);
  });
});
