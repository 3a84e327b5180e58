import { generateKeyPairSync } from 'node:crypto';
import { exportJWK, type JWTPayload, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../clock/index.ts';
import { type OidcProvider, openOidcProvider } from '../testing/oidc-provider.ts';
import { KeySets } from './key-sets.ts';
import { providerClient } from './provider.ts';
import { validateJwt } from './validate-jwt.ts';

const clock = new VirtualClock(Date.UTC(2026, 10, 26));
const seconds = clock.now() / 1_000;
let provider: OidcProvider;
let keys: KeySets;
beforeAll(async () => {
  provider = await openOidcProvider(() => clock.now());
  keys = new KeySets(providerClient(clock, [provider.authority]), clock);
});
afterAll(() => provider[Symbol.asyncDispose]());

const additionalClaims = [
  { name: 'aud', format: 'string-array', values: ['harbour'] },
  { name: 'scope', format: 'space-separated-values', values: ['read', 'write'] },
  { name: 'tier', format: 'single-string', values: ['gold'] },
] as const;
const good: JWTPayload = {
  ...{ iss: 'idp', exp: seconds + 60, iat: seconds, nbf: seconds },
  ...{ aud: ['quay', 'harbour'], scope: 'read list write', tier: 'gold' },
};

const validate = (authorization?: string, endpoint = `${provider.issuer}/jwks`): Promise<void> =>
  validateJwt(
    { issuer: 'idp', additionalClaims },
    authorization === undefined ? [] : [['Authorization', authorization]],
    keys.of(endpoint),
    clock.now(),
  );
const refusal = (reason: string, status = 401) => ({ name: 'AuthenticationFailure', reason, status });

describe('a token', () => {
  it('passes with the issuer, the times and the claims that are asked for', async () => {
    await validate(`Bearer ${await provider.sign(good)}`);
    const { iat: _iat, nbf: _nbf, ...least } = good;
    await validate(`bearer  ${await provider.sign(least)}`);
  });

  it.each<[string, object]>([
    ['JWTClaimValueInvalid', { iss: 'other' }],
    ['JWTClaimNotPresent', { iss: undefined }],
    ['JWTClaimNotPresent', { exp: undefined }],
    ['JWTClaimValueInvalid', { exp: seconds - 61 }],
    ['JWTClaimValueInvalid', { nbf: seconds + 120 }],
    ['JWTClaimValueInvalid', { iat: seconds + 120 }],
    ['JWTClaimValueInvalid', { iat: 'now' }],
    ['JWTClaimFormatInvalid', { aud: 'harbour' }],
    ['JWTClaimFormatInvalid', { aud: ['harbour', 1] }],
    ['JWTClaimValueInvalid', { aud: ['quay'] }],
    ['JWTClaimValueInvalid', { scope: 'read' }],
    ['JWTClaimValueInvalid', { scope: 'readwrite' }],
    ['JWTClaimFormatInvalid', { scope: ['read', 'write'] }],
    ['JWTClaimNotPresent', { tier: undefined }],
    ['JWTClaimValueInvalid', { tier: 'GOLD' }],
  ])('is refused with %s: %o', async (reason, changes) => {
    const token = await provider.sign({ ...good, ...changes });
    await expect(validate(`Bearer ${token}`)).rejects.toMatchObject(refusal(reason));
  });

  it('is refused when there is none, or nothing that could be one', async () => {
    await expect(validate()).rejects.toMatchObject(refusal('JWTHeaderNotPresent'));
    for (const odd of ['', 'Bearer', 'Basic YTpi', 'Bearer a.b', 'Bearer a.b.c d', 'Bearer a.b.c'])
      await expect(validate(odd)).rejects.toMatchObject(refusal('JWTRequestFormatInvalid'));
  });

  it('is refused when another key has signed it, or none, or another algorithm', async () => {
    const [kid] = [
      JSON.parse(Buffer.from((await provider.sign(good)).split('.')[0] ?? '', 'base64url').toString()).kid,
    ];
    const forger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    const forged = await provider.sign(good, { kid, key: forger });
    const secret = Buffer.from('a key that anybody has, for HMAC');
    const symmetric = await new SignJWT({ ...good }).setProtectedHeader({ alg: 'HS256', kid }).sign(secret);
    const part = (content: object) => Buffer.from(JSON.stringify(content)).toString('base64url');
    const unsigned = `${part({ alg: 'none', kid })}.${part(good)}.AA`;
    for (const token of [forged, symmetric, unsigned])
      await expect(validate(`Bearer ${token}`)).rejects.toMatchObject(refusal('JWTSignatureValidationError'));
  });
});

describe('keys', () => {
  const jwks = (...set: readonly unknown[]) =>
    provider.instead.set('/jwks', (_, response) => response.end(JSON.stringify({ keys: set })));
  const asked = () => provider.asked.filter((path) => path.startsWith('/jwks')).length;

  it('are read anew when an issuer signs with another one, but not for everybody who asks', async () => {
    const next = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const token = `Bearer ${await provider.sign(good, { kid: 'next', key: next.privateKey })}`;
    await validate(`Bearer ${await provider.sign(good)}`);
    await clock.advance(20_000);
    const before = asked();
    await expect(validate(token)).rejects.toMatchObject(refusal('JWTSignatureValidationError'));
    await expect(validate(token)).rejects.toMatchObject(refusal('JWTSignatureValidationError'));
    expect(asked()).toBe(before + 1);
    jwks({ ...(await exportJWK(next.publicKey)), kid: 'next', alg: 'RS256' });
    await clock.advance(11_000);
    await Promise.all([validate(token), validate(token)]);
    expect(asked()).toBe(before + 2);
    provider.instead.clear();
  });

  it('that can’t be had let nobody pass', async () => {
    const token = `Bearer ${await provider.sign(good)}`;
    const at = (path: string) => validate(token, `${provider.issuer}${path}`);
    await expect(at('/nowhere')).rejects.toMatchObject(refusal('JWKSRequestFailed', 562));
    provider.instead.set('/odd', (_, response) => response.end('{"keys":1}'));
    await expect(at('/odd')).rejects.toMatchObject(refusal('JWKSRequestFailed', 562));
    provider.instead.set('/many', (_, response) =>
      response.end(JSON.stringify({ keys: Array(11).fill({ kty: 'RSA' }) })),
    );
    await expect(at('/many')).rejects.toMatchObject(refusal('JWKSResponseSizeExceeded', 562));
    provider.instead.set('/large', (_, response) => response.end(`{"keys":[],"x":"${'x'.repeat(154_000)}"}`));
    await expect(at('/large')).rejects.toMatchObject(refusal('JWKSResponseSizeExceeded', 562));
    await expect(validate(token, 'https://localhost:1/jwks')).rejects.toMatchObject(
      refusal('JWKSRequestTimeout', 500),
    );
    provider.instead.clear();
  });
});
