import { describe, expect, it } from 'vitest';
import type { AlarmRecord, MissingDataTreatment } from '../records.ts';
import { evaluate, hasFewSamples, type Periods } from './evaluation.ts';

const now = Date.UTC(2026, 0, 15, 12);

const alarm = (bent: Partial<AlarmRecord> = {}): AlarmRecord => ({
  name: 'speed',
  actionsEnabled: true,
  metric: { namespace: 'Boats', name: 'Speed', dimensions: [] },
  statistic: 'Average',
  periodSeconds: 60,
  evaluationPeriods: 3,
  threshold: 10,
  comparisonOperator: 'GreaterThanThreshold',
  configurationUpdatedAt: now,
  state: { value: 'OK', reason: '', updatedAt: now, transitionedAt: now },
  tags: {},
  ...bent,
});

/** `0 - X`: the oldest first; a good data point, none, a bad one. */
function periods(text: string): Periods {
  const marks = text.split(' ');
  return marks
    .map((mark, index) =>
      mark === '-'
        ? undefined
        : { start: now + index * 60_000, value: mark === 'X' ? 20 : 1, sampleCount: 1 },
    )
    .reverse();
}

/** As the user guide's two tables print it: what each treatment of missing data makes of the data points. */
const retained = undefined;
const treatments: readonly MissingDataTreatment[] = ['missing', 'ignore', 'breaching', 'notBreaching'];
describe.each([
  { datapointsToAlarm: 3, seen: '0 - X - X', verdicts: ['OK', 'OK', 'OK', 'OK'] },
  { datapointsToAlarm: 3, seen: '0 - - - -', verdicts: ['OK', 'OK', 'OK', 'OK'] },
  { datapointsToAlarm: 3, seen: '- - - - -', verdicts: ['INSUFFICIENT_DATA', retained, 'ALARM', 'OK'] },
  { datapointsToAlarm: 3, seen: '0 X X - X', verdicts: ['ALARM', 'ALARM', 'ALARM', 'ALARM'] },
  { datapointsToAlarm: 3, seen: '- - X - -', verdicts: ['ALARM', retained, 'ALARM', 'OK'] },
  { datapointsToAlarm: 3, seen: '- - - - X', verdicts: [retained, retained, 'ALARM', 'OK'] },
  { datapointsToAlarm: 2, seen: '0 - X - X', verdicts: ['ALARM', 'ALARM', 'ALARM', 'ALARM'] },
  { datapointsToAlarm: 2, seen: '0 0 X 0 X', verdicts: ['ALARM', 'ALARM', 'ALARM', 'ALARM'] },
  { datapointsToAlarm: 2, seen: '0 - X - -', verdicts: ['OK', 'OK', 'ALARM', 'OK'] },
  { datapointsToAlarm: 2, seen: '- - - - 0', verdicts: ['OK', 'OK', 'ALARM', 'OK'] },
  { datapointsToAlarm: 2, seen: '- - - X -', verdicts: ['ALARM', retained, 'ALARM', 'OK'] },
])('$datapointsToAlarm of 3 on $seen', ({ datapointsToAlarm, seen, verdicts }) => {
  it.each(treatments.map((treatMissingData, index) => ({ treatMissingData, verdict: verdicts[index] })))(
    'is $verdict when missing data is $treatMissingData',
    ({ treatMissingData, verdict }) => {
      expect(evaluate(alarm({ datapointsToAlarm, treatMissingData }), periods(seen))?.value).toBe(verdict);
    },
  );
});

describe('the comparison with the threshold', () => {
  it.each([
    ['GreaterThanThreshold', ['OK', 'OK', 'ALARM']],
    ['GreaterThanOrEqualToThreshold', ['OK', 'ALARM', 'ALARM']],
    ['LessThanThreshold', ['ALARM', 'OK', 'OK']],
    ['LessThanOrEqualToThreshold', ['ALARM', 'ALARM', 'OK']],
  ] as const)('%s of 9, 10 and 11 with 10', (comparisonOperator, verdicts) => {
    const found = [9, 10, 11].map(
      (value) =>
        evaluate(alarm({ comparisonOperator, evaluationPeriods: 1 }), [{ start: now, value, sampleCount: 1 }])
          ?.value,
    );
    expect(found).toEqual(verdicts);
  });
});

describe("a verdict's reason", () => {
  const reason = (bent: Partial<AlarmRecord>, seen: string) => evaluate(alarm(bent), periods(seen))?.reason;

  it.each([
    [
      { evaluationPeriods: 1 },
      '0 0 X',
      'Threshold Crossed: 1 out of the last 1 datapoints [20.0 (15/01/26 12:02:00)] was greater than the threshold ' +
        '(10.0) (minimum 1 datapoint for OK -> ALARM transition).',
    ],
    [
      { datapointsToAlarm: 2 },
      'X 0 X',
      'Threshold Crossed: 2 out of the last 3 datapoints [20.0 (15/01/26 12:02:00), 20.0 (15/01/26 12:00:00)] were ' +
        'greater than the threshold (10.0) (minimum 2 datapoints for OK -> ALARM transition).',
    ],
    [
      { comparisonOperator: 'GreaterThanOrEqualToThreshold', threshold: 1.5, evaluationPeriods: 1 },
      '0',
      'Threshold Crossed: 1 out of the last 1 datapoints [1.0 (15/01/26 12:00:00)] was not greater than or equal to ' +
        'the threshold (1.5) (minimum 1 datapoint for ALARM -> OK transition).',
    ],
    [
      { treatMissingData: 'breaching', evaluationPeriods: 2 },
      '- - - -',
      'Threshold Crossed: no datapoints were received for 2 periods and 2 missing datapoints were treated as [Breaching].',
    ],
    [
      { treatMissingData: 'notBreaching' },
      '0 - - - -',
      'Threshold Crossed: 1 datapoint was received for 3 periods and 2 missing datapoints were treated as [NonBreaching].',
    ],
    [{ evaluationPeriods: 1 }, '- - -', 'Insufficient Data: 1 datapoint was unknown.'],
    [{}, '- - -', 'Insufficient Data: 3 datapoints were unknown.'],
  ] as const)('%o on %s', (bent, seen, words) => {
    expect(reason(bent, seen)).toBe(words);
  });
});

describe('a percentile', () => {
  it.each([
    [50, 19, true],
    [50, 20, false],
    [99, 999, true],
    [99, 1001, false],
    [10, 99, true],
  ])('p%d of %d samples says little: %s', (percentile, samples, isFew) => {
    expect(hasFewSamples(percentile, samples)).toBe(isFew);
  });
});
