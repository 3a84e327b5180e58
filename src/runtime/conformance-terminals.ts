import { describe, expect } from 'vitest';
import { deadlineMs, type Words } from './conformance-words.ts';
import { onTerminal, workloads } from './conformance-workloads.ts';
import type { ContainerTerminal } from './process.ts';

/** Commands on a terminal of their own, in a container that runs. */
export function describeTerminals(words: Words): void {
  const { check, start } = words;
  describe('terminals', () => {
    check('runs a command on a terminal: what is typed, its size, its exit code', async () => {
      const spec = await start(workloads.obeysExec);
      const env = { TERM: 'dumb' };
      await using terminal = await words.runtime.openTerminal(spec.name, onTerminal, { user: '0', env });
      const reader = readerOf(words, terminal);
      await terminal.write(Buffer.from('one\n'));
      await reader.until('heard one');
      await terminal.resize({ columns: 101, rows: 37 });
      await terminal.write(Buffer.from('size\n'));
      await reader.until('37 101');
      await terminal.write(Buffer.from('quit\n'));
      await reader.rest();
      expect(await terminal.exitCode()).toBe(9);
      expect(await terminal.hasStarted()).toBe(true);
      await terminal.write(Buffer.from('nobody hears\n'));
      await terminal.resize({ columns: 80, rows: 24 });
    });

    check('ends a terminal whose command does not exist with an exit code of its shell', async () => {
      const spec = await start(workloads.obeysExec);
      await using terminal = await words.runtime.openTerminal(spec.name, ['/no/such/program'], {});
      await readerOf(words, terminal).rest();
      expect([126, 127]).toContain(await terminal.exitCode());
      expect(await terminal.hasStarted()).toBe(false);
    });

    check('ends a terminal with its container, and opens none in one that does not run', async () => {
      const spec = await start(workloads.obeysExec);
      await using terminal = await words.runtime.openTerminal(spec.name, onTerminal, {});
      const heard = readerOf(words, terminal).rest();
      await words.runtime.removeContainer(spec.name);
      await heard;
      await expect(words.runtime.openTerminal(spec.name, ['true'], {})).rejects.toMatchObject({
        code: 'CannotExecContainer',
      });
    });
  });
}

interface Reader {
  /** Resolves when the text has been said. */
  until(text: string): Promise<void>;
  /** Resolves at the output's end. */
  rest(): Promise<void>;
}

function readerOf(words: Words, terminal: ContainerTerminal): Reader {
  const { clock } = words.under;
  const chunks = terminal.output[Symbol.asyncIterator]();
  let heard = '';
  const next = async (waitsFor: string): Promise<boolean> => {
    const late = clock.sleep(deadlineMs).then(() => {
      throw new Error(`The terminal does not show ${waitsFor}: ${JSON.stringify(heard)}`);
    });
    late.catch(() => {});
    const { done, value } = await Promise.race([chunks.next(), late]);
    if (!done) heard += Buffer.from(value).toString();
    return !done;
  };
  return {
    until: async (text) => {
      while (!heard.includes(text)) {
        if (!(await next(text)))
          throw new Error(`The terminal ended without ${text}: ${JSON.stringify(heard)}`);
      }
    },
    rest: async () => {
      while (await next('its end'));
    },
  };
}
