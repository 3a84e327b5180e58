import { PassThrough } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../clock/index.ts';
import { Attachment } from './attachment.ts';

const signal = new AbortController().signal;

describe('an attachment', () => {
  it('lets the container wait once the lines not yet taken hold about 4 MiB', async () => {
    const socket = new PassThrough();
    const exited = new PassThrough();
    using attachment = new Attachment(
      socket,
      exited,
      () => exited.destroy(),
      true,
      new VirtualClock(0),
      signal,
    );
    const line = `${'x'.repeat(16_383)}\n`;
    const write = async (): Promise<number> => {
      let written = 0;
      while (!socket.isPaused() && written < 1_000) {
        socket.write(line);
        written += 1;
        await setImmediate();
      }
      return written;
    };
    expect(await write()).toBe(257);
    expect(attachment.take()).toHaveLength(257);
    expect(socket.isPaused()).toBe(false);
    expect(await write()).toBe(257);
  });
});
