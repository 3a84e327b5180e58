import { expect, it } from 'vitest';
import { readUnfollowed } from './open-unfollowed.ts';

it.skipIf(process.platform !== 'linux')(
  'no more is read of a file than may be, whatever size it says',
  async () => {
    // The kernel's own files say that they have nothing.
    const directory = `/proc/${process.pid}`;
    const text = await readUnfollowed(directory, 'status', 65_536);
    expect(text).toContain('Name:');
    await expect(readUnfollowed(directory, 'status', 16)).rejects.toThrow('status has more than 16 bytes');
    expect(await readUnfollowed(directory, 'comm', 16)).toMatch(/\n$/);
  },
);
