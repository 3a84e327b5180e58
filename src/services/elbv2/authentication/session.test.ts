import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cookieOf, type HeaderFields } from '../../../balancing/index.ts';
import { seededRandom } from '../../../clock/index.ts';
import { createSealer, sealingKeyBytes } from '../../../sealing/index.ts';
import { expiredCookies, readSession, type Session, sessionCookies } from './session.ts';
import { openState, sealState } from './sign-in-state.ts';

const random = seededRandom('sessions');
const sealer = createSealer(random.bytes(sealingKeyBytes), random);
const other = createSealer(random.bytes(sealingKeyBytes), random);
const session: Session = {
  ...{ listenerArn: 'arn:listener', issuer: 'https://idp.example', clientId: 'harbour', accessToken: 'a' },
  ...{ claims: { sub: 'ann' }, signedInAt: 1_900_000_000 },
};
/** What cannot be made smaller. */
const noise = (bytes: number): string => Buffer.from(random.bytes(bytes)).toString('latin1');
const sent = (cookies: readonly string[]): HeaderFields => [
  ['Cookie', cookies.map((each) => each.replace(/;.*/, '')).join('; ')],
];
const cookiesOf = (of: Session, headers: HeaderFields = []): readonly string[] =>
  sessionCookies(sealer, 'ship', of, headers, 2_000_000_000) ?? [];

describe('a session', () => {
  it('comes back from its cookies, however many, in whatever order and among others', () => {
    for (const size of [0, 100, 5_000, 7_000]) {
      const large = { ...session, refreshToken: noise(size) };
      const cookies = cookiesOf(large);
      for (const each of cookies) expect(each.replace(/; Expires.*/, '').length).toBeLessThanOrEqual(4_096);
      expect(readSession(sealer, 'ship', sent(['x=1', ...cookies.toReversed(), 'ship=2']))).toEqual(large);
    }
    expect(
      sessionCookies(sealer, 'ship', { ...session, refreshToken: noise(20_000) }, [], 0),
    ).toBeUndefined();
    const inflated = { ...session, refreshToken: 'x'.repeat(100_000) };
    expect(sessionCookies(sealer, 'ship', inflated, [], 0)).toBeUndefined();
  });

  it('leaves no cookie of a longer one behind', () => {
    const before = sent(cookiesOf({ ...session, refreshToken: noise(7_000) }));
    const after = cookiesOf(session, before);
    expect(after.length).toBeGreaterThan(1);
    for (const each of after.slice(1)) expect(each).toContain('=; Expires=Thu, 01 Jan 1970');
    expect(expiredCookies('ship', before)).toHaveLength(after.length);
    expect(expiredCookies('ship', [])).toEqual([]);
  });

  it('is nobody’s who was not given it', () => {
    const cookies = cookiesOf(session);
    expect(readSession(other, 'ship', sent(cookies))).toBe('invalid');
    expect(readSession(sealer, 'boat', sent(cookies))).toBe('none');
    // What goes to a provider and back is sealed by the same key, and is no session.
    const state = { ruleArn: 'r', listenerArn: 'l', nonce: 'n', url: '/', until: 1 };
    const text = sealState(sealer, state);
    expect(openState(sealer, text)).toEqual(state);
    expect(readSession(sealer, 'ship', sent([`ship-0=${text}`]))).toBe('invalid');
    expect(openState(sealer, sent(cookies)[0]?.[1].replace(/^ship-0=/, '') ?? '')).toBeUndefined();
  });

  it('is none for any other text, whatever a client sends', () => {
    const [cookie = ''] = sent(cookiesOf(session)).map(([, value]) => value);
    fc.assert(
      fc.property(fc.string(), fc.nat(cookie.length - 1), fc.nat(4), (text, at, shard) => {
        const changed = cookie.slice(0, at) + text + cookie.slice(at + 1);
        const fields: HeaderFields = [['cookie', changed]];
        if (`ship-0=${cookieOf(fields, 'ship-0')}` !== cookie)
          expect(readSession(sealer, 'ship', fields)).toBeTypeOf('string');
        expect(readSession(sealer, 'ship', [['cookie', `ship-${shard}=${text}`]])).toBeTypeOf('string');
        expect(openState(sealer, text)).toBeUndefined();
      }),
    );
  });
});
