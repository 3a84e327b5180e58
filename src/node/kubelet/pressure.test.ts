import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { pressureOf, spaceOf } from './pressure.ts';

const MiB = 1_048_576;
const memory = { capacityBytes: 1_024 * MiB, usedBytes: 0 };
const disk = { totalBytes: 1_000, availableBytes: 500, totalInodes: 100, freeInodes: 50 };

describe('pressureOf', () => {
  it('is none where there is enough', () => {
    expect(pressureOf(memory, disk)).toEqual({ isMemoryLow: false, isDiskLow: false });
  });

  it('is of memory below 100 MiB', () => {
    expect(pressureOf({ ...memory, usedBytes: 924 * MiB }, disk).isMemoryLow).toBe(false);
    expect(pressureOf({ ...memory, usedBytes: 924 * MiB + 1 }, disk).isMemoryLow).toBe(true);
  });

  it.each([
    ['a tenth of the bytes is left', { availableBytes: 100 }, false],
    ['less than that is left', { availableBytes: 99 }, true],
    ['less than a twentieth of the inodes is left', { freeInodes: 4 }, true],
    ['inodes are made as needed', { totalInodes: 0, freeInodes: 0 }, false],
  ])('of the disk when %s', (_, change, isDiskLow) => {
    expect(pressureOf(memory, { ...disk, ...change }).isDiskLow).toBe(isDiskLow);
  });

  it('is read from a real file system', async () => {
    const space = await spaceOf(tmpdir());
    expect(space.totalBytes).toBeGreaterThan(space.availableBytes);
    expect(space.availableBytes).toBeGreaterThan(0);
  });
});
