import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../clock/index.ts';
import { BackOff } from '../back-off.ts';
import { type Ending, reconnectDelayMs } from './link.ts';

describe('a link that ended', () => {
  const closed = (code: number, livedMs = 60_000): Ending => ({ type: 'closed', code, livedMs, reason: '' });
  const refused = (code: string): Ending => ({ type: 'refused', code, reason: '' });

  test.each<[string, Ending, number, number]>([
    ['in order is opened again at once', closed(1000), 0, 0],
    ['by the server going away, too', closed(1001), 0, 0],
    ['without a word, too', closed(1006), 0, 0],
    ['by a server error, too', closed(1011), 0, 0],
    ['for another reason waits', closed(1008), 250, 500],
    ['right after it was opened waits', closed(1000, 10), 250, 500],
    [
      'because the instance is inactive waits an hour',
      refused('InactiveInstanceException'),
      3_600_000,
      3_600_000,
    ],
    ['by another refusal waits', refused('ServerException'), 250, 500],
    ['before it was made waits', { type: 'failed', reason: '' }, 250, 500],
  ])('%s', (_name, ending, leastMs, mostMs) => {
    const backOff = new BackOff({ leastMs: 250, mostMs: 120_000 }, seededRandom(1));
    const delayMs = reconnectDelayMs(ending, backOff);
    expect(delayMs).toBeGreaterThanOrEqual(leastMs);
    expect(delayMs).toBeLessThanOrEqual(mostMs);
  });
});
