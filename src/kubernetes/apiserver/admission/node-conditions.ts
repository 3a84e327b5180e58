import { ensured, itemsOf } from '../../kinds/kind.ts';
import { resourceNamed } from '../../schema/catalogue.ts';
import type { Plugin } from './attributes.ts';

const pods = resourceNamed('', 'pods');
const nodes = resourceNamed('', 'nodes');
const notReady = 'node.kubernetes.io/not-ready';
const tolerationSeconds = 300;

/** A pod stays for five minutes where its node fails, unless it says itself for how long. */
export const defaultTolerationSeconds: Plugin = {
  name: 'DefaultTolerationSeconds',
  handles: ({ resource, operation, subresource }) =>
    resource === pods && operation === 'CREATE' && subresource === undefined,
  mutate: ({ draft }) => {
    if (draft === undefined) return undefined;
    const spec = ensured(draft, 'spec');
    const tolerations = itemsOf(spec, 'tolerations');
    const isTolerated = (key: string): boolean =>
      tolerations.some(
        (it) =>
          (it.key === key || it.key === undefined || it.key === '') &&
          (it.effect === 'NoExecute' || it.effect === undefined || it.effect === ''),
      );
    const missing = [notReady, 'node.kubernetes.io/unreachable']
      .filter((key) => !isTolerated(key))
      .map((key) => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds }));
    if (missing.length > 0) spec.tolerations = [...tolerations, ...missing];
    return undefined;
  },
};

/** Nothing is scheduled to a new node before it says that it is ready. */
export const taintNodesByCondition: Plugin = {
  name: 'TaintNodesByCondition',
  handles: ({ resource, operation, subresource }) =>
    resource === nodes && operation === 'CREATE' && subresource === undefined,
  mutate: ({ draft }) => {
    if (draft === undefined) return undefined;
    const spec = ensured(draft, 'spec');
    const taints = itemsOf(spec, 'taints');
    const isThere = taints.some((it) => it.key === notReady && it.effect === 'NoSchedule');
    if (!isThere) spec.taints = [...taints, { key: notReady, effect: 'NoSchedule' }];
    return undefined;
  },
};
