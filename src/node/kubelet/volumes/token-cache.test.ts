import { expect, it } from 'vitest';
import { seededRandom, VirtualClock } from '../../../clock/index.ts';
import { TokenCache, type TokenRequest } from './token-cache.ts';

const { signal } = new AbortController();
const request = (expirationSeconds: number): TokenRequest => ({
  ...{ namespace: 'default', serviceAccount: 'app', audiences: [], expirationSeconds },
  pod: { name: 'p', uid: 'u-1' },
});

function cache() {
  const clock = new VirtualClock(0);
  const state = { issued: 0, isDown: false };
  const tokens = new TokenCache({
    ...{ clock, random: seededRandom(1) },
    issue: async ({ expirationSeconds }) => {
      if (state.isDown) throw new Error('no answer');
      state.issued += 1;
      return { token: `t${state.issued}`, expiresAtMs: clock.now() + expirationSeconds * 1_000 };
    },
  });
  return { clock, state, tokens };
}

it.each([
  ['four fifths of an hour', 3_600, 2_880],
  ['four fifths of ten minutes', 600, 480],
  ['a day, of two', 172_800, 86_400],
])('a token is used for %s', async (_, lifeSeconds, usedSeconds) => {
  const { clock, tokens } = cache();
  expect(await tokens.token(request(lifeSeconds), signal)).toBe('t1');
  await clock.advance((usedSeconds - 11) * 1_000);
  expect(await tokens.token(request(lifeSeconds), signal)).toBe('t1');
  await clock.advance(11_000);
  expect(await tokens.token(request(lifeSeconds), signal)).toBe('t2');
});

it('is used to its end while there is no new one, and no longer', async () => {
  const { clock, state, tokens } = cache();
  await tokens.token(request(3_600), signal);
  state.isDown = true;
  await clock.advance(3_599_000);
  expect(await tokens.token(request(3_600), signal)).toBe('t1');
  await clock.advance(1_000);
  await expect(tokens.token(request(3_600), signal)).rejects.toThrow('failed to fetch token: no answer');
});

it('goes with its pod', async () => {
  const { tokens } = cache();
  await tokens.token(request(600), signal);
  expect(tokens.renewalDueMs('u-1')).toBeLessThanOrEqual(480_000);
  tokens.forget('u-1');
  expect(tokens.renewalDueMs('u-1')).toBeUndefined();
  expect(await tokens.token(request(600), signal)).toBe('t2');
});
