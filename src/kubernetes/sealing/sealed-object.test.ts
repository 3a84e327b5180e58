import { expect, it } from 'vitest';
import { seededRandom } from '../../clock/index.ts';
import type { Json } from '../../store/index.ts';
import { isSealed, openObject, sealObject } from './sealed-object.ts';

const random = seededRandom('sealed');
const [dataKey, other] = [random.bytes(32), random.bytes(32)];
const key = '/kubernetes/111122223333/eu-west-1/secrets/ID/default/tides';
const secret: Json = {
  ...{ apiVersion: 'v1', kind: 'Secret', type: 'Opaque', data: { tide: 'aGlnaA==' } },
  metadata: {
    ...{ name: 'tides', namespace: 'default', uid: 'u', labels: { a: 'label' }, finalizers: ['x/y'] },
    ...{ annotations: { a: 'note' }, managedFields: [{ manager: 'kubectl' }] },
  },
};

it('what is sealed opens as it was, and shows no more than which object it is', () => {
  const sealed = sealObject(dataKey, key, secret, random);
  expect(openObject(dataKey, key, sealed)).toEqual(secret);
  expect(sealed).toEqual({
    ...{ apiVersion: 'v1', kind: 'Secret', type: 'Opaque', sealed: expect.any(String) },
    metadata: { name: 'tides', namespace: 'default', uid: 'u', finalizers: ['x/y'] },
  });
  expect(isSealed(sealed as unknown as Json)).toBe(true);
  expect(isSealed(secret)).toBe(false);
  // No two are alike, and nothing is sealed twice.
  expect(sealObject(dataKey, key, secret, random).sealed).not.toBe(sealed.sealed);
  expect(() => sealObject(dataKey, key, sealed as unknown as Json, random)).toThrow(/is sealed already/);
});

it.each<readonly [string, () => unknown]>([
  ['by another key', () => openObject(other, key, sealObject(dataKey, key, secret, random))],
  ['in another place', () => openObject(dataKey, `${key}-x`, sealObject(dataKey, key, secret, random))],
  [
    'when it has been changed',
    () => {
      const sealed = sealObject(dataKey, key, secret, random);
      const bytes = Buffer.from(sealed.sealed, 'base64');
      bytes[20] = (bytes[20] ?? 0) ^ 1;
      return openObject(dataKey, key, { ...sealed, sealed: bytes.toString('base64') });
    },
  ],
])('does not open %s', (_how, open) => {
  expect(open).toThrow();
});
