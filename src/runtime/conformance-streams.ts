import { describe, expect } from 'vitest';
import { deadlineMs, type Words } from './conformance-words.ts';
import { withPipes, workloads } from './conformance-workloads.ts';
import type { ContainerStreams } from './process.ts';

/** Commands with pipes in a container that runs, and attachments to its first process. */
export function describeStreams(words: Words): void {
  const { check, start } = words;
  describe('streams', () => {
    check('runs a command with pipes: its input and its end, its outputs apart, its exit code', async () => {
      const spec = await start(workloads.obeysExec);
      await using command = await words.runtime.openCommand(spec.name, withPipes, { hasInput: true });
      const heard = hearAll(words, command);
      await command.write(Buffer.from('one\ntwo\n'));
      command.endInput();
      expect(await heard).toEqual({ stdout: 'out one\nout two\n2 lines\n', stderr: 'err one\nerr two\n' });
      expect(await command.exitCode()).toBe(6);
      await command.write(Buffer.from('nobody hears\n'));
      command.endInput();
    });

    check('ends the input of a command that has none at once', async () => {
      const spec = await start(workloads.obeysExec);
      await using command = await words.runtime.openCommand(spec.name, withPipes, {});
      expect(await hearAll(words, command)).toEqual({ stdout: '0 lines\n', stderr: '' });
    });

    check('ends the output of a command that is disposed of', async () => {
      const spec = await start(workloads.obeysExec);
      const command = await words.runtime.openCommand(spec.name, withPipes, { hasInput: true });
      const heard = hearAll(words, command);
      await command[Symbol.asyncDispose]();
      await heard;
    });

    check('refuses a command in a container that does not run, and an attachment to it', async () => {
      const spec = await words.make(workloads.hears);
      const refused = { code: 'CannotExecContainer' };
      await expect(words.runtime.openCommand(spec.name, ['true'], {})).rejects.toMatchObject(refused);
      await expect(words.runtime.attach(spec.name, {})).rejects.toMatchObject(refused);
    });

    check('attaches to a container: what is typed, what it says from then on, its end', async () => {
      const spec = await start(workloads.hears, { interactive: true, isInputOnce: true });
      await using reader = await words.runtime.attach(spec.name, {});
      await using attachment = await words.runtime.attach(spec.name, { hasInput: true });
      expect(attachment.hasTerminal).toBe(false);
      const heard = [hearAll(words, reader), hearAll(words, attachment)];
      await attachment.write(Buffer.from('one\n'));
      attachment.endInput();
      for (const each of await Promise.all(heard)) {
        expect(each.stdout).toContain('out one\n1 lines\n');
        expect(each.stderr).toBe('err one\n');
      }
      expect(await words.exited(spec.name)).toMatchObject({ exitCode: 6 });
    });

    check('ends an input that is for one attachment with it, and keeps another', async () => {
      const once = await start(workloads.hears, { interactive: true, isInputOnce: true });
      await using first = await words.runtime.attach(once.name, { hasInput: true });
      const heard = hearAll(words, first);
      await first[Symbol.asyncDispose]();
      await heard;
      expect(await words.exited(once.name)).toMatchObject({ exitCode: 6 });

      const kept = await start(workloads.hears, { interactive: true });
      await using left = await words.runtime.attach(kept.name, { hasInput: true });
      await left[Symbol.asyncDispose]();
      await using second = await words.runtime.attach(kept.name, { hasInput: true });
      await second.write(Buffer.from('still\n'));
      let said = '';
      for await (const { bytes } of second.output) {
        said += Buffer.from(bytes).toString();
        if (/(out|err) still\n/.test(said)) break;
      }
      expect(said).toMatch(/(out|err) still\n/);
    });

    check('attaches to the terminal of a container', async () => {
      const spec = await start(workloads.hearsOnTerminal, { interactive: true, pseudoTerminal: true });
      await using attachment = await words.runtime.attach(spec.name, { hasInput: true });
      expect(attachment.hasTerminal).toBe(true);
      const heard = hearAll(words, attachment);
      await attachment.resize({ columns: 101, rows: 37 });
      await attachment.write(Buffer.from('size\nquit\n'));
      expect((await heard).stdout).toContain('37 101\r\n');
      expect(await words.exited(spec.name)).toMatchObject({ exitCode: 9 });
    });
  });
}

/** All that is said to its end. */
async function hearAll(
  { under }: Words,
  { output }: ContainerStreams,
): Promise<{ stdout: string; stderr: string }> {
  const heard = { stdout: '', stderr: '' };
  const all = (async () => {
    for await (const { stream, bytes } of output) heard[stream] += Buffer.from(bytes).toString();
  })();
  const late = under.clock.sleep(deadlineMs).then(() => {
    throw new Error(`The output does not end: ${JSON.stringify(heard)}`);
  });
  late.catch(() => {});
  await Promise.race([all, late]);
  return heard;
}
