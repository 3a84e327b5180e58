import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AgentMessage, decodeAgentMessage, encodeAgentMessage } from './agent-message.ts';

/**
 * Written out by hand from the field table in amazon-ssm-agent's contracts (offsets, widths, big-endian, spaces in the
 * type, least significant half of the UUID first), with the values of that project's own test.
 */
const layout = [
  '00000074', // header length 116
  '696e7075745f73747265616d5f64617461202020202020202020202020202020', // "input_stream_data" and 15 spaces
  '00000001', // schema version
  '0000015e0baa7884', // created: 1503434274948
  '0000000000000001', // sequence number
  '0000000000000002', // flags
  'a508b5f073f31b16dd01e56bff48483e', // dd01e56b-ff48-483e-a508-b5f073f31b16
  '239f59ed55e737c77147cf55ad0c1b030b6d7ee748a7426952f9b852d5a935e5', // SHA-256 of "payload"
  '00000001', // payload type
  '00000007', // payload length
  Buffer.from('payload').toString('hex'),
];

const message: AgentMessage = {
  messageType: 'input_stream_data',
  schemaVersion: 1,
  createdAtMs: 1_503_434_274_948,
  sequenceNumber: 1,
  flags: 2,
  messageId: 'dd01e56b-ff48-483e-a508-b5f073f31b16',
  payloadType: 1,
  payload: Buffer.from('payload'),
};

const anyMessage: fc.Arbitrary<AgentMessage> = fc.record({
  messageType: fc.stringMatching(/^[a-z_]{1,32}$/),
  schemaVersion: fc.nat(0xffff_ffff),
  createdAtMs: fc.nat(Number.MAX_SAFE_INTEGER),
  sequenceNumber: fc.maxSafeInteger(),
  flags: fc.nat(3),
  messageId: fc.uuid(),
  payloadType: fc.nat(0xffff_ffff),
  payload: fc.uint8Array({ maxLength: 2_000 }).map((bytes) => Buffer.from(bytes)),
});

describe('agent messages', () => {
  it('are laid out byte for byte as amazon-ssm-agent documents them', () => {
    const frame = Buffer.from(layout.join(''), 'hex');
    expect(encodeAgentMessage(message).toString('hex')).toBe(frame.toString('hex'));
    expect(decodeAgentMessage(frame)).toEqual(message);
  });

  it('read back as they were written', () => {
    fc.assert(
      fc.property(anyMessage, (one) => {
        expect(decodeAgentMessage(encodeAgentMessage(one))).toEqual(one);
      }),
    );
  });

  it('are none when a byte is missing at the end', () => {
    fc.assert(
      fc.property(anyMessage, fc.nat(), (one, cut) => {
        const frame = encodeAgentMessage(one);
        expect(decodeAgentMessage(frame.subarray(0, cut % frame.length))).toBeUndefined();
      }),
    );
  });

  it('are none when a byte of the payload differs', () => {
    fc.assert(
      fc.property(anyMessage, fc.nat(), fc.integer({ min: 1, max: 255 }), (one, place, difference) => {
        fc.pre(one.payload.length > 0);
        const frame = encodeAgentMessage(one);
        const at = frame.length - 1 - (place % one.payload.length);
        frame[at] = (frame[at] ?? 0) ^ difference;
        expect(decodeAgentMessage(frame)).toBeUndefined();
      }),
    );
  });

  it('never throw, whatever comes', () => {
    const hostile = fc.oneof(
      fc.uint8Array({ maxLength: 400 }),
      fc.tuple(anyMessage, fc.nat(119), fc.nat(255)).map(([one, at, byte]) => {
        const frame = encodeAgentMessage(one);
        frame[at] = byte;
        return frame;
      }),
    );
    fc.assert(
      fc.property(hostile, (bytes) => {
        decodeAgentMessage(Buffer.from(bytes));
      }),
      { numRuns: 2_000 },
    );
  });

  it('read a type that is padded with zeros, and a message of the service without digest', () => {
    const frame = encodeAgentMessage({
      ...message,
      messageType: 'start_publication',
      payload: Buffer.alloc(0),
    });
    frame.fill(0, 4 + 'start_publication'.length, 36);
    frame.fill(0, 80, 112);
    expect(decodeAgentMessage(frame)).toMatchObject({ messageType: 'start_publication' });
  });

  it('are not written with a type or an id that does not fit', () => {
    expect(() => encodeAgentMessage({ ...message, messageType: 'x'.repeat(33) })).toThrow(RangeError);
    expect(() => encodeAgentMessage({ ...message, messageId: 'none' })).toThrow(RangeError);
  });
});
