import { describe, expect, it } from 'vitest';
import type { Output } from '../terminal.ts';
import { type LoadMoment, loadGraph } from './load-graph.ts';

const output = (hasColours: boolean, columns = 80): Output => ({
  ...{ write: () => {}, isTty: hasColours, hasColours },
  columns: () => columns,
});
const moment = (one: number, two: number, failed = 0): LoadMoment => ({
  answered: new Map([
    [1, one],
    [2, two],
  ]),
  failed,
});

describe('the graph of a load', () => {
  it('shows which revision answered, the newest below, and how many failed', () => {
    const moments = [moment(12, 0), moment(8, 4), moment(0, 11, 1)];
    expect(loadGraph(output(false), moments, 12, 0.5).split('\n')).toEqual([
      '    24/s │11!',
      '         │112',
      '         │112',
      '         │112',
      '         │122',
      '         │122',
      '         └ 2 s',
      '          1 revision 1: 20   2 revision 2: 15   ! failed: 1',
    ]);
  });

  it('is in colour where the terminal has colours', () => {
    const [first] = loadGraph(output(true), [moment(12, 0)], 12, 1).split('\n');
    expect(first).toBe('    12/s │\u001b[36m█\u001b[39m');
  });

  it('makes one of several moments where there is no room for each', () => {
    const moments = Array.from({ length: 100 }, () => moment(6, 6));
    const lines = loadGraph(output(false, 62), moments, 12, 1).split('\n');
    expect(lines[0]).toBe(`    12/s │${'1'.repeat(50)}`);
    expect(lines[5]).toBe(`         │${'2'.repeat(50)}`);
  });
});
