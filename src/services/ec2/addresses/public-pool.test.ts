import { expect, it } from 'vitest';
import { VirtualClock } from '../../../clock/index.ts';
import { openState } from '../../../reconcile/index.ts';
import { openMemoryStore } from '../../../store/index.ts';
import { releasePublicAddress, takePublicAddress } from './public-pool.ts';

const mine = { accountId: '123456789012', region: 'eu-west-1' };
const yours = { accountId: '210987654321', region: 'us-east-1' };

it('gives public addresses from one pool to everybody, each once', async () => {
  const clock = new VirtualClock(0);
  await using state = await openState(openMemoryStore({ clock }), { clock });
  const take = (scope: typeof mine, owner: string) =>
    state.transact((tx) => takePublicAddress(tx, '198.18.0.0/29', scope, owner));
  const given = await Promise.all([take(mine, 'a'), take(yours, 'b'), take(mine, 'c')]);
  expect([...given].sort()).toEqual(['198.18.0.2', '198.18.0.3', '198.18.0.4']);

  const [first = ''] = given;
  await state.transact((tx) => releasePublicAddress(tx, first, 'b'));
  await state.transact((tx) => releasePublicAddress(tx, first, 'a'));
  expect([
    await take(mine, 'd'),
    await take(mine, 'e'),
    await take(mine, 'f'),
    await take(mine, 'g'),
  ]).toEqual(['198.18.0.5', '198.18.0.6', first, undefined]);
});
