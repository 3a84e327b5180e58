import { expect, it } from 'vitest';
import { ImageAccounts } from './image-accounts.ts';

const never = new AbortController().signal;

it('reads the accounts of an image once, and again after a failure', async () => {
  const asked: string[] = [];
  let fails = true;
  const accounts = new ImageAccounts({
    readImageFiles: async (reference) => {
      asked.push(reference);
      if (fails) throw new Error('away');
      return new Map([['/etc/group', 'crew:x:5:sailor']]);
    },
  });
  await expect(accounts.of({ id: 'sha256:a' }, never)).rejects.toThrow('away');
  fails = false;
  const [one, other] = await Promise.all(['a', 'a'].map(() => accounts.of({ id: 'sha256:a' }, never)));
  expect(one).toEqual({ users: [], groups: [{ name: 'crew', gid: 5, members: ['sailor'] }] });
  expect(other).toBe(one);
  await accounts.of({ id: 'sha256:b' }, never);
  expect(asked).toEqual(['sha256:a', 'sha256:a', 'sha256:b']);
});
