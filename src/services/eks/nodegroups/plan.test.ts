import { describe, expect, it } from 'vitest';
import type { NodegroupInstance } from '../nodes/record.ts';
import { type Member, type Plan, planNodegroup } from './plan.ts';
import type { NodegroupRecord } from './record.ts';

const minute = 60_000;
const now = 1_000 * minute;

const group = (more: Partial<NodegroupRecord> = {}): NodegroupRecord => ({
  ...{ id: 'g', name: 'blue', clusterName: 'harbor', nodeRole: 'r', nodeRoleId: 'R', subnetIds: ['s'] },
  ...{ instanceTypes: ['t3.medium'], amiType: 'AL2023_x86_64_STANDARD', capacityType: 'ON_DEMAND' },
  ...{ diskGiB: 20, scaling: { minSize: 0, maxSize: 9, desiredSize: 2 }, labels: {}, taints: [] },
  ...{
    updateConfig: { maxUnavailable: 1, updateStrategy: 'DEFAULT' },
    version: '1.36',
    releaseVersion: 'new',
  },
  ...{ createdAt: now, modifiedAt: now, tags: {}, phase: 'ACTIVE', issues: [] },
  ...more,
});

interface Bent extends Partial<Omit<Member, 'instance'>> {
  readonly instance?: Partial<NodegroupInstance>;
}

/** A node that is ready, in the zone `a`, of the release `new`. */
const member = (instanceId: string, { instance, ...more }: Bent = {}): Member => ({
  instance: {
    ...{ instanceId, clusterName: 'harbor', clusterId: 'H', nodegroupName: 'blue', nodeRole: 'r' },
    ...{ instanceType: 't3.medium', isSpot: false, share: { cpu: 410, memoryMiB: 4_096 } },
    capacity: { cpuMillis: 2_000, memoryMiB: 4_096, pods: 17, diskGiB: 20 },
    ...{ version: '1.36', releaseVersion: 'new', labels: {}, taints: [], createdAt: now },
    launched: {
      ...{ networkInterfaceId: 'eni-1', privateIpv4: '10.0.0.4', privateDnsName: `ip-${instanceId}` },
      ...{ subnetId: 's', availabilityZone: 'a', at: now },
    },
    ...instance,
  },
  report: { nodegroupKey: 'k', status: 'running', at: now },
  sighting: { nodegroupKey: 'k', isReady: true, given: { labels: {}, taints: [] } },
  ...more,
});
const inZone = (availabilityZone: string): Bent => ({
  instance: { launched: { ...member('x').instance.launched, availabilityZone } as never },
});
const old: Bent = { instance: { releaseVersion: 'old' } };
const unready: Bent = { sighting: { nodegroupKey: 'k', isReady: false } };
const draining = (since: number, more: object = {}): Bent => ({
  instance: { releaseVersion: 'old', drainSince: since },
  sighting: { nodegroupKey: 'k', isReady: true, ...more },
});

const steps = ({ launch, drain, end, place, forget }: Plan) => ({ launch, drain, end, place, forget });
const nothing = { launch: 0, drain: [], end: [], place: [], forget: [] };

describe('the size of a node group', () => {
  it('is reached by launching what is missing', () => {
    expect(steps(planNodegroup(group(), [member('1')], now))).toEqual({ ...nothing, launch: 1 });
  });

  it('is kept: a group whose nodes are all ready has nothing to do and nothing to say', () => {
    const issues = [{ code: 'NodeCreationFailure', message: '', resourceIds: [] }] as const;
    const plan = planNodegroup(group({ phase: 'CREATING', issues }), [member('1'), member('2')], now);
    expect(steps(plan)).toEqual(nothing);
    expect(plan).toMatchObject({ phase: 'ACTIVE', issues: [] });
  });

  it('falls by emptying a node of the zone with most, and one that is not ready at first', () => {
    const zones = [member('1', inZone('a')), member('2', inZone('b')), member('3', inZone('b'))];
    expect(steps(planNodegroup(group(), zones, now))).toEqual({ ...nothing, drain: ['2'] });
    const other = [...zones, member('4', unready)];
    const scaling = { minSize: 0, maxSize: 9, desiredSize: 3 };
    expect(steps(planNodegroup(group({ scaling }), other, now)).drain).toEqual(['4']);
  });

  it('ends a node that is empty, or after a quarter of an hour', () => {
    const leaving = (since: number, more = {}) => [
      ...[member('1'), member('2')],
      member('3', { ...draining(since, more), instance: { drainSince: since } }),
    ];
    expect(steps(planNodegroup(group(), leaving(now), now))).toEqual(nothing);
    expect(planNodegroup(group(), leaving(now), now).lookAgainAt).toBe(now + 15 * minute);
    expect(steps(planNodegroup(group(), leaving(now, { isDrained: true }), now)).end).toEqual(['3']);
    expect(steps(planNodegroup(group(), leaving(now - 15 * minute), now)).end).toEqual(['3']);
  });

  it('waits a little after what could not be launched', () => {
    const launchFailure = { at: now - 1_000, instanceType: 't3.medium' };
    const plan = planNodegroup(group({ launchFailure }), [], now);
    expect(steps(plan)).toEqual(nothing);
    expect(plan.lookAgainAt).toBe(now + 14_000);
    expect(planNodegroup(group({ launchFailure }), [], now + 14_000).launch).toBe(2);
  });

  it('is not reached in time: the group says which nodes did not join, and is CREATE_FAILED in the end', () => {
    const created = { createdAt: now - 20 * minute };
    const late = [member('1'), member('2', { ...unready, instance: created })];
    const plan = planNodegroup(group({ phase: 'CREATING', ...created }), late, now);
    expect(plan.phase).toBe('CREATING');
    expect(plan.issues).toMatchObject([{ code: 'NodeCreationFailure', resourceIds: ['2'] }]);
    const ended = planNodegroup(group({ phase: 'CREATING', createdAt: now - 25 * minute }), late, now);
    expect(ended.phase).toBe('CREATE_FAILED');
    expect(steps(planNodegroup(group({ phase: 'CREATE_FAILED' }), [], now))).toEqual(nothing);
    // It is looked at when that is due, and not all the time because of a node that is late already.
    expect(plan.lookAgainAt).toBe(now + 5 * minute);
    expect(planNodegroup(group(), late, now).lookAgainAt).toBeUndefined();
  });
});

it('places an instance once its machine has room, and forgets it when all have let it go', () => {
  const { launched: _, ...instance } = member('1').instance;
  const reserved: Member = { instance, report: { nodegroupKey: 'k', status: 'reserved', at: now } };
  expect(steps(planNodegroup(group(), [reserved, member('2')], now))).toEqual({ ...nothing, place: ['1'] });
  const ending = (isForgotten: boolean) =>
    member('3', {
      instance: { isEnding: true },
      report: { nodegroupKey: 'k', status: 'ended', at: now },
      sighting: { nodegroupKey: 'k', isReady: false, ...(isForgotten && { isForgotten: true as const }) },
    });
  const others = [member('1'), member('2')];
  expect(steps(planNodegroup(group(), [...others, ending(false)], now)).forget).toEqual([]);
  expect(steps(planNodegroup(group(), [...others, ending(true)], now)).forget).toEqual(['3']);
});

it('goes after the last of its nodes', () => {
  const deleting = group({ isDeleting: true });
  expect(steps(planNodegroup(deleting, [member('1')], now))).toEqual({ ...nothing, drain: ['1'] });
  expect(planNodegroup(deleting, [member('1')], now).isGone).toBe(false);
  expect(planNodegroup(deleting, [], now).isGone).toBe(true);
  // Pods that do not leave keep it for a quarter of an hour: nothing but time says that this is over.
  const stuck = member('1', draining(now, { stuckPods: ['default/web'] }));
  expect(planNodegroup(deleting, [stuck], now).lookAgainAt).toBe(now + 15 * minute);
  expect(steps(planNodegroup(deleting, [stuck], now + 15 * minute)).end).toEqual(['1']);
});

describe('an update to another release', () => {
  const updating = group({ updateId: 'u' });
  const olds = [member('1', old), member('2', old)];

  it('begins with a new node, and empties an old one for each that is ready', () => {
    expect(steps(planNodegroup(updating, olds, now))).toEqual({ ...nothing, launch: 1 });
    expect(steps(planNodegroup(updating, [...olds, member('3', unready)], now))).toEqual(nothing);
    expect(steps(planNodegroup(updating, [...olds, member('3')], now))).toEqual({ ...nothing, drain: ['1'] });
  });

  it('goes on when the old one has ended, until none is left', () => {
    const during = [member('1', draining(now)), member('2', old), member('3')];
    expect(steps(planNodegroup(updating, during, now))).toEqual(nothing);
    const after = [member('2', old), member('3')];
    expect(steps(planNodegroup(updating, after, now))).toEqual({ ...nothing, launch: 1 });
    const last = [member('2', old), member('3'), member('4')];
    expect(steps(planNodegroup(updating, last, now))).toEqual({ ...nothing, drain: ['2'] });
    expect(planNodegroup(updating, [member('3'), member('4')], now).update).toEqual({});
  });

  it('ends old nodes first, where there is room for no more', () => {
    const minimal = group({ updateId: 'u', updateConfig: { maxUnavailable: 1, updateStrategy: 'MINIMAL' } });
    expect(steps(planNodegroup(minimal, olds, now))).toEqual({ ...nothing, drain: ['1'] });
    const during = [member('1', draining(now)), member('2', old)];
    expect(steps(planNodegroup(minimal, during, now))).toEqual(nothing);
    expect(steps(planNodegroup(minimal, [member('2', old)], now))).toEqual({ ...nothing, launch: 1 });
    expect(steps(planNodegroup(minimal, [member('2', old), member('3', unready)], now))).toEqual(nothing);
    expect(steps(planNodegroup(minimal, [member('2', old), member('3')], now)).drain).toEqual(['2']);
  });

  it('fails where pods do not leave, unless it is forced', () => {
    const stuck = draining(now - 15 * minute, { stuckPods: ['default/web'] });
    const members = [member('1', stuck), member('2', old), member('3')];
    expect(planNodegroup(updating, members, now).update?.error).toMatchObject({
      ...{ errorCode: 'PodEvictionFailure', resourceIds: ['ip-1'] },
      errorMessage: expect.stringContaining('default/web'),
    });
    expect(steps(planNodegroup(updating, members, now)).end).toEqual([]);
    const forced = planNodegroup(group({ updateId: 'u', isForced: true }), members, now);
    expect([forced.update, forced.end]).toEqual([undefined, ['1']]);
  });

  it('fails where no new node can be launched', () => {
    const launchFailure = { at: now - 1_000, instanceType: 't3.medium' };
    const plan = planNodegroup(group({ updateId: 'u', launchFailure }), olds, now);
    expect(plan.update?.error?.errorCode).toBe('NodeCreationFailure');
    expect(steps(plan)).toEqual(nothing);
  });
});
