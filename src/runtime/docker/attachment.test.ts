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

  describe('that is read too slowly', () => {
    const clock = new VirtualClock(0);
    const open = () => {
      const [socket, exited] = [new PassThrough(), new PassThrough()];
      const attachment = new Attachment(socket, exited, () => exited.destroy(), true, clock, signal);
      const full = `${'x'.repeat(4_095)}\n`.repeat(1_025);
      /** Until the container is held. */
      const fill = async (): Promise<void> => {
        for (const half of [full.slice(0, 100), full.slice(100)]) {
          socket.write(half);
          await setImmediate();
        }
        expect(socket.isPaused()).toBe(true);
      };
      return { socket, exited, attachment, fill };
    };

    it('lets the container go after four seconds, with the lines that have come and no piece of one', async () => {
      const { socket, exited, attachment, fill } = open();
      await fill();
      socket.write('never');
      exited.end('{"StatusCode":0}');
      await clock.advance(3_999);
      expect(socket.destroyed).toBe(false);
      await clock.advance(1);
      expect(socket.destroyed).toBe(true);
      await attachment.closed;
      expect(attachment.isComplete).toBe(false);
      expect(attachment.take()).toHaveLength(1_025);
      await attachment.changed();
      expect(() => attachment.take()).toThrow('it was read too slowly. Read it back');
      expect(clock.pendingTimers).toBe(0);
    });

    it('counts together how long it was held, until it is read in time', async () => {
      const { socket, attachment, fill } = open();
      await fill();
      await clock.advance(3_000);
      attachment.take();
      await fill();
      await clock.advance(900);
      attachment.take();
      attachment.take();
      await fill();
      await clock.advance(3_900);
      attachment.take();
      await fill();
      expect(socket.destroyed).toBe(false);
      await clock.advance(100);
      expect(socket.destroyed).toBe(true);
      expect(clock.pendingTimers).toBe(0);
    });
  });
});
