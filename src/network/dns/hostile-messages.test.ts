import { decode } from 'dns-packet';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../clock/index.ts';
import type { DnsRecord } from '../../topology/index.ts';
import { readQuery } from './query.ts';
import { resolveHere } from './resolution.ts';
import { relayAnswer, writeAnswer, writeAnyAnswer, writeRefusal } from './response.ts';
import { opt, question } from './testing/asking.ts';
import { readMessage } from './wire.ts';

const random = seededRandom(3);
const label = fc.stringMatching(/^[a-z0-9-]{1,20}$/);
const name = fc.array(label, { minLength: 1, maxLength: 5 }).map((labels) => labels.join('.'));

/** A message that was right, with some bytes changed and its end missing. */
const spoiled = fc
  .record({
    name,
    withOpt: fc.boolean(),
    changes: fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { maxLength: 6 }),
    length: fc.nat(80),
  })
  .map(({ name, withOpt, changes, length }) => {
    const message = question(name, 'A', withOpt ? { additionals: [opt(4096)] } : {});
    for (const [at, value] of changes) if (at < message.length) message[at] = value;
    return message.subarray(0, length < 12 ? message.length : length);
  });
const anyBytes = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));

describe('messages that mean harm', () => {
  it('never throw, and get at most an answer that can be read, with their id and question', () => {
    fc.assert(
      fc.property(fc.oneof(spoiled, anyBytes), (message) => {
        const query = readQuery(message);
        if (query === undefined) return;
        const record: DnsRecord = { name: 'x.local', ttl: 1, type: 'A', data: '10.0.0.1' };
        const answer =
          'rcode' in query
            ? writeRefusal(query, query.rcode)
            : writeAnswer(
                query,
                { rcode: 0, isAuthoritative: true, answers: [record], authorities: [] },
                512,
              );
        expect(answer.length).toBeLessThanOrEqual(512);
        expect(answer.readUInt16BE(0)).toBe(message.readUInt16BE(0));
        expect(answer.readUInt16BE(2) & 0x8000).toBe(0x8000);
        expect(readMessage(answer)).toBeDefined();
        if (query.questionBytes !== undefined) {
          expect(answer.subarray(12, 12 + query.questionBytes.length)).toEqual(query.questionBytes);
        }
        if (!('rcode' in query)) {
          expect(decode(writeAnyAnswer(query))).toMatchObject({ answers: [{ type: 'HINFO' }] });
          resolveHere(query, '10.0.0.9', () => ({ kind: 'records', records: [record] }), random);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('from those who are asked are read or passed over', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const message = readMessage(bytes);
        for (const record of message?.records ?? []) expect(record.end).toBeLessThanOrEqual(bytes.length);
      }),
      { numRuns: 3000 },
    );
  });

  it('that pass through keep all but what is the asker’s', () => {
    const query = readQuery(question('wEb.example', 'A'));
    if (query === undefined || 'rcode' in query) throw new Error('The test’s own query is wrong');
    const told = Buffer.from(
      '000181a0000100010000000003776562076578616d706c650000010001c00c00010001000000ff00040a000001',
      'hex',
    );
    const relayed = relayAnswer(query, { message: told, questionEnd: 29, ttlOffsets: [35] }, 55, 512);
    expect(decode(relayed)).toMatchObject({
      id: 4711,
      questions: [{ name: 'wEb.example' }],
      answers: [{ name: 'wEb.example', ttl: 200, data: '10.0.0.1' }],
    });
  });
});
