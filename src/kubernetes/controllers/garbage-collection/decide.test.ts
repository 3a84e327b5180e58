import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ObjectMeta } from '../../objects/object.ts';
import { type Dependent, decide, type OwnerState, type Step } from './decide.ts';

const uid = 'own';

interface Told {
  /** Of each owner, in order. */
  readonly owners?: readonly OwnerState[];
  readonly finalizers?: readonly string[];
  readonly isDeleted?: true;
  readonly dependents?: readonly Dependent[];
}

const step = ({ owners = [], finalizers = [], isDeleted, dependents = [] }: Told): Step =>
  decide({
    ...{ owners, dependents },
    metadata: {
      ...{ name: 'a', uid, finalizers },
      ...(isDeleted && { deletionTimestamp: '2026-01-01T00:00:00Z' }),
      ownerReferences: owners.map((_, index) => ({
        ...{ apiVersion: 'v1', kind: 'ConfigMap', name: `o${index}`, uid: `o${index}` },
      })),
    },
  });

const dependent = (more: Partial<ObjectMeta> = {}, blockOwnerDeletion = false): Dependent => ({
  key: 'd',
  metadata: {
    name: 'd',
    ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'a', uid, blockOwnerDeletion }],
    ...more,
  },
});
const inForeground = { deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['foregroundDeletion'] };

const deleted = (policy: string, unblocks = false) => ({ type: 'delete', policy, unblocks });
const nothing = { type: 'nothing' };
const released = (finalizer: string) => ({ type: 'remove-finalizer', finalizer });

describe('what is next to be done about an object', () => {
  const cases: readonly (readonly [what: string, told: Told, step: object])[] = [
    ['that nobody owns', {}, nothing],
    ['whose owner is there', { owners: ['present'] }, nothing],
    ['whose owners are gone', { owners: ['absent', 'absent'] }, deleted('Background')],
    ['one of whose owners is gone', { owners: ['absent', 'present'] }, { type: 'cut', uids: ['o0'] }],
    [
      'one of whose owners waits for it',
      { owners: ['deleting-dependents', 'present'] },
      { type: 'cut', uids: ['o0'] },
    ],
    ['whose owner waits for it', { owners: ['deleting-dependents'] }, deleted('Background')],
    [
      'whose owner waits for it, and which has dependents',
      { owners: ['deleting-dependents'], dependents: [dependent()] },
      deleted('Foreground'),
    ],
    [
      'whose owner waits for it and is its dependent',
      { owners: ['deleting-dependents'], dependents: [dependent(inForeground)] },
      deleted('Foreground', true),
    ],
    ['that wants its dependents to stay', { owners: ['absent'], finalizers: ['orphan'] }, deleted('Orphan')],
    [
      'that wants them to go first',
      { owners: ['absent'], finalizers: ['foregroundDeletion'] },
      deleted('Foreground'),
    ],
    ['that is on its way out', { owners: ['absent'], isDeleted: true }, nothing],
    ['of whose owner nobody knows', { owners: ['absent', 'unknown'] }, { type: 'wait' }],
    ['that may not have such an owner', { owners: ['misplaced'] }, nothing],
    [
      'that is blocked by a dependent',
      { isDeleted: true, finalizers: ['foregroundDeletion'], dependents: [dependent({}, true)] },
      nothing,
    ],
    [
      'that has dependents which do not block it',
      { isDeleted: true, finalizers: ['foregroundDeletion'], dependents: [dependent()] },
      released('foregroundDeletion'),
    ],
    [
      'whose dependents are to stay',
      { isDeleted: true, finalizers: ['orphan'], dependents: [dependent()] },
      { type: 'orphan', dependents: [dependent()] },
    ],
    ['that has orphaned them', { isDeleted: true, finalizers: ['orphan'] }, released('orphan')],
  ];
  it.each(cases)('%s', (_what, told, expected) => expect(step(told)).toEqual(expected));

  it('is never to delete it while one of its owners is there, or may be', () => {
    const states = fc.constantFrom<OwnerState>(
      'absent',
      'deleting-dependents',
      'present',
      'unknown',
      'misplaced',
    );
    fc.assert(
      fc.property(
        fc.array(states),
        fc.array(fc.constantFrom('orphan', 'foregroundDeletion')),
        (owners, finalizers) => {
          const isSafe =
            owners.every((it) => it === 'absent' || it === 'deleting-dependents') && owners.length > 0;
          expect(step({ owners, finalizers }).type === 'delete').toBe(isSafe);
        },
      ),
    );
  });
});
