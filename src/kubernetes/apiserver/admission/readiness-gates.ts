import { ensured, itemsOf } from '../../kinds/kind.ts';
import { resourceNamed } from '../../schema/catalogue.ts';
import type { Plugin } from './attributes.ts';

/** The conditions that load balancers set of a new pod before it is Ready. */
export type GatesOf = (pod: {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}) => readonly string[];

const pods = resourceNamed('', 'pods');

/** What the AWS Load Balancer Controller's webhook of this name makes of a new pod. */
export function readinessGates({ gatesOf }: { readonly gatesOf: GatesOf }): Plugin {
  return {
    name: 'mpod.elbv2.k8s.aws',
    handles: ({ operation, resource, subresource }) =>
      operation === 'CREATE' && resource === pods && subresource === undefined,
    mutate: ({ draft, namespace = '' }) => {
      if (draft === undefined) return undefined;
      const labels = Object.entries(draft.metadata.labels ?? {}).map(([key, value]) => [key, String(value)]);
      const spec = ensured(draft, 'spec');
      const present = itemsOf(spec, 'readinessGates');
      const missing = gatesOf({ namespace, labels: Object.fromEntries(labels) }).filter(
        (gate) => !present.some(({ conditionType }) => conditionType === gate),
      );
      if (missing.length > 0)
        spec.readinessGates = [...present, ...missing.map((conditionType) => ({ conditionType }))];
      return undefined;
    },
  };
}
