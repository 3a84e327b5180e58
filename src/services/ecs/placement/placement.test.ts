import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../clock/index.ts';
import type { TaskDemand } from './demand.ts';
import type { InstanceOffer } from './offer.ts';
import { type PlacementPolicy, type PlacementStrategy, placeTasks } from './placement.ts';

const offer = (instanceId: string, changes: Partial<InstanceOffer> = {}): InstanceOffer => ({
  instanceId,
  agentConnected: true,
  isExternal: false,
  cpu: 1024,
  memoryMiB: 1024,
  takenTcpPorts: new Set([22]),
  takenUdpPorts: new Set(),
  attributes: new Map([['ecs.availability-zone', 'eu-west-1a']]),
  taskCount: 0,
  tasksByGroup: new Map(),
  ...changes,
});

const demand = (changes: Partial<TaskDemand> = {}): TaskDemand => ({
  cpu: 256,
  memoryMiB: 256,
  tcpPorts: [],
  udpPorts: [],
  requiredAttributes: [],
  isExternal: false,
  ...changes,
});

const policy = (strategies: readonly PlacementStrategy[] = [], changes: Partial<PlacementPolicy> = {}) => ({
  strategies,
  isDistinctInstance: false,
  group: 'family:web',
  random: seededRandom(1),
  ...changes,
});

/** How many tasks each instance got. */
const spreadOf = (instanceIds: readonly string[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const id of instanceIds) counts[id] = (counts[id] ?? 0) + 1;
  return counts;
};

describe('why a task does not fit an instance', () => {
  const cases: readonly [string, Partial<InstanceOffer>, Partial<TaskDemand>, string, string?][] = [
    ['the agent is disconnected', { agentConnected: false }, {}, 'AGENT'],
    ['too little CPU is left', { cpu: 255 }, {}, 'RESOURCE:CPU'],
    ['too little memory is left', { memoryMiB: 255 }, {}, 'RESOURCE:MEMORY'],
    ['a TCP port is taken', { takenTcpPorts: new Set([80]) }, { tcpPorts: [80] }, 'RESOURCE:PORTS'],
    ['a UDP port is taken', { takenUdpPorts: new Set([53]) }, { udpPorts: [53] }, 'RESOURCE:PORTS'],
    [
      'a hundred ports are reserved',
      { takenTcpPorts: new Set(Array.from({ length: 100 }, (_, port) => 1000 + port)) },
      { tcpPorts: [80] },
      'RESOURCE:PORTS',
    ],
    [
      'an attribute is absent',
      {},
      { requiredAttributes: [{ name: 'ecs.capability.task-eni' }] },
      'ATTRIBUTE',
      'ecs.capability.task-eni',
    ],
    [
      'an attribute has another value',
      { attributes: new Map([['stack', 'blue']]) },
      { requiredAttributes: [{ name: 'stack', value: 'green' }] },
      'ATTRIBUTE',
      'stack=green',
    ],
    [
      'the machine is of another architecture',
      { attributes: new Map([['ecs.cpu-architecture', 'x86_64']]) },
      { architecture: 'arm64' },
      'ATTRIBUTE',
      'ecs.cpu-architecture=arm64',
    ],
  ];
  it.each(cases)('%s', (_, offered, demanded, reason, detail) => {
    const plan = placeTasks([offer('i', offered)], demand(demanded), 1, policy());
    expect(plan.instanceIds).toEqual([]);
    expect(plan.misfits).toEqual([{ instanceId: 'i', reason, ...(detail === undefined ? {} : { detail }) }]);
  });

  it('says nothing of instances of the other launch type', () => {
    const plan = placeTasks([offer('i', { isExternal: true })], demand(), 1, policy());
    expect(plan).toEqual({ instanceIds: [], misfits: [] });
  });

  it('takes a UDP port that is taken for TCP', () => {
    const plan = placeTasks([offer('i')], demand({ udpPorts: [22] }), 1, policy());
    expect(plan.instanceIds).toEqual(['i']);
  });
});

describe('where tasks go', () => {
  it('spreads by default over zones, then over instances, then to where the fewest tasks are', () => {
    const zone = (name: string) => new Map([['ecs.availability-zone', name]]);
    const offers = [
      offer('a1', { attributes: zone('a') }),
      offer('a2', { attributes: zone('a') }),
      offer('b1', { attributes: zone('b') }),
    ];
    expect(spreadOf(placeTasks(offers, demand(), 4, policy()).instanceIds)).toEqual({ a1: 1, a2: 1, b1: 2 });
    const busy = [offer('a1', { taskCount: 3 }), offer('a2', { taskCount: 1 })];
    expect(placeTasks(busy, demand(), 1, policy()).instanceIds).toEqual(['a2']);
  });

  it('counts the tasks that the group already has', () => {
    const counts = new Map([
      ['a', 2],
      ['b', 0],
      ['c', 1],
    ]);
    const plan = placeTasks(
      ['a', 'b', 'c'].map((id) =>
        offer(id, { tasksByGroup: new Map([['family:web', counts.get(id) ?? 0]]) }),
      ),
      demand({ cpu: 10, memoryMiB: 10 }),
      3,
      policy([{ type: 'spread', field: 'instanceId' }]),
    );
    expect(spreadOf(plan.instanceIds)).toEqual({ b: 2, c: 1 });
  });

  it('binpacks: fills the instance with the least left before it opens another', () => {
    const offers = [offer('large', { memoryMiB: 4096 }), offer('small', { memoryMiB: 600 })];
    const plan = placeTasks(offers, demand({ cpu: 1 }), 4, policy([{ type: 'binpack', field: 'memory' }]));
    expect(spreadOf(plan.instanceIds)).toEqual({ small: 2, large: 2 });
  });

  it('breaks ties of one strategy by the next', () => {
    const offers = [offer('a', { cpu: 512 }), offer('b', { cpu: 400 })];
    const strategies = [
      { type: 'spread', field: 'instanceId' },
      { type: 'binpack', field: 'cpu' },
    ] as const;
    expect(placeTasks(offers, demand(), 1, policy(strategies)).instanceIds).toEqual(['b']);
  });

  it('gives distinctInstance an instance for each, and says which have one', () => {
    const offers = [offer('a'), offer('b')];
    const plan = placeTasks(offers, demand(), 3, policy([], { isDistinctInstance: true }));
    expect([...plan.instanceIds].sort()).toEqual(['a', 'b']);
    expect(plan.misfits.map(({ reason }) => reason)).toEqual(
      Array(2).fill('DistinctInstance placement constraint unsatisfied'),
    );
  });

  it('places what fits and tells why the rest did not', () => {
    const plan = placeTasks([offer('a', { cpu: 600 })], demand(), 4, policy());
    expect(plan.instanceIds).toEqual(['a', 'a']);
    expect(plan.misfits).toEqual([{ instanceId: 'a', reason: 'RESOURCE:CPU' }]);
  });

  it('chooses the same for the same seed', () => {
    const offers = Array.from({ length: 20 }, (_, index) => offer(`i${index}`));
    const place = () => placeTasks(offers, demand(), 10, policy([{ type: 'random' }])).instanceIds;
    expect(place()).toEqual(place());
  });
});

describe('whatever is offered and asked', () => {
  const port = fc.integer({ min: 80, max: 84 });
  const anyOffer = fc.record({
    cpu: fc.integer({ min: 0, max: 2048 }),
    memoryMiB: fc.integer({ min: 0, max: 2048 }),
    takenTcpPorts: fc.uniqueArray(port).map((ports) => new Set(ports)),
    agentConnected: fc.boolean(),
    taskCount: fc.integer({ min: 0, max: 5 }),
    attributes: fc.constantFrom('a', 'b').map((zone) => new Map([['ecs.availability-zone', zone]])),
  });
  const anyDemand = fc.record({
    cpu: fc.integer({ min: 0, max: 1024 }),
    memoryMiB: fc.integer({ min: 0, max: 1024 }),
    tcpPorts: fc.uniqueArray(port, { maxLength: 2 }),
  });
  const anyStrategies = fc.array(
    fc.constantFrom<PlacementStrategy>(
      { type: 'random' },
      { type: 'spread', field: 'instanceId' },
      { type: 'spread', field: 'attribute:ecs.availability-zone' },
      { type: 'binpack', field: 'cpu' },
      { type: 'binpack', field: 'memory' },
    ),
    { maxLength: 3 },
  );

  it('never gives an instance more than it has, a port twice, or a disconnected agent a task', () => {
    fc.assert(
      fc.property(
        fc.array(anyOffer, { maxLength: 8 }),
        anyDemand,
        anyStrategies,
        fc.integer({ min: 1, max: 20 }),
        fc.boolean(),
        fc.integer(),
        (offered, demanded, strategies, count, isDistinctInstance, seed) => {
          const offers = offered.map((changes, index) => offer(`i${index}`, changes));
          const wanted = demand(demanded);
          const plan = placeTasks(
            offers,
            wanted,
            count,
            policy(strategies, { isDistinctInstance, random: seededRandom(seed) }),
          );
          const placed = spreadOf(plan.instanceIds);
          for (const { instanceId, cpu, memoryMiB, takenTcpPorts, agentConnected } of offers) {
            const tasks = placed[instanceId] ?? 0;
            if (tasks === 0) continue;
            expect(agentConnected).toBe(true);
            expect(tasks * wanted.cpu).toBeLessThanOrEqual(cpu);
            expect(tasks * wanted.memoryMiB).toBeLessThanOrEqual(memoryMiB);
            if (wanted.tcpPorts.length > 0 || isDistinctInstance) expect(tasks).toBe(1);
            expect(wanted.tcpPorts.some((taken) => takenTcpPorts.has(taken))).toBe(false);
          }
          // Nothing is left unplaced that would have fitted somewhere.
          if (plan.instanceIds.length < count) expect(plan.misfits).toHaveLength(offers.length);
          else expect(plan.misfits).toEqual([]);
        },
      ),
    );
  });

  it('leaves no two instances with room more than one task of the group apart when it spreads', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 1, max: 30 }),
        fc.integer(),
        (size, count, seed) => {
          const offers = Array.from({ length: size }, (_, index) =>
            offer(`i${index}`, { cpu: 1e6, memoryMiB: 1e6 }),
          );
          const plan = placeTasks(offers, demand(), count, policy([], { random: seededRandom(seed) }));
          const placed = spreadOf(plan.instanceIds);
          const counts = offers.map(({ instanceId }) => placed[instanceId] ?? 0);
          expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
        },
      ),
    );
  });
});
