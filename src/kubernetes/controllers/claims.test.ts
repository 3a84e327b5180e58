import { describe, expect, it } from 'vitest';
import { timestamp } from '../objects/object.ts';
import { claims } from './claims.ts';
import { selects, selectsObject } from './label-selector.ts';
import { controllerReference, type Kept, type Pod } from './objects.ts';
import { pod, replicaSet, start } from './testing/builders.ts';

const owner = replicaSet('a', [1]);
const other = replicaSet('b', [1]);
const ofOwner = (of: Kept, one: Pod): Pod => ({
  ...one,
  metadata: { ...one.metadata, ownerReferences: [controllerReference(of)] },
});
const matches = selectsObject(owner.spec.selector);
const names = (found: readonly Pod[]) => found.map(({ metadata }) => metadata.name);

describe('what is an owner’s', () => {
  const own = ofOwner(owner, pod('own'));
  const strayed = ofOwner(owner, pod('strayed', { labels: { app: 'x' } }));
  const orphans = [
    pod('lone'),
    pod('going', { deletedAt: start }),
    pod('unlike', { labels: {} }),
    ofOwner(other, pod('another’s')),
  ];

  it('is what it controls and selects, and what matches and is nobody’s', () => {
    const found = claims(owner, matches, [own, strayed], orphans);
    expect([names(found.owned), names(found.adopt), names(found.release)]).toEqual([
      ['own'],
      ['lone'],
      ['strayed'],
    ]);
  });

  it('grows and shrinks no more when it is about to go itself', () => {
    const going = { ...owner, metadata: { ...owner.metadata, deletionTimestamp: timestamp(start) } };
    const found = claims(going, matches, [own, strayed], orphans);
    expect([names(found.owned), found.adopt, found.release]).toEqual([['own'], [], []]);
  });
});

describe('a label selector', () => {
  const labels = { app: 'web', tier: 'front' };
  it.each([
    [undefined, false],
    [{}, true],
    [{ matchLabels: { app: 'web' } }, true],
    [{ matchLabels: { app: 'web', zone: 'a' } }, false],
    [{ matchExpressions: [{ key: 'app', operator: 'In', values: ['db', 'web'] }] }, true],
    [{ matchExpressions: [{ key: 'zone', operator: 'In', values: ['a'] }] }, false],
    [{ matchExpressions: [{ key: 'zone', operator: 'NotIn', values: ['a'] }] }, true],
    [{ matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['web'] }] }, false],
    [{ matchExpressions: [{ key: 'tier', operator: 'Exists' }] }, true],
    [{ matchExpressions: [{ key: 'tier', operator: 'DoesNotExist' }] }, false],
    [{ matchExpressions: [{ key: 'constructor', operator: 'Exists' }] }, false],
  ])('%j: %s', (selector, isMeant) => {
    expect(selects(selector)(labels)).toBe(isMeant);
  });
});
