import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../clock/index.ts';
import { type Event, MemoryEventLog } from '../services/events/index.ts';
import { answerEvents } from './operator-events.ts';

const event = (id: string): Event => ({
  ...{
    version: '0',
    id,
    'detail-type': 'x',
    source: 's',
    account: '1',
    region: 'r',
    resources: [],
    detail: {},
  },
  time: '2026-01-15T12:00:00Z',
});
const log = new MemoryEventLog();
log.append(['a', 'b', 'c'].map(event));
const clock = new VirtualClock(0);
const { signal } = new AbortController();

async function ask(query: string): Promise<unknown> {
  const request = { labels: new Map<string, string>(), query: new URLSearchParams(query), body: undefined };
  const answer = await answerEvents(log, request, { signal, clock });
  if (!('body' in answer)) throw new Error('The answer is no JSON');
  const { events, next } = answer.body as { events: Event[]; next: number };
  return [events.map(({ id }) => id).join(''), next];
}

describe('the events that a person asks for', () => {
  it('are the newest, or those after a place', async () => {
    expect(await ask('')).toEqual(['abc', 3]);
    expect(await ask('limit=2')).toEqual(['bc', 3]);
    expect(await ask('after=0&limit=2')).toEqual(['ab', 2]);
    expect(await ask('after=3')).toEqual(['', 3]);
  });

  it('are waited for, until one comes or the time is over', async () => {
    const waiting = ask('after=3&waitMs=4000');
    log.append([event('d')]);
    expect(await waiting).toEqual(['d', 4]);
    const inVain = ask('after=4&waitMs=4000');
    await clock.advance(4_000);
    expect(await inVain).toEqual(['', 4]);
  });

  it.each(['limit=501', 'limit=x', 'after=-1', 'waitMs=4001'])('are refused as %s', async (query) => {
    await expect(ask(query)).rejects.toThrow(`Invalid ${query.split('=')[0]}: a whole number`);
  });
});
