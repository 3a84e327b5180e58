import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Random, seededRandom, VirtualClock } from '../clock/index.ts';
import { encodeAgentMessage } from './agent-message.ts';
import { DataChannel } from './data-channel.ts';
import { channelClosed, messageTypes } from './payloads.ts';

interface Line {
  readonly lossRate: number;
  readonly repeatRate: number;
  readonly mostDelayMs: number;
}

const perfect: Line = { lossRate: 0, repeatRate: 0, mostDelayMs: 0 };

/** Two ends and between them a line that loses, repeats and delays frames. */
function twoEnds(line: Line, seed = 1) {
  const clock = new VirtualClock(0);
  const random: Random = seededRandom(seed);
  const heard: Record<'agent' | 'client', Buffer[]> = { agent: [], client: [] };
  const closed: string[] = [];
  const failures: Error[] = [];
  let frames = 0;
  let isCut = false;
  let hold: Promise<void> | undefined;
  const carry = (to: () => DataChannel) => (frame: Buffer) => {
    frames += 1;
    if (isCut || random.float() < line.lossRate) return;
    const copies = random.float() < line.repeatRate ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1)
      clock.after(random.float() * line.mostDelayMs, () => to().receive(Buffer.from(frame)));
  };
  const open = (end: 'agent' | 'client', to: () => DataChannel) =>
    new DataChannel({
      end,
      clock,
      random,
      send: carry(to),
      deliver: (_type, payload) => {
        heard[end].push(Buffer.from(payload));
        return end === 'client' ? hold : undefined;
      },
      closed: (output) => closed.push(output),
      failed: (error) => failures.push(error),
    });
  const agent: DataChannel = open('agent', () => client);
  const client: DataChannel = open('client', () => agent);
  return {
    ...{ clock, agent, client, closed, failures },
    text: (end: 'agent' | 'client') => Buffer.concat(heard[end]).toString(),
    frames: () => frames,
    cut: () => {
      isCut = true;
    },
    holdClient: (until: Promise<void> | undefined) => {
      hold = until;
    },
  };
}

const bytesOf = (length: number): Buffer => Buffer.from(Array.from({ length }, (_, at) => 97 + (at % 26)));

describe('a data channel', () => {
  it('brings everything once and in order over a line that loses, repeats and delays, both ways', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        fc.double({ min: 0, max: 0.4, noNaN: true }),
        fc.double({ min: 0, max: 0.4, noNaN: true }),
        fc.nat(500),
        fc.nat(40_000),
        fc.nat(3_000),
        async (seed, lossRate, repeatRate, mostDelayMs, outputBytes, inputBytes) => {
          const ends = twoEnds({ lossRate, repeatRate, mostDelayMs }, seed);
          const output = bytesOf(outputBytes);
          const input = bytesOf(inputBytes);
          let isDone = false;
          void Promise.all([ends.agent.write(1, output), ends.client.write(1, input)])
            .then(() => Promise.all([ends.agent.flushed(), ends.client.flushed()]))
            .then(() => {
              isDone = true;
            });
          await ends.clock.runUntil(() => isDone, { deadlineMs: 3_600_000 });
          expect(ends.text('client')).toBe(output.toString());
          expect(ends.text('agent')).toBe(input.toString());
          expect(ends.failures).toEqual([]);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('sends nothing twice over a line that is perfect', async () => {
    const ends = twoEnds({ ...perfect, mostDelayMs: 20 });
    const written = ends.agent.write(1, bytesOf(100 * 1024));
    await ends.clock.advance(60_000);
    await written;
    expect(ends.text('client')).toHaveLength(100 * 1024);
    // Each piece and its acknowledgement.
    expect(ends.frames()).toBe(200);
    expect(ends.clock.pendingTimers).toBe(0);
  });

  it('holds up who writes while nobody reads, and goes on when somebody does', async () => {
    const ends = twoEnds(perfect);
    const gate = Promise.withResolvers<void>();
    ends.holdClient(gate.promise);
    let isWritten = false;
    void ends.agent.write(1, bytesOf(2_000 * 1024)).then(() => {
      isWritten = true;
    });
    await ends.clock.advance(5_000);
    expect(isWritten).toBe(false);
    expect(ends.text('client').length).toBe(1024);
    ends.holdClient(undefined);
    gate.resolve();
    await ends.clock.runUntil(() => isWritten, { deadlineMs: 600_000 });
    await ends.clock.advance(60_000);
    expect(ends.text('client')).toBe(bytesOf(2_000 * 1024).toString());
  });

  it('waits while publication is paused, and sends what waited when it starts', async () => {
    const ends = twoEnds(perfect);
    const tell = (messageType: string): void =>
      ends.agent.receive(
        encodeAgentMessage({
          messageType,
          ...{ schemaVersion: 1, createdAtMs: 0, sequenceNumber: 0, flags: 3, payloadType: 0 },
          messageId: 'dd01e56b-ff48-483e-a508-b5f073f31b16',
          payload: Buffer.alloc(0),
        }),
      );
    tell(messageTypes.pausePublication);
    await ends.agent.write(1, Buffer.from('waits'));
    await ends.clock.advance(3_600_000);
    expect([ends.frames(), ends.text('client'), ends.failures]).toEqual([0, '', []]);
    tell(messageTypes.startPublication);
    await ends.clock.advance(1_000);
    expect(ends.text('client')).toBe('waits');
  });

  it('gives up when nobody acknowledges for five minutes, and lets go of who writes', async () => {
    const ends = twoEnds(perfect);
    ends.cut();
    const written = ends.agent.write(1, bytesOf(600 * 1024)).then(() => ends.agent.flushed());
    await ends.clock.advance(6 * 60_000);
    await written;
    expect(ends.failures).toMatchObject([{ message: expect.stringContaining('5 minutes') }]);
    expect(ends.clock.pendingTimers).toBe(0);
  });

  it('is over with channel_closed, and says why', async () => {
    const ends = twoEnds(perfect);
    ends.agent.tell(
      messageTypes.channelClosed,
      channelClosed({ messageId: 'm', sessionId: 's', createdAtMs: 0, output: 'Bye' }),
    );
    await ends.clock.advance(0);
    expect(ends.closed).toEqual(['Bye']);
    await ends.client.write(1, Buffer.from('nobody hears'));
    await ends.clock.advance(1_000);
    expect(ends.text('agent')).toBe('');
  });

  it('holds only so much of what comes too early', async () => {
    const ends = twoEnds(perfect);
    const early = (sequenceNumber: number): void =>
      ends.client.receive(
        encodeAgentMessage({
          messageType: messageTypes.outputStreamData,
          ...{ schemaVersion: 1, createdAtMs: 1, sequenceNumber, flags: 0, payloadType: 1 },
          messageId: 'dd01e56b-ff48-483e-a508-b5f073f31b16',
          payload: Buffer.from('x'),
        }),
      );
    for (const sequenceNumber of [-1, 10_000, Number.MAX_SAFE_INTEGER]) early(sequenceNumber);
    expect(ends.frames()).toBe(0);
    early(9_999);
    expect(ends.frames()).toBe(1);
    expect(ends.text('client')).toBe('');
  });

  it('does not mind frames that are none', () => {
    const ends = twoEnds(perfect);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        ends.agent.receive(Buffer.from(bytes));
      }),
    );
    expect(ends.failures).toEqual([]);
  });
});
