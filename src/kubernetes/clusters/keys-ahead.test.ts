import { X509Certificate } from 'node:crypto';
import { expect, it } from 'vitest';
import { seededRandom, VirtualClock } from '../../clock/index.ts';
import { KeysAhead } from './keys-ahead.ts';

const context = () => ({ clock: new VirtualClock(0), random: seededRandom('keys') });

it('gives what it made before to one cluster, and makes another for the next', async () => {
  let made = 0;
  const ahead = new KeysAhead({ ...context(), newTokenKey: async () => `key ${++made}` });
  await Promise.all([ahead.prepare(), ahead.prepare()]);
  expect(made).toBe(1);
  expect(await ahead.takeTokenKey()).toBe('key 1');
  expect(made).toBe(1);
  expect(await ahead.takeTokenKey()).toBe('key 2');
  const authorities = [await ahead.takeFrontProxy(), await ahead.takeFrontProxy()];
  const certificates = authorities.map(({ certificate }) => new X509Certificate(certificate));
  expect(certificates.map(({ subject }) => subject)).toEqual(['CN=front-proxy-ca', 'CN=front-proxy-ca']);
  expect(new Set(certificates.map(({ fingerprint256 }) => fingerprint256)).size).toBe(2);
});

it('keeps no failure for the cluster that comes', async () => {
  let tries = 0;
  const newTokenKey = async (): Promise<string> => {
    tries += 1;
    if (tries === 1) throw new Error('no randomness');
    return 'key';
  };
  const ahead = new KeysAhead({ ...context(), newTokenKey });
  await expect(ahead.prepare()).rejects.toThrow('no randomness');
  expect(await ahead.takeTokenKey()).toBe('key');
});
