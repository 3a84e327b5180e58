import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom, VirtualClock } from '../../../clock/index.ts';
import { openMemoryStore } from '../../../store/index.ts';
import { timestamp } from '../../objects/object.ts';
import { ObjectStore } from '../../objects/object-store.ts';
import { resourceNamed } from '../../schema/catalogue.ts';
import { type Authenticate, apiAudiences } from '../user.ts';
import { serviceAccountTokens } from './authenticate.ts';
import { signToken, type TokenIssuer, type TokenTerms } from './token-issuer.ts';
import { newTokenKey, openTokenKey } from './token-key.ts';

const start = Date.parse('2026-01-01T00:00:00Z');
const seconds = start / 1_000;
const clock = new VirtualClock(start);
const random = seededRandom('tokens');
const store = openMemoryStore({ clock });
afterAll(() => store.close());
const objects = new ObjectStore(store, { accountId: '1', region: 'r', id: 'C' });

let issuer: TokenIssuer;
let authenticate: Authenticate;
beforeAll(async () => {
  issuer = { url: 'https://issuer', key: openTokenKey(await newTokenKey()) };
  authenticate = serviceAccountTokens({ objects, clock, issuer: () => issuer });
  const account = { apiVersion: 'v1', kind: 'ServiceAccount' };
  await objects.create(objects.key(resourceNamed('', 'serviceaccounts'), 'team', 'bot'), {
    ...{ ...account, metadata: { name: 'bot', namespace: 'team', uid: 'u' } },
  });
  for (const [name, agoSeconds] of Object.entries({ ending: 30, ended: 61 })) {
    await objects.create(objects.key(resourceNamed('', 'pods'), 'team', name), {
      ...{ apiVersion: 'v1', kind: 'Pod' },
      metadata: { name, uid: name, deletionTimestamp: timestamp(start - agoSeconds * 1_000) },
    });
  }
});

const subject = { namespace: 'team', serviceAccount: { name: 'bot', uid: 'u' } };
const terms: TokenTerms = { audiences: apiAudiences, issuedAt: seconds, expiresAt: seconds + 600 };
const outcome = async (token: string): Promise<string | undefined> => {
  try {
    return (await authenticate(token, apiAudiences))?.user.username;
  } catch (error) {
    return error instanceof Error ? error.message : undefined;
  }
};

describe('a token that the cluster signed', () => {
  const user = 'system:serviceaccount:team:bot';
  const cases: readonly (readonly [what: string, change: Partial<TokenTerms>, outcome: string])[] = [
    ['is taken in its time', {}, user],
    ['is taken a minute later, for clocks differ', { expiresAt: seconds - 60 }, user],
    ['is refused after that', { expiresAt: seconds - 61 }, 'service account token has expired'],
    ['is refused before its time', { issuedAt: seconds + 61 }, 'service account token is not valid yet'],
  ];
  it.each(cases)('%s', async (_what, change, expected) => {
    expect(await outcome(await signToken(issuer, random, subject, { ...terms, ...change }))).toBe(expected);
  });

  it('is refused when its pod has been ending for a minute', async () => {
    const of = (name: string) => signToken(issuer, random, { ...subject, pod: { name, uid: name } }, terms);
    expect(await outcome(await of('ending'))).toBe(user);
    expect(await outcome(await of('ended'))).toBe('service account token has been invalidated');
    expect(await outcome(await of('absent'))).toBe('service account token has been invalidated');
  });

  it('is refused if it never ends, or says two names', async () => {
    const sign = (claims: object) =>
      new SignJWT({ iss: issuer.url, aud: [...apiAudiences], nbf: seconds, ...claims })
        .setProtectedHeader({ alg: 'RS256', kid: issuer.key.id })
        .sign(issuer.key.privateKey);
    const bound = { namespace: 'team', serviceaccount: { name: 'bot', uid: 'u' } };
    expect(await outcome(await sign({ sub: user, 'kubernetes.io': bound }))).toBe(
      'service account token has expired',
    );
    const other = { exp: seconds + 600, sub: 'system:serviceaccount:team:root', 'kubernetes.io': bound };
    expect(await outcome(await sign(other))).toBe('service account token has been invalidated');
  });
});
