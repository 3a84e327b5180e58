import { array, assert, integer, property, uniqueArray } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { timestamp } from '../../objects/object.ts';
import { pod, start } from '../testing/builders.ts';
import type { Endpoint, EndpointSlice, Service } from './objects.ts';
import { planSlices } from './plan-slices.ts';
import { portGroups } from './pod-endpoints.ts';
import { subsetsOf } from './subsets.ts';

const endpoint = (id: number): Endpoint => ({
  addresses: [`10.0.0.${id}`],
  conditions: { ready: true },
  targetRef: { kind: 'Pod', uid: `pod-${id}` },
});
const ports = [{ name: '', port: 80, protocol: 'TCP' }];
const slice = (name: string, ids: readonly number[]): EndpointSlice => ({
  ...{ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', addressType: 'IPv4', ports },
  metadata: { name, uid: name, creationTimestamp: timestamp(start) },
  endpoints: ids.map(endpoint),
});
const meta = { metadata: { generateName: 'web-' }, addressType: 'IPv4' };
const ids = (endpoints: readonly Endpoint[]): number[] =>
  endpoints.map(({ targetRef }) => Number(targetRef?.uid?.slice(4)));

function plan(wanted: readonly number[], present: readonly EndpointSlice[], most = 3) {
  const groups = wanted.length === 0 ? [] : [{ ports, endpoints: wanted.map(endpoint) }];
  const { create, update, remove } = planSlices(meta, groups, present, most);
  return {
    create: create.map(({ endpoints }) => ids(endpoints)),
    update: update.map((it) => [it.slice.metadata.name, ids(it.endpoints)]),
    remove: remove.map(({ metadata }) => metadata.name),
  };
}

describe('endpoints in slices', () => {
  it('that are there already stay where they are', () => {
    expect(plan([3, 2, 1], [slice('a', [1, 2]), slice('b', [3])])).toEqual({
      create: [],
      update: [],
      remove: [],
    });
  });
  it('that are new fill a slice that changes anyway', () => {
    expect(plan([2, 3, 4], [slice('a', [1, 2]), slice('b', [3])])).toEqual({
      ...{ create: [], update: [['a', [2, 4]]], remove: [] },
    });
  });
  it('that are new go into the slice that has room for all of them', () => {
    expect(plan([1, 2, 3, 4], [slice('a', [1, 2]), slice('b', [3])]).update).toEqual([['a', [1, 2, 4]]]);
  });
  it('that have no room get slices of their own', () => {
    expect(plan([1, 2, 3, 4, 5, 6, 7], [slice('a', [1, 2, 3])])).toEqual({
      ...{ create: [[4, 5, 6], [7]], update: [], remove: [] },
    });
  });
  it('leave no empty slice, but one where there are none at all', () => {
    expect(plan([1], [slice('a', [1]), slice('b', [2])])).toEqual({ create: [], update: [], remove: ['b'] });
    expect(plan([], [slice('a', [1])])).toEqual({ create: [[]], update: [], remove: ['a'] });
    const placeholder: EndpointSlice = { ...slice('a', []), ports: [] };
    expect(plan([], [placeholder])).toEqual({ create: [], update: [], remove: [] });
  });
  it('are each in one slice, and no slice holds too many', () => {
    const each = property(
      uniqueArray(integer({ min: 1, max: 40 }), { maxLength: 30 }),
      array(uniqueArray(integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }), { maxLength: 6 }),
      (wanted, seen) => {
        const present = seen.map((inside, at) => slice(`s${at}`, inside));
        const planned = plan(wanted, present, 5);
        const left = new Map(present.map(({ metadata, endpoints = [] }) => [metadata.name, ids(endpoints)]));
        for (const [name, inside] of planned.update) left.set(name as string, inside as number[]);
        for (const name of planned.remove) left.delete(name);
        const all = [...left.values(), ...planned.create];
        expect(all.flat().toSorted((one, other) => one - other)).toEqual(
          wanted.toSorted((one, other) => one - other),
        );
        expect(Math.max(0, ...all.map((inside) => inside.length))).toBeLessThanOrEqual(5);
      },
    );
    assert(each, { numRuns: 1_000 });
  });
});

describe('what a service says of its pods', () => {
  const service = (spec: Partial<Service['spec']> = {}): Service => ({
    ...{ apiVersion: 'v1', kind: 'Service' },
    metadata: { name: 'web', uid: 'web', creationTimestamp: timestamp(start), namespace: 'default' },
    spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 'http' }], ...spec },
  });
  const at = (name: string, port: number, more: object = {}) => {
    const one = pod(name, { readyAt: start, ...more });
    const container = { name: 'c', ports: [{ name: 'http', containerPort: port }] };
    return {
      ...{ ...one, spec: { ...one.spec, containers: [container] } },
      status: { ...one.status, podIP: `10.0.0.${name.length}` },
    };
  };

  it('is by the ports that they serve on', () => {
    const groups = portGroups(service(), [at('a', 8080), at('bb', 9090), at('ccc', 8080)], () => 'zone-a');
    expect(groups.map(({ ports: [port], endpoints }) => [port?.port, endpoints.length])).toEqual([
      [8080, 2],
      [9090, 1],
    ]);
    expect(groups[0]?.endpoints[0]).toMatchObject({ zone: 'zone-a', nodeName: 'node-1' });
  });
  it('leaves out who has ended or has no address', () => {
    const groups = portGroups(
      service(),
      [at('a', 80, { phase: 'Succeeded' }), pod('b'), at('ccc', 80, { deletedAt: start })],
      () => undefined,
    );
    expect(groups.flatMap(({ endpoints }) => endpoints)).toMatchObject([
      { conditions: { ready: false, serving: true, terminating: true } },
    ]);
    expect(subsetsOf(service(), [at('ccc', 80, { deletedAt: start })]).subsets).toEqual([]);
  });
  it('hints at who is near where that is asked for', () => {
    const near = (trafficDistribution: string) =>
      portGroups(service({ trafficDistribution }), [at('a', 80)], () => 'zone-a')[0]?.endpoints[0]?.hints;
    expect(near('PreferClose')).toEqual({ forZones: [{ name: 'zone-a' }] });
    expect(near('PreferSameNode')).toEqual({
      ...{ forZones: [{ name: 'zone-a' }], forNodes: [{ name: 'node-1' }] },
    });
  });
});
