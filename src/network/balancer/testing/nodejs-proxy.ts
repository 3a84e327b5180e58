import type { ObservedHealth } from '../../../balancing/index.ts';
import { seededRandom, systemClock } from '../../../clock/index.ts';
import { dialHere } from '../nodejs/proxy/dial.ts';
import { NodeProxy } from '../nodejs/proxy/proxy.ts';
import { targetName } from '../targets.ts';
import { type OpenProxy, onFreePorts, serveGuard, testNode } from './proxy.ts';

/** Node's proxy as a node's, in this process. */
export const openNodejs: OpenProxy = async (changes, certificates = new Map(), guard?) => {
  const { plan, portOf } = await onFreePorts(changes);
  const proxy = new NodeProxy({ dial: () => dialHere, clock: systemClock(), random: seededRandom(1) });
  const node = testNode();
  const guarding = guard && serveGuard(node, guard);
  const known = plan.targetGroups.flatMap((group) =>
    group.targets.map((target): [string, ObservedHealth] => [
      targetName(group, target),
      { state: 'healthy' },
    ]),
  );
  await proxy.configure({
    ...{ plan, known, node, cookieKey: 'key', certificates: [...certificates], fingerprint: '' },
  });
  return {
    portOf,
    [Symbol.asyncDispose]: async () => {
      guarding?.[Symbol.dispose]();
      proxy[Symbol.dispose]();
    },
  };
};
