import { createPrivateKey, X509Certificate } from 'node:crypto';
import { expect, it } from 'vitest';
import { seededRandom, VirtualClock } from '../../clock/index.ts';
import { KeysAhead } from './keys-ahead.ts';

it('gives what it made before to one cluster, and makes another for the next', async () => {
  const ahead = new KeysAhead({ clock: new VirtualClock(0), random: seededRandom('keys') });
  await Promise.all([ahead.prepare(), ahead.prepare()]);
  const keys = [await ahead.takeTokenKey(), await ahead.takeTokenKey()];
  expect(new Set(keys).size).toBe(2);
  expect(keys.map((key) => createPrivateKey(key).asymmetricKeyType)).toEqual(['rsa', 'rsa']);
  const authorities = [await ahead.takeFrontProxy(), await ahead.takeFrontProxy()];
  const certificates = authorities.map(({ certificate }) => new X509Certificate(certificate));
  expect(certificates.map(({ subject }) => subject)).toEqual(['CN=front-proxy-ca', 'CN=front-proxy-ca']);
  expect(new Set(certificates.map(({ fingerprint256 }) => fingerprint256)).size).toBe(2);
});
