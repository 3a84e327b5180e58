import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { instanceRecord } from '../testing/instance-record.ts';
import { type SeatedTask, surplusTasks } from './scale-in.ts';
import type { PlacementStrategy } from './strategy.ts';

interface Task extends SeatedTask {
  readonly id: string;
}

/** Racks of the instances, and what is left on them in MiB of memory and CPU units. */
const instances = {
  a1: { rack: '1', left: 300 },
  a2: { rack: '2', left: 200 },
  b1: { rack: '1', left: 250 },
  c1: { rack: '3', left: 100 },
} as const;

/** Tasks of 64 MiB and 64 CPU units, oldest first, by their instances; the first letter is the zone. */
const tasksOn = (...places: readonly (keyof typeof instances)[]): Task[] =>
  places.map((place, age) => {
    const { rack, left } = instances[place];
    return {
      id: `${place}-${age}`,
      containerInstanceId: place,
      availabilityZone: place.slice(0, 1),
      instance: instanceRecord(place, { cpu: left, memoryMiB: left, attributeValues: { rack } }),
      reserved: { cpu: 64, memoryMiB: 64, tcpPorts: [], udpPorts: [] },
    };
  });

const surplus = (tasks: readonly Task[], count: number, strategies: readonly PlacementStrategy[]) => {
  const age = ({ id }: Task): number => Number(id.split('-')[1]);
  return surplusTasks({ all: tasks, stoppable: tasks }, count, strategies, {
    isBefore: () => 0,
    tieBreak: (left, right) => age(left) - age(right),
  }).map(({ id }) => id);
};

describe('which tasks scaling in takes', () => {
  it('by default: of the zone with most, then of the instance with most, then the oldest', () => {
    const tasks = tasksOn('a1', 'a2', 'a2', 'b1', 'c1');
    expect(surplus(tasks, 3, [])).toEqual(['a2-1', 'a1-0', 'a2-2']);
  });

  it('with spread over an attribute: of the value with most', () => {
    const tasks = tasksOn('c1', 'a2', 'a1', 'b1');
    expect(surplus(tasks, 2, [{ type: 'spread', field: 'attribute:rack' }])).toEqual(['a1-2', 'c1-0']);
  });

  it('with spread over instances: of the instance with most', () => {
    const tasks = tasksOn('c1', 'a2', 'b1', 'b1');
    expect(surplus(tasks, 1, [{ type: 'spread', field: 'instanceId' }])).toEqual(['b1-2']);
  });

  it('with binpack: where most would be left, and there until it is empty', () => {
    const tasks = tasksOn('c1', 'b1', 'a1', 'a1', 'b1', 'b1');
    for (const field of ['cpu', 'memory'] as const)
      expect(surplus(tasks, 4, [{ type: 'binpack', field }])).toEqual(['a1-2', 'a1-3', 'b1-1', 'b1-4']);
  });

  it('with random: whichever comes first by itself', () => {
    expect(surplus(tasksOn('c1', 'a1', 'a1'), 1, [{ type: 'random' }])).toEqual(['c1-0']);
  });

  it('breaks the ties of one strategy by the next', () => {
    const tasks = tasksOn('b1', 'a2', 'a1', 'c1');
    expect(
      surplus(tasks, 1, [
        { type: 'spread', field: 'instanceId' },
        { type: 'binpack', field: 'memory' },
      ]),
    ).toEqual(['a1-2']);
  });

  it('takes those that rank first before all else, and none that must stay', () => {
    const tasks = tasksOn('a1', 'a1', 'b1', 'c1');
    const stoppable = tasks.filter(({ id }) => id !== 'a1-0');
    const chosen = surplusTasks({ all: tasks, stoppable }, 9, [], {
      isBefore: (left, right) => Number(right.id === 'c1-3') - Number(left.id === 'c1-3'),
      tieBreak: () => 0,
    });
    expect(chosen.map(({ id }) => id)).toEqual(['c1-3', 'a1-1', 'b1-2']);
  });

  it('leaves what is spread as even as it was, or evener', () => {
    const place = fc.constantFrom(...(Object.keys(instances) as (keyof typeof instances)[]));
    fc.assert(
      fc.property(fc.array(place, { maxLength: 20 }), fc.nat({ max: 20 }), (places, count) => {
        const tasks = tasksOn(...places);
        const gone = new Set(surplus(tasks, count, [{ type: 'spread', field: 'instanceId' }]));
        expect(gone.size).toBe(Math.min(count, tasks.length));
        const unevenness = (some: readonly Task[]): number => {
          const counts = Object.keys(instances).map(
            (id) => some.filter(({ containerInstanceId }) => containerInstanceId === id).length,
          );
          return Math.max(...counts) - Math.min(...counts);
        };
        const left = tasks.filter(({ id }) => !gone.has(id));
        expect(unevenness(left)).toBeLessThanOrEqual(Math.max(1, unevenness(tasks)));
      }),
    );
  });
});
