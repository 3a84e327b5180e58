import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { TerminationMessages } from './termination-message.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'messages-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const never = new AbortController().signal;
/** Says a hundred lines of a hundred characters. */
const runtime = {
  async *output() {
    for (let line = 0; line < 100; line += 1)
      yield { stream: 'stdout' as const, text: String(line).padStart(99, '.'), timeMs: 0 };
  },
};

it.each([
  ['one container', 1, 4_096],
  ['three of them', 3, 4_096],
  ['a dozen, which share', 12, 1_024],
])('what is said at the end of %s has a bound', async (_, containers, length) => {
  const messages = new TerminationMessages(directory);
  const { file } = await messages.prepare('u', 'c', 0);
  writeFileSync(file, 'x'.repeat(10_000));
  const run = { attempt: 0, containerName: 'c', hasFailed: true, containers };
  expect(await messages.read('u', { name: 'c' }, run, runtime, never)).toHaveLength(length);
});

it('is what was said last, with the newlines that were said', async () => {
  const messages = new TerminationMessages(directory);
  await messages.prepare('u', 'c', 0);
  const said = {
    async *output() {
      yield { stream: 'stdout' as const, text: 'one', timeMs: 0 };
      yield { stream: 'stdout' as const, text: 'DONE', timeMs: 0, isUnended: true as const };
    },
  };
  const container = { name: 'c', terminationMessagePolicy: 'FallbackToLogsOnError' } as const;
  const run = { attempt: 0, containerName: 'c', hasFailed: true, containers: 1 };
  expect(await messages.read('u', container, run, said, never)).toBe('one\nDONE');
});

it.each([
  [1, 2_048],
  [12, 1_024],
])('so has what the logs of one of %i end with', async (containers, length) => {
  const messages = new TerminationMessages(directory);
  await messages.prepare('u', 'c', 0);
  const container = { name: 'c', terminationMessagePolicy: 'FallbackToLogsOnError' } as const;
  const run = { attempt: 0, containerName: 'c', hasFailed: true, containers };
  const said = await messages.read('u', container, run, runtime, never);
  expect(said).toHaveLength(length);
  const succeeded = { ...run, hasFailed: false };
  expect(await messages.read('u', container, succeeded, runtime, never)).toBe('');
});
