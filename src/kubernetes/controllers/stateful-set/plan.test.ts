import { array, assert, boolean, constantFrom, integer, property, record } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { timestamp } from '../../objects/object.ts';
import { controllerReference, type Pod } from '../objects.ts';
import { expiredRevisions, revised } from '../revisions.ts';
import { type PodLike, pod, start, template } from '../testing/builders.ts';
import type { Claim } from '../volumes/objects.ts';
import { revisionLabel, type StatefulSet, type StatefulSetSpec } from './objects.ts';
import { planStatefulSet, type Step, statefulSetStatus } from './plan.ts';
import { claimOwners } from './pod.ts';

const set = (spec: Partial<StatefulSetSpec> = {}): StatefulSet => ({
  ...{ apiVersion: 'apps/v1', kind: 'StatefulSet' },
  metadata: {
    name: 'db',
    namespace: 'default',
    uid: 'db',
    creationTimestamp: timestamp(start),
    generation: 1,
  },
  spec: {
    ...{ replicas: 3, selector: { matchLabels: { app: 'db' } }, template: template() },
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
    ...spec,
  },
});

const names = { current: 'old', update: 'new' };
/** `0+` is ready, `0-` is not, `0x` goes, `0!` has failed; of the revision `new` unless `@old`. */
function podsOf(text: string): readonly Pod[] {
  return text.split(' ').flatMap((part) => {
    const [, ordinal, state, revision = 'new'] = /^(\d+)([-+x!])(?:@(\w+))?$/.exec(part) ?? [];
    if (ordinal === undefined) return [];
    const like: Record<string, PodLike> = {
      '+': { readyAt: start },
      '-': {},
      x: { readyAt: start, deletedAt: start },
      '!': { phase: 'Failed' },
    };
    return [pod(`db-${ordinal}`, { ...like[state ?? ''], labels: { [revisionLabel]: revision } })];
  });
}
const told = (steps: readonly Step[]): string =>
  steps
    .flatMap((step) => {
      if (step.type === 'create') return [`+${step.ordinal}${step.of === 'current' ? '@old' : ''}`];
      return step.type === 'delete' ? [step.pod.metadata.name.replace('db', '')] : [];
    })
    .join(' ');
const plan = (pods: string, spec?: Partial<StatefulSetSpec>): string =>
  told(planStatefulSet(set(spec), podsOf(pods), names, start));

const partition = (at: number) => ({
  updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: at } },
});

describe('the steps of a StatefulSet', () => {
  it.each<readonly [why: string, pods: string, spec: Partial<StatefulSetSpec>, steps: string]>([
    ['the first', '', {}, '+0'],
    ['the next when the one before is ready', '0+', {}, '+1'],
    ['none while it is not', '0-', {}, ''],
    ['none while it goes', '0+ 1x', {}, ''],
    ['the one that is missing before those behind it', '0+ 2+', {}, '+1'],
    ['all at once where it is Parallel', '0-', { podManagementPolicy: 'Parallel' }, '+1 +2'],
    ['from another first ordinal', '', { ordinals: { start: 5 } }, '+5'],
    ['one that has ended goes, to be made again', '0! 1+ 2+', {}, '-0'],
    ['the highest that is too many', '0+ 1+ 2+ 3+ 4+', {}, '-4'],
    ['none of those while one before is not ready', '0+ 1- 2+ 3+ 4+', {}, ''],
    ['the highest though it is not ready, if the others are', '0+ 1+ 2+ 3+ 4-', {}, '-4'],
    ['none while a higher one goes', '0+ 1+ 2+ 3+ 4x', {}, ''],
    [
      'all that are too many where it is Parallel',
      '0+ 1+ 2+ 3+ 4-',
      { podManagementPolicy: 'Parallel' },
      '-4 -3',
    ],
    ['the highest of the old revision', '0+@old 1+@old 2+@old', {}, '-2'],
    ['the next when the one above is ready', '0+@old 1+@old 2+', {}, '-1'],
    ['none below the partition', '0+@old 1+@old 2+', partition(2), ''],
    ['below the partition as it was', '1+@old 2+', partition(2), '+0@old'],
    [
      'none by itself where somebody else deletes',
      '0+@old 1+@old 2+@old',
      { updateStrategy: { type: 'OnDelete' } },
      '',
    ],
    [
      'as many of the old revision as may be missing',
      '0+@old 1+@old 2+@old',
      {
        updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0, maxUnavailable: 2 } },
      },
      '-2 -1',
    ],
  ])('%s', (_, pods, spec, steps) => {
    expect(plan(pods, spec)).toBe(steps);
  });

  const state = record({
    isThere: boolean(),
    state: constantFrom('+', '-', 'x', '!'),
    revision: constantFrom('old', 'new'),
  });
  it('in order never make or delete more than one, and never one while another is not well', () => {
    const ordered = property(
      array(state, { maxLength: 8 }),
      integer({ min: 0, max: 6 }),
      (pods, replicas) => {
        const text = pods
          .map((it, at) => (it.isThere ? `${at}${it.state}@${it.revision}` : ''))
          .filter((it) => it !== '')
          .join(' ');
        const steps = planStatefulSet(set({ replicas }), podsOf(text), names, start);
        const moves = steps.filter(({ type }) => type !== 'mend');
        expect(moves.length).toBeLessThanOrEqual(1);
        const [move] = moves;
        if (move?.type !== 'delete' || move.pod.status?.phase === 'Failed') return;
        const others = podsOf(text).filter(
          ({ metadata }) =>
            metadata.name !== move.pod.metadata.name && Number(metadata.name.slice(3)) < replicas,
        );
        expect(others.every(({ metadata }) => metadata.deletionTimestamp === undefined)).toBe(true);
      },
    );
    assert(ordered, { numRuns: 2_000 });
  });
});

describe('the status of a StatefulSet', () => {
  it('counts, and says that an update is complete', () => {
    const half = statefulSetStatus(set(), podsOf('0+@old 1-@old 2+'), names, 0, start);
    expect(half).toEqual({
      ...{ observedGeneration: 1, replicas: 3, readyReplicas: 2, availableReplicas: 2 },
      ...{ currentReplicas: 2, updatedReplicas: 1, currentRevision: 'old', updateRevision: 'new' },
      collisionCount: 0,
    });
    const whole = statefulSetStatus(set(), podsOf('0+ 1+ 2+'), names, 0, start);
    expect(whole).toMatchObject({ currentReplicas: 3, currentRevision: 'new' });
  });
});

describe('revisions of a template', () => {
  const options = { hashLabel: 'hash', collisions: 0 };
  const made = (image: string, revision: number) => ({
    ...revised(set(), template(image), [], options).update,
    revision,
  });
  it('are made, kept, and numbered anew when somebody goes back', () => {
    const [one, two] = [made('a', 1), made('b', 2)];
    expect(revised(set(), template('b'), [one, two], options)).toEqual({ update: two, write: 'nothing' });
    expect(revised(set(), template('a'), [one, two], options)).toEqual({
      ...{ update: { ...one, revision: 3 }, write: 'renumber' },
    });
    expect(revised(set(), template('c'), [one, two], options)).toMatchObject({
      ...{ update: { revision: 3 }, write: 'create' },
    });
    const collided = revised(set(), template('c'), [], { ...options, collisions: 1 }).update.metadata.name;
    expect(collided).not.toBe(made('c', 1).metadata.name);
  });
  it('beyond those that are kept go, the oldest first', () => {
    const all = ['a', 'b', 'c', 'd'].map((image, at) => made(image, at + 1));
    const gone = expiredRevisions(all, ({ revision }) => revision === 1, 1);
    expect(gone.map(({ revision }) => revision)).toEqual([2, 3]);
  });
});

describe('whose a claim is', () => {
  const of = (whenDeleted: string, whenScaled: string) =>
    set({ persistentVolumeClaimRetentionPolicy: { whenDeleted, whenScaled } });
  const claim = (...owners: readonly (Pod | StatefulSet)[]): Claim => ({
    ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', spec: {} },
    metadata: { ...set().metadata, name: 'data-db-0', ownerReferences: owners.map(controllerReference) },
  });
  const [kept, scaledDown] = [pod('db-0'), pod('db-7')];
  it.each([
    ['Retain', 'Retain', kept, []],
    ['Delete', 'Retain', kept, ['db']],
    ['Retain', 'Delete', kept, []],
    ['Retain', 'Delete', scaledDown, ['db-7']],
    ['Delete', 'Delete', kept, ['db']],
    ['Delete', 'Delete', scaledDown, ['db-7']],
  ])('whenDeleted %s, whenScaled %s', (whenDeleted, whenScaled, of1, uids) => {
    for (const present of [claim(), claim(set()), claim(of1)]) {
      const owners =
        claimOwners(of(whenDeleted, whenScaled), of1, present) ?? present.metadata.ownerReferences ?? [];
      expect(owners.map(({ uid }) => uid)).toEqual(uids);
    }
  });
});
