import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../clock/index.ts';
import { Progress } from './progress.ts';
import { duration, table } from './terminal.ts';
import { recordedTerminal } from './testing/recorded-terminal.ts';

describe('progress', () => {
  it('off a terminal is one line per change', async () => {
    const clock = new VirtualClock(0);
    const terminal = recordedTerminal();
    using progress = new Progress(terminal.stdout, clock);
    const step = progress.begin('task');
    step.update('PENDING');
    step.update('PENDING');
    await clock.advance(1_500);
    step.update('RUNNING');
    step.done();
    step.failed('too late to say');
    expect(terminal.out().split('\n')).toEqual([
      '...     task  PENDING  0 ms',
      '...     task  RUNNING  1.5 s',
      'ok      task  RUNNING  1.5 s',
      '',
    ]);
  });

  it('off a terminal says no more than asked about counters', async () => {
    const clock = new VirtualClock(0);
    const terminal = recordedTerminal();
    using progress = new Progress(terminal.stdout, clock);
    const step = progress.begin('tests', { quietMs: 1_000 });
    for (let count = 0; count < 30; count += 1) {
      step.update(String(count));
      await clock.advance(100);
    }
    step.done();
    expect(terminal.out().split('\n')).toHaveLength(4);
  });

  it('on a terminal redraws what runs and scrolls what ended', () => {
    const terminal = recordedTerminal({ isTty: true });
    using progress = new Progress(terminal.stdout, new VirtualClock(0));
    const first = progress.begin('first');
    progress.begin('second '.repeat(20));
    first.done();
    expect(screen(terminal.out())).toEqual([
      'ok      first  0 ms',
      `...     ${'second '.repeat(20)}`.slice(0, 59),
    ]);
  });
});

describe('tables and times', () => {
  it('are aligned', () => {
    expect(
      table([
        ['a', 'bb'],
        ['ccc', ''],
      ]),
    ).toBe('a    bb\nccc\n');
  });

  it.each([
    [3.4, '3 ms'],
    [1_500, '1.5 s'],
    [185_000, '3 min 05 s'],
  ])('%d ms is %s', (ms, text) => {
    expect(duration(ms)).toBe(text);
  });
});

/** What a terminal shows after these writes, which move up and clear below. */
function screen(written: string): readonly string[] {
  const lines: string[] = [];
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the codes begin with the control character ESC.
  for (const [piece] of written.matchAll(/\u001b\[\d+A\u001b\[J|[^\u001b]+/g)) {
    if (piece.startsWith('\u001b')) lines.length -= Number.parseInt(piece.slice(2), 10);
    else lines.push(...piece.trimEnd().split('\n'));
  }
  return lines;
}
