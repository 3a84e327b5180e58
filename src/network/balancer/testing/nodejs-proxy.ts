import type { ObservedHealth } from '../../../balancing/index.ts';
import { seededRandom, systemClock } from '../../../clock/index.ts';
import { dialHere } from '../nodejs/proxy/dial.ts';
import { NodeProxy } from '../nodejs/proxy/proxy.ts';
import { targetName } from '../targets.ts';
import { type OpenProxy, onFreePorts } from './proxy.ts';

/** Node's proxy as a node's, in this process. */
export const openNodejs: OpenProxy = async (changes, certificates = new Map()) => {
  const { plan, portOf } = await onFreePorts(changes);
  const proxy = new NodeProxy({ dial: () => dialHere, clock: systemClock(), random: seededRandom(1) });
  const known = plan.targetGroups.flatMap((group) =>
    group.targets.map((target): [string, ObservedHealth] => [
      targetName(group, target),
      { state: 'healthy' },
    ]),
  );
  await proxy.configure({
    ...{ plan, known, cookieKey: 'key', certificates: [...certificates], fingerprint: '' },
    node: { interfaceId: 'eni-1', address: '127.0.0.1', availabilityZone: 'us-east-1a' },
  });
  return {
    portOf,
    [Symbol.asyncDispose]: async () => proxy[Symbol.dispose](),
  };
};
