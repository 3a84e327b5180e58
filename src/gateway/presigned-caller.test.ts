import { beforeEach, describe, expect, it } from 'vitest';
import { rootPrincipal } from '../services/service.ts';
import { presignedCallerVerifier, type VerifyPresignedCaller } from './presigned-caller.ts';
import { signerOf, testCredentials } from './testing/signing.ts';

const signedAt = Date.parse('2026-11-26T12:00:00Z');
const header = { name: 'x-k8s-aws-id', value: 'blue' };
const minute = 60_000;

describe('a presigned caller', () => {
  const principal = rootPrincipal('111122223333', testCredentials.accessKeyId);
  let secretAccessKey: string | undefined;
  let uses: number;
  let verify: VerifyPresignedCaller;
  let url: string;

  beforeEach(async () => {
    secretAccessKey = testCredentials.secretAccessKey;
    uses = 0;
    verify = presignedCallerVerifier(
      () => (secretAccessKey === undefined ? undefined : { secretAccessKey, principal }),
      () => (uses += 1),
    );
    url = await presigned();
  });

  it('is known for a quarter of an hour, each time that it is asked for', () => {
    for (const after of [0, 1, 15]) expect(verify(url, header, signedAt + after * minute)).toBe(principal);
    expect(uses).toBe(3);
    expect(verify(url, header, signedAt + 15 * minute + 1)).toBeUndefined();
  });

  it('is nobody as soon as the key is gone, or has another secret', () => {
    expect(verify(url, header, signedAt)).toBe(principal);
    secretAccessKey = undefined;
    expect(verify(url, header, signedAt)).toBeUndefined();
    secretAccessKey = 'another secret under the same id';
    expect(verify(url, header, signedAt)).toBeUndefined();
    secretAccessKey = testCredentials.secretAccessKey;
    expect(verify(url, header, signedAt)).toBe(principal);
  });

  it('is nobody for another cluster than the one that the signature covers', () => {
    expect(verify(url, header, signedAt)).toBe(principal);
    expect(verify(url, { ...header, value: 'green' }, signedAt)).toBeUndefined();
  });

  it('is nobody by what is no URL, asks for something else, or was changed', () => {
    const changed = `${url.slice(0, -1)}${url.endsWith('0') ? '1' : '0'}`;
    for (const text of ['', 'blue', url.replace('GetCallerIdentity', 'GetSessionToken'), changed])
      expect(verify(text, header, signedAt)).toBeUndefined();
    expect(uses).toBe(0);
  });
});

async function presigned(): Promise<string> {
  const host = 'sts.us-east-1.amazonaws.com';
  const { query } = await signerOf('sts').presign(
    {
      ...{ method: 'GET', protocol: 'https:', hostname: host, path: '/' },
      query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
      headers: { host, [header.name]: header.value },
    },
    { expiresIn: 60, signingDate: new Date(signedAt), unhoistableHeaders: new Set([header.name]) },
  );
  return `https://${host}/?${new URLSearchParams(query as Record<string, string>)}`;
}
