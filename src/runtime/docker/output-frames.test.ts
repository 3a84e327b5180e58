import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Demultiplexer } from './output-frames.ts';

function frame(stream: 1 | 2, payload: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(payload.length, 4);
  return Buffer.concat([header, payload]);
}

describe('Demultiplexer', () => {
  it('takes frames apart, however the connection cuts them', () => {
    const part = fc.tuple(
      fc.constantFrom(1 as const, 2 as const),
      fc.uint8Array({ minLength: 1, maxLength: 30 }),
    );
    fc.assert(
      fc.property(fc.array(part), fc.integer({ min: 1, max: 12 }), (parts, size) => {
        const bytes = Buffer.concat(parts.map(([stream, payload]) => frame(stream, Buffer.from(payload))));
        const demultiplexer = new Demultiplexer(false);
        const seen = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
        let frames = 0;
        for (let at = 0; at < bytes.length; at += size) {
          for (const piece of demultiplexer.push(bytes.subarray(at, at + size))) {
            seen[piece.stream].push(piece.bytes);
            if (piece.isLast) frames += 1;
          }
        }
        const sent = (stream: 1 | 2) =>
          Buffer.concat(parts.filter(([one]) => one === stream).map(([, payload]) => Buffer.from(payload)));
        expect(Buffer.concat(seen.stdout)).toEqual(sent(1));
        expect(Buffer.concat(seen.stderr)).toEqual(sent(2));
        expect(frames).toBe(parts.length);
      }),
    );
  });

  it('leaves a terminal’s output as it is', () => {
    expect(new Demultiplexer(true).push(Buffer.from('x'))).toMatchObject([
      { stream: 'stdout', isLast: true },
    ]);
  });
});
