import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../clock/index.ts';
import { Attachment } from './attachment.ts';
import type { LogEntry } from './log-entries.ts';
import { resume } from './resume.ts';

const signal = new AbortController().signal;

describe('resume', () => {
  it('closes the reading of the log when whoever takes the output lets go', async () => {
    const clock = new VirtualClock(1_000);
    const exited = new PassThrough();
    const endWait = () => exited.destroy();
    using attachment = new Attachment(new PassThrough(), exited, endWait, true, clock, signal);
    let open = 0;
    async function* read(): AsyncGenerator<LogEntry, bigint | undefined> {
      open += 1;
      try {
        for (let line = 1; line <= 3; line += 1)
          yield { stream: 'stdout', text: `line ${line}`, timeNanos: BigInt(line) };
        return undefined;
      } finally {
        open -= 1;
      }
    }
    const lines = resume(attachment, read, 0n, 1_000, clock, signal);
    expect((await lines.next()).value).toMatchObject({ text: 'line 1' });
    expect(open).toBe(1);
    await lines.return();
    expect(open).toBe(0);
  });
});
