import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededRandom, VirtualClock } from '../../clock/index.ts';
import { recordingLog } from '../../log.ts';
import { maximumEventBytes } from '../logs/log-events.ts';
import { SessionTranscripts } from './session-transcripts.ts';

/** Log streams of a service that can be made to fail, and sessions that are logged there. */
class Logged {
  readonly clock = new VirtualClock(1_000_000);
  readonly log = recordingLog();
  readonly streams = new Map<string, string[]>();
  readonly batches: number[] = [];
  readonly signal = new AbortController().signal;
  failure: Error | undefined;
  hasGroup = true;
  readonly transcripts = new SessionTranscripts({
    flushIntervalMs: 5_000,
    clock: this.clock,
    random: seededRandom(1),
    log: this.log,
    api: async () => ({
      createLogGroup: async () => {
        throw new Error('Nobody asked for a group');
      },
      createLogStream: async (_group, stream) => {
        if (this.failure) throw this.failure;
        if (!this.hasGroup) throw clientError('ResourceNotFoundException');
        this.streams.set(stream, this.streams.get(stream) ?? []);
      },
      putLogEvents: async (_group, stream, events) => {
        if (this.failure) throw this.failure;
        this.batches.push(events.reduce((sum, { text }) => sum + Buffer.byteLength(text) + 26, 0));
        this.streams.get(stream)?.push(...events.map(({ text }) => text));
        return 0;
      },
    }),
  });

  begin() {
    return this.transcripts.open({ taskArn: 'task', sessionId: 'session', group: '/exec' });
  }

  get events(): readonly string[] | undefined {
    return this.streams.get('session');
  }

  warnings(): readonly string[] {
    return this.log.lines.filter(({ level }) => level === 'warn').map(({ message }) => message);
  }
}

const clientError = (name: string): Error => Object.assign(new Error(name), { name, $fault: 'client' });

describe('the log of a session', () => {
  test('is one event with plain line ends, where all is said at once', async () => {
    const { clock, signal, begin, ...logged } = bound(new Logged());
    const transcript = begin();
    await transcript.write(Buffer.from('one\r\ntw'), signal);
    await transcript.write(Buffer.from('o\r\nthree'), signal);
    transcript.end();
    await clock.advance(1);
    expect(logged.events()).toEqual(['one\ntwo\nthree']);
  });

  test('has its stream also when nothing is said', async () => {
    const { clock, begin, events } = bound(new Logged());
    begin().end();
    await clock.advance(1);
    expect(events()).toEqual([]);
  });

  test('is sent in whole lines while the session lasts', async () => {
    const { clock, signal, begin, events } = bound(new Logged());
    const transcript = begin();
    await transcript.write(Buffer.from('first\r\n# '), signal);
    await clock.advance(5_001);
    expect(events()).toEqual(['first']);
    await transcript.write(Buffer.from('ls\r\n'), signal);
    await clock.advance(5_001);
    expect(events()).toEqual(['first', '# ls']);
    await transcript.write(Buffer.from('# '), signal);
    transcript.end();
    await clock.advance(1);
    expect(events()).toEqual(['first', '# ls', '# ']);
  });

  test('waits while CloudWatch Logs is away, and the session’s output with it when much is held', async () => {
    const logged = new Logged();
    const { clock, signal } = logged;
    logged.failure = new Error('connect ECONNREFUSED');
    const transcript = logged.begin();
    const megabyte = Buffer.from(`${'x'.repeat(99)}\n`.repeat(10_000));
    for (let count = 0; count < 3; count += 1) await transcript.write(megabyte, signal);
    let isWritten = false;
    const written = transcript.write(megabyte, signal).then(() => {
      isWritten = true;
    });
    await clock.advance(60_000);
    expect(isWritten).toBe(false);
    logged.failure = undefined;
    await clock.advance(20_000);
    await written;
    transcript.end();
    await clock.advance(1);
    expect(logged.events?.map((text) => `${text}\n`).join('')).toBe(megabyte.toString().repeat(4));
  });

  test('lets go of output when the session ends', async () => {
    const logged = new Logged();
    logged.failure = new Error('away');
    const over = new AbortController();
    const written = logged.begin().write(Buffer.alloc(5_000_000, 'x'), over.signal);
    over.abort();
    await written;
  });

  test('is given up when its group is not there, and holds nothing up', async () => {
    const logged = new Logged();
    logged.hasGroup = false;
    const transcript = logged.begin();
    await logged.clock.advance(1);
    await transcript.write(Buffer.alloc(5_000_000), logged.signal);
    expect([logged.events, logged.warnings()]).toEqual([
      undefined,
      ['An exec session is not logged any more'],
    ]);
    transcript.end();
    await logged.transcripts.close();
  });

  test('is given up ten minutes after the session’s end', async () => {
    const logged = new Logged();
    logged.failure = new Error('away');
    const transcript = logged.begin();
    await transcript.write(Buffer.from('said'), logged.signal);
    transcript.end();
    await logged.clock.advance(9 * 60_000);
    expect(logged.warnings()).toEqual([]);
    await logged.clock.advance(2 * 60_000);
    expect(logged.warnings()).toEqual(['An exec session is not logged any more']);
  });

  test('is sent by a closing agent, which does not wait for long', async () => {
    const logged = new Logged();
    const transcript = logged.begin();
    await transcript.write(Buffer.from('said'), logged.signal);
    transcript.end();
    await logged.transcripts.close();
    expect(logged.events).toEqual(['said']);

    logged.failure = new Error('away');
    logged.begin().end();
    let isClosed = false;
    const closed = logged.transcripts.close().then(() => {
      isClosed = true;
    });
    await logged.clock.advance(1_900);
    expect(isClosed).toBe(false);
    await logged.clock.advance(200);
    await closed;
  });

  test('ends at once with an agent that waits no longer, also in the middle of a session', async () => {
    const logged = new Logged();
    const transcript = logged.begin();
    await logged.clock.advance(1);
    await transcript.write(Buffer.from('said\n'), logged.signal);
    const closed = logged.transcripts.close();
    await logged.clock.advance(2_001);
    await closed;
    expect([logged.events, logged.warnings()]).toEqual([[], ['An exec session is not logged any more']]);
  });

  const chunks = fc.array(
    fc.oneof(
      fc.string({ unit: 'binary', maxLength: 20 }).map((text) => Buffer.from(text)),
      fc.constant(Buffer.from('\r\n')),
      fc
        .record({ text: fc.constantFrom('x', 'é', '🙂', '\n', 'y\n'), times: fc.nat(120_000) })
        .map(({ text, times }) => Buffer.from(text.repeat(times))),
      fc.nat(300_000).map((length) => Buffer.alloc(length, 0xff)),
    ),
    { maxLength: 8 },
  );
  test('fits into events and batches whatever is said, and loses no character', async () => {
    await fc.assert(
      fc.asyncProperty(chunks, fc.boolean(), async (said, isSlow) => {
        const logged = new Logged();
        const transcript = logged.begin();
        for (const chunk of said) {
          const written = transcript.write(chunk, logged.signal);
          await logged.clock.advance(isSlow ? 6_000 : 0);
          await written;
        }
        transcript.end();
        await logged.clock.advance(1);
        await logged.transcripts.close();
        const events = logged.events ?? [];
        expect(Math.max(0, ...events.map((text) => Buffer.byteLength(text)))).toBeLessThanOrEqual(
          maximumEventBytes,
        );
        expect(Math.max(0, ...logged.batches)).toBeLessThanOrEqual(1_048_576);
        const letters = (text: string) => text.replaceAll(/[\r\n]/g, '');
        const expected = letters(Buffer.concat(said).toString());
        const found = letters(events.join(''));
        // Compared as one: a difference of megabytes is no message.
        expect(found.length).toBe(expected.length);
        expect(found === expected).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});

function bound(logged: Logged) {
  const { clock, signal } = logged;
  return { clock, signal, begin: () => logged.begin(), events: () => logged.events };
}
