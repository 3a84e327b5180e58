import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../clock/index.ts';
import type { ContainerInstanceRecord } from '../records.ts';
import { giveBack, reserve } from '../reservation.ts';
import { type InstanceParts, instanceRecord } from '../testing/instance-record.ts';
import type { TaskDemand } from './demand.ts';
import { factsOf } from './instance.ts';
import { InstancePool } from './instance-pool.ts';
import { misfit } from './misfit.ts';
import { compileQuery } from './query/index.ts';
import type { LaunchProfile } from './ranking.ts';
import type { PlacementStrategy } from './strategy.ts';

const demand = (changes: Partial<TaskDemand> = {}): TaskDemand => ({
  cpu: 256,
  memoryMiB: 256,
  tcpPorts: [],
  udpPorts: [],
  requiredAttributes: [],
  isExternal: false,
  ...changes,
});

interface ProfileParts {
  readonly demand?: Partial<TaskDemand>;
  readonly strategies?: readonly PlacementStrategy[];
  readonly memberOf?: readonly string[];
  readonly isDistinctInstance?: boolean;
  readonly group?: string;
}

const profile = (parts: ProfileParts = {}): LaunchProfile => ({
  demand: demand(parts.demand),
  strategies: parts.strategies ?? [],
  constraints: {
    memberOf: parts.memberOf ?? [],
    isDistinctInstance: parts.isDistinctInstance ?? false,
  },
  group: parts.group ?? 'family:web',
});

const poolOf = (instances: readonly ContainerInstanceRecord[]): InstancePool => {
  const pool = new InstancePool();
  for (const instance of instances) pool.set(instance.id, instance);
  return pool;
};

const taskOf = ({ demand: { cpu, memoryMiB, tcpPorts, udpPorts }, group }: LaunchProfile) => ({
  group,
  reserved: { cpu, memoryMiB, tcpPorts, udpPorts },
});

/** Places one after the other. @returns where they went. */
const place = (pool: InstancePool, count: number, asked: LaunchProfile, seed = 1): readonly string[] => {
  const random = seededRandom(seed);
  const placed: string[] = [];
  while (placed.length < count) {
    const best = pool.best(asked, random);
    if (best === undefined) break;
    placed.push(best.id);
    pool.set(best.id, reserve(best, taskOf(asked)));
  }
  return placed;
};

/** How many tasks each instance got. */
const spreadOf = (instanceIds: readonly string[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const id of instanceIds) counts[id] = (counts[id] ?? 0) + 1;
  return counts;
};

const ports = (count: number): number[] => Array.from({ length: count }, (_, place) => 1000 + place);

describe('why a task does not fit an instance', () => {
  const cases: readonly [string, InstanceParts, ProfileParts, string, string?][] = [
    ['the agent is disconnected', { agentConnected: false }, {}, 'AGENT'],
    ['too little CPU is left', { cpu: 255 }, {}, 'RESOURCE:CPU'],
    ['too little memory is left', { memoryMiB: 255 }, {}, 'RESOURCE:MEMORY'],
    ['a TCP port is taken', { tcpPorts: [80] }, { demand: { tcpPorts: [80] } }, 'RESOURCE:PORTS'],
    [
      'a task has the port',
      { used: { cpu: 0, memoryMiB: 0, tcpPorts: [80], udpPorts: [] } },
      { demand: { tcpPorts: [80] } },
      'RESOURCE:PORTS',
    ],
    ['a UDP port is taken', { udpPorts: [53] }, { demand: { udpPorts: [53] } }, 'RESOURCE:PORTS'],
    [
      'a hundred ports are reserved',
      { tcpPorts: ports(100) },
      { demand: { tcpPorts: [80] } },
      'RESOURCE:PORTS',
    ],
    [
      'an attribute is absent',
      {},
      { demand: { requiredAttributes: [{ name: 'ecs.capability.task-eni' }] } },
      'ATTRIBUTE',
      'ecs.capability.task-eni',
    ],
    [
      'an attribute has another value',
      { attributeValues: { stack: 'blue' } },
      { demand: { requiredAttributes: [{ name: 'stack', value: 'green' }] } },
      'ATTRIBUTE',
      'stack=green',
    ],
    [
      'the machine is of another architecture',
      { attributeValues: { 'ecs.cpu-architecture': 'x86_64' } },
      { demand: { architecture: 'arm64' } },
      'ATTRIBUTE',
      'ecs.cpu-architecture=arm64',
    ],
    [
      'an expression does not hold',
      { attributeValues: { stack: 'blue' } },
      { memberOf: ['attribute:stack exists', 'attribute:stack == green'] },
      'MemberOf placement constraint unsatisfied',
      'attribute:stack == green',
    ],
    [
      'a task of the group is there',
      { groups: [{ group: 'family:web', tasks: 1 }], taskCount: 1 },
      { isDistinctInstance: true },
      'DistinctInstance placement constraint unsatisfied',
    ],
    ['more than one thing is in the way: CPU first', { cpu: 1, memoryMiB: 1 }, {}, 'RESOURCE:CPU'],
    [
      'more than one thing is in the way: resources before constraints',
      { memoryMiB: 1 },
      { memberOf: ['agentConnected == false'] },
      'RESOURCE:MEMORY',
    ],
  ];
  it.each(cases)('%s', (_, parts, asked, reason, detail) => {
    const pool = poolOf([instanceRecord('i', parts)]);
    expect(pool.best(profile(asked), seededRandom(1))).toBeUndefined();
    expect(pool.misfits(profile(asked), 10)).toEqual([
      { instanceId: 'i', reason, ...(detail === undefined ? {} : { detail }) },
    ]);
  });

  it('says nothing of instances of the other launch type, nor of those that are not ACTIVE', () => {
    const pool = poolOf([
      instanceRecord('external', { attributeValues: { 'ecs.capability.external': undefined } }),
      instanceRecord('draining', { status: 'DRAINING' }),
    ]);
    expect(pool.isAnyFor(demand())).toBe(false);
    expect(pool.isAnyFor(demand({ isExternal: true }))).toBe(true);
    expect(pool.best(profile(), seededRandom(1))).toBeUndefined();
    expect(pool.misfits(profile(), 10)).toEqual([]);
  });

  it('takes a UDP port that is taken for TCP, and a hundredth port', () => {
    const pool = poolOf([instanceRecord('i', { tcpPorts: ports(99) })]);
    expect(place(pool, 1, profile({ demand: { udpPorts: [1000] } }))).toEqual(['i']);
  });
});

describe('where tasks go', () => {
  const zone = (name: string): InstanceParts => ({ attributeValues: { 'ecs.availability-zone': name } });

  it('spreads by default over zones, then over instances, then to where the fewest tasks are', () => {
    const pool = poolOf([
      instanceRecord('a1', zone('a')),
      instanceRecord('a2', zone('a')),
      instanceRecord('b1', zone('b')),
    ]);
    expect(spreadOf(place(pool, 4, profile()))).toEqual({ a1: 1, a2: 1, b1: 2 });
    const busy = poolOf([instanceRecord('a1', { taskCount: 3 }), instanceRecord('a2', { taskCount: 1 })]);
    expect(place(busy, 1, profile())).toEqual(['a2']);
  });

  it('counts the tasks that the group already has, and only those', () => {
    const of = (id: string, tasks: number) =>
      instanceRecord(id, {
        groups: [
          { group: 'family:web', tasks },
          { group: 'family:other', tasks: 9 - tasks },
        ],
      });
    const strategies = [{ type: 'spread', field: 'instanceId' }] as const;
    const pool = poolOf([of('a', 2), of('b', 0), of('c', 1)]);
    const small = { cpu: 10, memoryMiB: 10 };
    expect(spreadOf(place(pool, 3, profile({ demand: small, strategies })))).toEqual({ b: 2, c: 1 });
  });

  it('spreads over a custom attribute, those without it being one value of their own', () => {
    const rack = (id: string, value?: string) =>
      instanceRecord(id, value === undefined ? {} : { attributeValues: { rack: value } });
    const strategies = [{ type: 'spread', field: 'attribute:rack' }] as const;
    const pool = poolOf([rack('a', '1'), rack('b', '1'), rack('c', '2'), rack('d')]);
    const placed = spreadOf(place(pool, 6, profile({ strategies })));
    expect([(placed.a ?? 0) + (placed.b ?? 0), placed.c, placed.d]).toEqual([2, 2, 2]);
  });

  it('binpacks: fills the instance with the least left before it opens another', () => {
    const pool = poolOf([
      instanceRecord('large', { memoryMiB: 4096 }),
      instanceRecord('small', { memoryMiB: 600 }),
    ]);
    const strategies = [{ type: 'binpack', field: 'memory' }] as const;
    expect(place(pool, 4, profile({ demand: { cpu: 1 }, strategies }))).toEqual([
      'small',
      'small',
      'large',
      'large',
    ]);
  });

  it('breaks ties of one strategy by the next', () => {
    const strategies = [
      { type: 'spread', field: 'instanceId' },
      { type: 'binpack', field: 'cpu' },
    ] as const;
    const pool = poolOf([instanceRecord('a', { cpu: 512 }), instanceRecord('b', { cpu: 400 })]);
    expect(place(pool, 2, profile({ strategies }))).toEqual(['b', 'a']);
  });

  it('gives distinctInstance an instance for each', () => {
    const pool = poolOf([instanceRecord('a'), instanceRecord('b')]);
    expect([...place(pool, 3, profile({ isDistinctInstance: true }))].sort()).toEqual(['a', 'b']);
  });

  it('goes where an expression holds, also one about what runs there', () => {
    const pool = poolOf([instanceRecord('a'), instanceRecord('b', { attributeValues: { stack: 'blue' } })]);
    expect(place(pool, 2, profile({ memberOf: ['attribute:stack == blue'] }))).toEqual(['b', 'b']);
    expect(place(pool, 2, profile({ memberOf: ['task:group == family:web'] }))).toEqual(['b', 'b']);
    const most = poolOf([instanceRecord('a'), instanceRecord('b')]);
    expect(spreadOf(place(most, 9, profile({ memberOf: ['runningTasksCount < 2'] })))).toEqual({
      a: 2,
      b: 2,
    });
  });

  it('keeps apart more kinds of launch than it has rankings for', () => {
    const pool = poolOf([
      instanceRecord('a', { cpu: 1e6, memoryMiB: 1e6 }),
      instanceRecord('b', { cpu: 1e6, memoryMiB: 1e6 }),
    ]);
    const groups = Array.from({ length: 600 }, (_, number) => `family:f${number}`);
    for (const group of [...groups, ...groups])
      place(pool, 1, profile({ group, demand: { cpu: 1, memoryMiB: 1 } }));
    for (const id of ['a', 'b'])
      expect(pool.get(id)?.groups.map(({ tasks }) => tasks)).toEqual(Array(600).fill(1));
  });

  it('chooses the same for the same seed, and everyone at random', () => {
    const instances = Array.from({ length: 20 }, (_, index) => instanceRecord(`i${index}`));
    const strategies = [{ type: 'random' }] as const;
    const placed = () => place(poolOf(instances), 40, profile({ strategies }));
    expect(placed()).toEqual(placed());
    expect(new Set(placed()).size).toBeGreaterThan(10);
  });
});

/**
 * A plain planner that looks at everything each time, and a pool that is told of each change: whatever happened
 * before, the pool's choice is one that the plain planner could have made.
 */
describe('whatever happens to a cluster', () => {
  const zones = ['a', 'b', 'c'];
  const strategies = fc.array(
    fc.constantFrom<PlacementStrategy>(
      { type: 'random' },
      { type: 'spread', field: 'instanceId' },
      { type: 'spread', field: 'attribute:ecs.availability-zone' },
      { type: 'spread', field: 'attribute:rack' },
      { type: 'binpack', field: 'cpu' },
      { type: 'binpack', field: 'memory' },
    ),
    { maxLength: 4 },
  );
  const anyProfile = fc
    .record({
      demand: fc.record({
        cpu: fc.constantFrom(0, 100, 300),
        memoryMiB: fc.constantFrom(0, 100, 300),
        tcpPorts: fc.constantFrom([], [], [80], [80, 81]),
      }),
      strategies,
      memberOf: fc.constantFrom(
        [],
        [],
        ['attribute:rack exists'],
        ['runningTasksCount < 3'],
        ['not(task:group == g1)', 'attribute:ecs.availability-zone in [a, b]'],
      ),
      isDistinctInstance: fc.constantFrom(false, false, true),
      group: fc.constantFrom('g1', 'g2'),
    })
    .map(profile);
  const anyInstance = fc.record({
    id: fc.constantFrom('i1', 'i2', 'i3', 'i4', 'i5', 'i6', 'i7', 'i8'),
    cpu: fc.constantFrom(200, 600, 1000),
    memoryMiB: fc.constantFrom(200, 600, 1000),
    zone: fc.constantFrom(...zones),
    rack: fc.constantFrom('1', '2', undefined),
  });
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ type: fc.constant('register'), instance: anyInstance }) },
    { weight: 12, arbitrary: fc.record({ type: fc.constant('place'), profile: fc.nat(3) }) },
    { weight: 4, arbitrary: fc.record({ type: fc.constant('stop'), task: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('deregister'), id: fc.nat() }) },
    {
      weight: 2,
      arbitrary: fc.record({
        type: fc.constant('change'),
        id: fc.nat(),
        change: fc.constantFrom<Partial<ContainerInstanceRecord>>(
          { agentConnected: false },
          { agentConnected: true },
          { status: 'DRAINING' },
          { status: 'ACTIVE' },
          {
            attributes: [
              { name: 'ecs.availability-zone', value: 'b' },
              { name: 'rack', value: '2' },
            ],
          },
        ),
      }),
    },
  );

  it('the pool chooses one of the best', () => {
    fc.assert(
      fc.property(
        fc.array(anyProfile, { minLength: 4, maxLength: 4 }),
        fc.array(step, { minLength: 5, maxLength: 80 }),
        fc.integer(),
        (profiles, steps, seed) => {
          const pool = new InstancePool();
          const random = seededRandom(seed);
          const instances = new Map<string, ContainerInstanceRecord>();
          const running: { readonly instanceId: string; readonly asked: LaunchProfile }[] = [];
          const set = (id: string, instance: ContainerInstanceRecord | undefined): void => {
            if (instance === undefined) instances.delete(id);
            else instances.set(id, instance);
            pool.set(id, instance);
          };
          const known = (number: number) => [...instances.values()][number % Math.max(1, instances.size)];
          for (const each of steps) {
            switch (each.type) {
              case 'register': {
                const { id, zone, rack, ...sizes } = each.instance;
                const attributeValues = { 'ecs.availability-zone': zone, ...(rack && { rack }) };
                if (!instances.has(id)) set(id, instanceRecord(id, { ...sizes, attributeValues }));
                break;
              }
              case 'deregister': {
                const gone = known(each.id);
                if (gone === undefined || gone.taskCount > 0) break;
                set(gone.id, undefined);
                break;
              }
              case 'change': {
                const before = known(each.id);
                if (before !== undefined) set(before.id, { ...before, ...each.change });
                break;
              }
              case 'stop': {
                const [task] = running.splice(each.task % Math.max(1, running.length), 1);
                const on = task && instances.get(task.instanceId);
                if (task && on) set(on.id, giveBack(on, taskOf(task.asked)));
                break;
              }
              case 'place': {
                const asked = profiles[each.profile] ?? profile();
                const chosen = pool.best(asked, random);
                const best = bestOf([...instances.values()], asked);
                if (chosen === undefined) expect(best).toEqual([]);
                else {
                  expect(best).toContain(chosen.id);
                  expect(instances.get(chosen.id)).toBe(chosen);
                  set(chosen.id, reserve(chosen, taskOf(asked)));
                  running.push({ instanceId: chosen.id, asked });
                }
              }
            }
          }
        },
      ),
      { numRuns: 400 },
    );
  });
});

/** The ids of the instances that nothing beats, by looking at all of them. */
function bestOf(instances: readonly ContainerInstanceRecord[], asked: LaunchProfile): readonly string[] {
  const { group, constraints } = asked;
  const ofGroup = ({ groups }: ContainerInstanceRecord) =>
    groups.find((each) => each.group === group)?.tasks ?? 0;
  const everyone = instances.filter(({ status }) => status === 'ACTIVE');
  let best = everyone.filter(
    (instance) =>
      misfit(instance, asked.demand) === undefined &&
      constraints.memberOf.every((expression) => compileQuery(expression)(factsOf(instance))) &&
      !(constraints.isDistinctInstance && ofGroup(instance) > 0),
  );
  const byDefault: readonly PlacementStrategy[] = [
    { type: 'spread', field: 'attribute:ecs.availability-zone' },
    { type: 'spread', field: 'instanceId' },
    { type: 'fewestTasks' },
  ];
  const score = (strategy: PlacementStrategy, instance: ContainerInstanceRecord): number => {
    const registered = (name: string) =>
      instance.registeredResources.find((resource) => resource.name === name)?.integerValue ?? 0;
    switch (strategy.type) {
      case 'random':
        return 0;
      case 'fewestTasks':
        return instance.taskCount;
      case 'binpack':
        return strategy.field === 'cpu'
          ? registered('CPU') - instance.used.cpu
          : registered('MEMORY') - instance.used.memoryMiB;
      case 'spread': {
        const fieldOf = ({ id, attributes }: ContainerInstanceRecord) =>
          strategy.field === 'instanceId'
            ? id
            : attributes.find(({ name }) => `attribute:${name}` === strategy.field)?.value;
        const peers = everyone.filter((other) => fieldOf(other) === fieldOf(instance));
        return peers.reduce((sum, other) => sum + ofGroup(other), 0);
      }
    }
  };
  for (const strategy of asked.strategies.length > 0 ? asked.strategies : byDefault) {
    if (strategy.type === 'random') break;
    const scores = best.map((instance) => score(strategy, instance));
    const least = Math.min(...scores);
    best = best.filter((_, place) => scores[place] === least);
  }
  return best.map(({ id }) => id);
}
