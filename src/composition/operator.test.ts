import { expect, it } from 'vitest';
import type { RosteredNode } from '../services/eks/index.ts';
import { listNodes, nodeShares } from './operator.ts';

const node = (clusterName: string, changes: Partial<RosteredNode> = {}): RosteredNode => ({
  instance: {
    ...{ instanceId: `i-${clusterName}`, clusterName, nodegroupName: 'blue', instanceType: 't3.small' },
    share: { cpu: 409, memoryMiB: 2_048 },
    launched: { privateDnsName: 'ip-10-0-0-4', availabilityZone: 'us-east-1a' },
  } as RosteredNode['instance'],
  status: 'READY',
  ...changes,
});

const otherMachines = () => new Map([['m-1', 'mast']]);

it('nodes that nobody has room for hold nothing of a machine', () => {
  const roomless = node('bay', { status: 'NO_ROOM', message: 'half a core is free' });
  const nodes = [node('harbor'), node('harbor', { status: 'ENDING' }), roomless];
  expect(nodeShares(nodes)).toEqual({ count: 2, cpu: 818, memory: 4_096 });
  expect(nodeShares([])).toEqual({ count: 0, cpu: 0, memory: 0 });
  expect(listNodes({ nodes: () => nodes, otherMachines }, 'bay')).toEqual([
    {
      ...{
        id: 'i-bay',
        name: 'ip-10-0-0-4',
        availabilityZone: 'us-east-1a',
        cluster: 'bay',
        nodegroup: 'blue',
      },
      ...{
        instanceType: 't3.small',
        status: 'NO_ROOM',
        problem: 'half a core is free',
        cpu: 409,
        memory: 2_048,
      },
    },
  ]);
  const [first] = listNodes({ nodes: () => nodes, otherMachines }, undefined);
  expect(first).not.toHaveProperty('problem');
});

it('nodes that are on another machine say on which', () => {
  const { instance } = node('harbor');
  const nodes = [node('harbor'), node('harbor', { instance: { ...instance, machineId: 'm-1' } })];
  const shown = listNodes({ nodes: () => nodes, otherMachines }, 'harbor');
  expect(shown.map(({ machine }) => machine)).toEqual([undefined, 'mast']);
});
