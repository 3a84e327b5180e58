import { expect, it } from 'vitest';
import { seededRandom } from '../../clock/index.ts';
import { accountOfAccessKeyId, entityId, newKeyPair } from './ids.ts';

const random = seededRandom('ids');

it('an access key id tells its account', () => {
  for (const accountId of ['000000000001', '111122223333', '999999999999']) {
    const { accessKeyId: id } = newKeyPair(random, 'AKIA', accountId);
    expect(id).toMatch(/^AKIA[A-Z2-7]{16}$/);
    expect(accountOfAccessKeyId(id)).toBe(accountId);
    expect(newKeyPair(random, 'AKIA', accountId).accessKeyId).not.toBe(id);
  }
});

it("is read as AWS's own are", () => {
  // Published examples of keys and the accounts that they belong to.
  expect(accountOfAccessKeyId('ASIAQNZGKIQY56JQ7WML')).toBe('029608264753');
  expect(accountOfAccessKeyId('not a key')).toBeUndefined();
});

it('an entity id begins with what it is of', () => {
  expect(entityId(random, 'AROA')).toMatch(/^AROA[A-Z2-7]{17}$/);
});
