import { expect, it } from 'vitest';
import { VirtualClock } from '../../../clock/index.ts';
import { openState } from '../../../reconcile/index.ts';
import { openMemoryStore } from '../../../store/index.ts';
import {
  type NodeInstanceRecord,
  type NodeReportRecord,
  nodeInstanceKey,
  nodeInstances,
  nodeReportKey,
  nodeReports,
  nodeSightingKey,
  nodeSightings,
} from './record.ts';
import { nodeRoster } from './roster.ts';

const scope = { accountId: '111122223333', region: 'eu-west-1' };
const launched = {
  ...{ networkInterfaceId: 'eni-1', privateIpv4: '10.0.0.4', privateDnsName: 'ip-10-0-0-4' },
  ...{ subnetId: 's', availabilityZone: 'eu-west-1a', at: 0 },
};

it.each<[string, Partial<NodeInstanceRecord>, Partial<NodeReportRecord>, boolean]>([
  ['LAUNCHING', {}, { status: 'reserved' }, false],
  ['NO_ROOM', {}, { status: 'no-room', message: 'there is half a core' }, false],
  ['NOT_READY', { launched }, { status: 'running' }, false],
  ['READY', { launched }, { status: 'running' }, true],
  ['DRAINING', { launched, drainSince: 1 }, { status: 'running' }, true],
  ['ENDING', { launched, drainSince: 1, isEnding: true }, { status: 'running' }, true],
  ['ENDING', { isEnding: true }, { status: 'no-room' }, false],
])('a node is %s by its records', async (status, changes, report, isReady) => {
  const clock = new VirtualClock(0);
  await using state = await openState(openMemoryStore({ clock }), { clock });
  const instance = { instanceId: 'i-1', clusterName: 'harbor', nodegroupName: 'blue', ...changes };
  await state.transact((tx) => {
    tx.put(nodeInstances, nodeInstanceKey(scope, 'i-1'), instance as NodeInstanceRecord);
    const nodegroupKey = 'g';
    tx.put(nodeReports, nodeReportKey(scope, 'i-1'), { nodegroupKey, at: 0, ...report } as NodeReportRecord);
    tx.put(nodeSightings, nodeSightingKey(scope, 'i-1'), { nodegroupKey, isReady });
  });
  const message = status === 'NO_ROOM' ? { message: 'there is half a core' } : {};
  expect(nodeRoster(state)).toEqual([{ instance, status, ...message }]);
});
