import { describe, expect, it } from 'vitest';
import { functionOf } from './function-arn.ts';
import { readReply } from './hook-calls.ts';

const now = 1_000_000;
const reply = (payload: unknown) => readReply({ isAnswered: true, payload }, now);

describe('readReply()', () => {
  it.each<[unknown, object]>([
    [{ hookStatus: 'SUCCEEDED', callBackDelay: 'ignored' }, { status: 'SUCCEEDED' }],
    [{ hookStatus: 'IN_PROGRESS' }, { status: 'IN_PROGRESS', at: now + 30_000 }],
    [
      { hookStatus: 'IN_PROGRESS', callBackDelay: 60 },
      { status: 'IN_PROGRESS', at: now + 60_000 },
    ],
    [
      { hookStatus: 'IN_PROGRESS', callBackDelay: 0 },
      { status: 'IN_PROGRESS', at: now + 1_000 },
    ],
    [
      { hookStatus: 'IN_PROGRESS', hookDetails: { a: [1] } },
      { status: 'IN_PROGRESS', at: now + 30_000, details: { a: [1] } },
    ],
  ])('takes %j', (payload, expected) => {
    expect(reply(payload)).toEqual(expected);
  });

  it.each([
    [null],
    ['SUCCEEDED'],
    [{}],
    [{ hookStatus: 'succeeded' }],
    [{ hookStatus: 'IN_PROGRESS', callBackDelay: -1 }],
    [{ hookStatus: 'IN_PROGRESS', callBackDelay: 86_401 }],
  ])('takes %j for a failure', (payload) => {
    expect(reply(payload)).toMatchObject({ status: 'FAILED', why: expect.any(String) });
  });
});

describe('functionOf()', () => {
  const arn = 'arn:aws:lambda:eu-west-1:123456789012:function:check';

  it.each([
    [arn, { name: 'check' }],
    [`${arn}:7`, { name: 'check', qualifier: '7' }],
    [`${arn}:$LATEST`, { name: 'check', qualifier: '$LATEST' }],
    [`${arn}:a:b`, undefined],
    [`${arn}/../x`, undefined],
    ['check', undefined],
    ['arn:aws:sns:eu-west-1:123456789012:check', undefined],
  ])('reads %s', (text, expected) => {
    expect(functionOf(text)).toEqual(expected);
  });
});
