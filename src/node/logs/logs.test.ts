import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { OutputLine } from '../../runtime/index.ts';
import { compileEventStart } from './event-start.ts';
import { eventMemoryBytes, LogBuffer } from './log-buffer.ts';
import {
  batchLength,
  eventOverheadBytes,
  LineGrouper,
  type LogEvent,
  maximumBatchBytes,
  maximumBatchEvents,
  maximumEventBytes,
} from './log-events.ts';
import { readAwslogsOptions } from './options.ts';

const line = (text: string, timeMs = 0): OutputLine => ({ stream: 'stdout', text, timeMs });

describe('awslogs options', () => {
  const read = (options: Record<string, string>) =>
    readAwslogsOptions({ 'awslogs-group': 'g', ...options }, 'app', 't1', 'eu-west-1');

  test.each([
    ['10m', 10_485_760],
    ['512k', 524_288],
    ['1g', 1_073_741_824],
    ['100', 100],
  ])('a buffer of %s is %i bytes', (size, bytes) => {
    expect(read({ 'max-buffer-size': size }).bufferBytes).toBe(bytes);
  });

  test.each<[Record<string, string>, string]>([
    [{ 'awslogs-group': '' }, 'requires options: awslogs-group'],
    [{ 'awslogs-endpoint': 'x' }, "does not support option 'awslogs-endpoint'"],
    [{ mode: 'fast' }, "does not know mode 'fast'"],
    [{ 'max-buffer-size': 'much' }, 'cannot read the max-buffer-size'],
    [{ 'awslogs-datetime-format': '%Y', 'awslogs-multiline-pattern': 'x' }, 'not both'],
  ])('%j is refused', (options, message) => {
    expect(() => read(options)).toThrow(message);
  });
});

describe('the start of an event', () => {
  test.each([
    ['%Y-%m-%d %H:%M:%S', '2026-02-28 23:59:01 up', true],
    ['%Y-%m-%d %H:%M:%S', '  at main (app.ts:1)', false],
    ['[%b %d, %Y %H:%M:%S]', '[Jan 05, 2026 01:02:03] x', true],
    ['%d/%b/%Y (UTC)', '01/Feb/2026 (UTC)', true],
    ['100%%', '100% done', true],
  ])('format %s on %j: %s', (format, text, expected) => {
    expect(compileEventStart({ type: 'datetime', format })(text)).toBe(expected);
  });

  test('an unknown directive and a broken pattern are refused', () => {
    expect(() => compileEventStart({ type: 'datetime', format: '%Q' })).toThrow("Unknown directive '%Q'");
    expect(() => compileEventStart({ type: 'pattern', pattern: '(' })).toThrow();
  });

  test('patterns are RE2’s: inline flags work, and none takes exponential time', () => {
    expect(compileEventStart({ type: 'pattern', pattern: '(?i)^error' })('ERROR x')).toBe(true);
    const before = process.threadCpuUsage();
    compileEventStart({ type: 'pattern', pattern: '(a+)+$' })(`${'a'.repeat(5_000)}!`);
    expect(process.threadCpuUsage(before).user / 1_000).toBeLessThan(10_000);
  });
});

describe('lines become events', () => {
  const texts = (events: readonly LogEvent[]) => events.map((event) => event.text);

  test('each its own, empty ones none', () => {
    const grouper = new LineGrouper();
    expect(['a', '', 'b'].flatMap((text) => texts(grouper.push(line(text))))).toEqual(['a', 'b']);
  });

  test('with a pattern, from one that matches to the next', () => {
    const grouper = new LineGrouper((text) => text.startsWith('#'));
    const events = ['#1', ' x', '#2', ' y'].flatMap((text) => texts(grouper.push(line(text))));
    expect([...events, ...texts(grouper.finish())]).toEqual(['#1\n x', '#2\n y']);
  });

  test('too large for one, it becomes several, cut between characters', () => {
    const text = 'é'.repeat(maximumEventBytes);
    const events = new LineGrouper().push(line(text));
    expect(events.map((event) => event.text).join('')).toBe(text);
    expect(events.every((event) => event.bytes <= maximumEventBytes)).toBe(true);
  });
});

describe('a batch', () => {
  test('stays within what PutLogEvents takes, for any queue', () => {
    const event = fc.record({
      bytes: fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: maximumEventBytes })),
      timeMs: fc.nat(2 * 86_400_000),
    });
    fc.assert(
      fc.property(fc.array(event, { minLength: 1, maxLength: 200 }), (sizes) => {
        const queue = sizes.map(({ bytes, timeMs }) => ({
          text: '',
          bytes,
          timeMs,
          hashes: [],
          lastLineMs: timeMs,
        }));
        const length = batchLength(queue);
        const batch = queue.slice(0, length);
        expect(length).toBeGreaterThan(0);
        expect(batch.reduce((sum, { bytes }) => sum + bytes + eventOverheadBytes, 0)).toBeLessThanOrEqual(
          maximumBatchBytes,
        );
        const times = batch.map(({ timeMs }) => timeMs);
        expect(Math.max(...times) - Math.min(...times)).toBeLessThanOrEqual(86_400_000);
      }),
      { numRuns: 100 },
    );
  });

  test('has at most 10,000 events', () => {
    const queue = Array.from({ length: 10_001 }, () => ({
      text: 'x',
      bytes: 1,
      timeMs: 0,
      hashes: [],
      lastLineMs: 0,
    }));
    expect(batchLength(queue)).toBe(maximumBatchEvents);
  });
});

describe('the buffer', () => {
  const event = (text: string): LogEvent => ({
    text,
    bytes: text.length,
    timeMs: 0,
    hashes: [text],
    lastLineMs: 0,
  });

  test('non-blocking and full, drops what is new and counts it', () => {
    const buffer = new LogBuffer({ isNonBlocking: true, bufferBytes: 2 * eventMemoryBytes + 3 });
    for (const text of ['aa', 'b', 'c', 'd']) buffer.add(event(text));
    expect(buffer.nextBatch().map(({ text }) => text)).toEqual(['aa', 'b']);
    expect(buffer.takeDropped()).toBe(2);
    expect(buffer.takeDropped()).toBe(0);
    buffer.remove(buffer.nextBatch());
    for (const text of ['aa', 'b', 'c']) buffer.add(event(text));
    expect(buffer.takeDropped()).toBe(1);
  });

  test.each([true, false])('counts what short lines cost in memory (non-blocking: %s)', (isNonBlocking) => {
    const bufferBytes = 4 * 1_048_576;
    const buffer = new LogBuffer({ isNonBlocking, bufferBytes });
    let kept = 0;
    while (kept < 100_000 && !buffer.isFull && buffer.takeDropped() === 0) {
      buffer.add(event('x'));
      kept += 1;
    }
    expect(kept).toBeGreaterThan(10_000);
    expect(kept).toBeLessThan(bufferBytes / 250);
  });

  test('sends from a small buffer before short lines fill it', () => {
    const buffer = new LogBuffer({ isNonBlocking: true, bufferBytes: 10 * eventMemoryBytes });
    for (const text of ['a', 'b', 'c', 'd']) buffer.add(event(text));
    expect(buffer.hasFullBatch).toBe(false);
    buffer.add(event('e'));
    expect(buffer.hasFullBatch).toBe(true);
  });

  test('blocking, drops nothing and says when it is full', () => {
    const buffer = new LogBuffer({ isNonBlocking: false, bufferBytes: 1 });
    buffer.add({ ...event('x'), bytes: 5_000_000 });
    expect(buffer.isFull).toBe(true);
    buffer.remove(buffer.nextBatch());
    expect(buffer.isEmpty).toBe(false);
  });
});
