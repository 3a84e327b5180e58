import { describe, expect, it } from 'vitest';
import { machineFor } from './placement.ts';

const on = (...machines: readonly (string | undefined)[]) =>
  machines.map((machineId) => (machineId === undefined ? {} : { machineId }));

describe('the machine of a node', () => {
  it('is the control plane’s where there is no other', () => {
    expect(machineFor({ others: [], alike: [], all: on(undefined, undefined) })).toEqual({});
  });

  it('is the one with the fewest of its group, then with the fewest of all', () => {
    const others = ['m-b', 'm-a'];
    const place = (alike: readonly object[], all = alike) => machineFor({ others, alike, all });
    expect(place([])).toEqual({});
    expect(place(on(undefined))).toEqual({ machineId: 'm-a' });
    expect(place(on(undefined, 'm-a'))).toEqual({ machineId: 'm-b' });
    expect(place(on(undefined, 'm-a', 'm-b'))).toEqual({});
    expect(place([], on(undefined, 'm-a', 'm-a'))).toEqual({ machineId: 'm-b' });
    expect(place(on('m-b', 'm-a'), on('m-b', 'm-a', undefined, undefined, undefined))).toEqual({});
  });

  it('does not mind those that are about to leave', () => {
    const leaving = [{ isEnding: true as const }, { drainSince: 1 }];
    expect(machineFor({ others: ['m-a'], alike: leaving, all: leaving })).toEqual({});
  });

  it('is none that has refused it, and none of those that are away', () => {
    const asked = { others: ['m-a'], alike: on('m-a', 'm-gone'), all: [] };
    expect(machineFor({ ...asked, refusedBy: ['home'] })).toEqual({ machineId: 'm-a' });
    expect(machineFor({ ...asked, refusedBy: ['m-a'] })).toEqual({});
    expect(machineFor({ ...asked, refusedBy: ['home', 'm-a'] })).toBeUndefined();
  });
});
