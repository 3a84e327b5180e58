import { expect, it } from 'vitest';
import { systemClock } from '../../clock/index.ts';
import { openMemoryStore } from '../../store/index.ts';
import { renewed } from '../clusters/leader-leases.ts';
import { memberOf, textOf } from '../objects/object.ts';
import { objectRecords } from '../objects/object-records.ts';
import { startEks } from '../testing/eks-server.ts';

const leases = objectRecords('leases.coordination.k8s.io');
const [early, late] = ['2026-01-01T00:00:00.000000Z', '2026-01-01T00:00:10.000000Z'];

it('a lease is renewed by its holder, and passes to another who counts that', () => {
  const first = renewed(undefined, 'a', early);
  expect(first).toEqual({
    ...{ holderIdentity: 'a', leaseDurationSeconds: 15, leaseTransitions: 0 },
    ...{ acquireTime: early, renewTime: early },
  });
  expect(renewed(first, 'a', late)).toEqual({ ...first, renewTime: late });
  expect(renewed(first, 'b', late)).toEqual({
    ...{ ...first, holderIdentity: 'b', leaseTransitions: 1 },
    ...{ acquireTime: late, renewTime: late },
  });
});

it('a control plane says by Leases that its controllers and its scheduler run, and who runs them', async () => {
  const store = openMemoryStore({ clock: systemClock() });
  const holders: (string | undefined)[] = [];
  for (const transitions of [0, 1]) {
    await using server = await startEks({ store });
    if (transitions === 0) await server.cluster('fleet');
    const said = () =>
      [...server.state.list(leases)].map(({ key, value }) => [key.split('/').at(-1), value.spec]);
    await expect
      .poll(said)
      .toEqual(
        ['kube-controller-manager', 'kube-scheduler'].map((name) => [
          name,
          expect.objectContaining({ leaseDurationSeconds: 15, leaseTransitions: transitions }),
        ]),
      );
    holders.push(
      ...new Set(
        [...server.state.list(leases)].map(({ value }) => textOf(memberOf(value, 'spec'), 'holderIdentity')),
      ),
    );
  }
  // One process runs both; another one runs them afterwards.
  expect(new Set(holders).size).toBe(2);
  await store.close();
});
