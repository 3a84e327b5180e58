import { type FieldError, invalidValue } from '../apiserver/status.ts';
import { type KubernetesObject, memberOf, numberOf } from '../objects/object.ts';
import { ensured, type Kind, setDefaults } from './kind.ts';

const upPolicies = [
  { type: 'Pods', value: 4, periodSeconds: 15 },
  { type: 'Percent', value: 100, periodSeconds: 15 },
];
const downPolicies = [{ type: 'Percent', value: 100, periodSeconds: 15 }];

export const horizontalPodAutoscaler: Kind = {
  defaults: (draft) => {
    const spec = ensured(draft, 'spec');
    setDefaults(spec, {
      minReplicas: 1,
      metrics: [
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } },
        },
      ],
    });
    if (spec.behavior === undefined) return;
    const behavior = ensured(spec, 'behavior');
    setDefaults(ensured(behavior, 'scaleUp'), {
      ...{ stabilizationWindowSeconds: 0, selectPolicy: 'Max', policies: upPolicies },
    });
    setDefaults(ensured(behavior, 'scaleDown'), { selectPolicy: 'Max', policies: downPolicies });
  },
  validate: rangeErrors,
};

/** Its metrics are those of the newer version, where nobody said any. */
export const horizontalPodAutoscalerV1: Kind = {
  defaults: (draft) => setDefaults(ensured(draft, 'spec'), { minReplicas: 1 }),
  validate: rangeErrors,
};

function rangeErrors(object: KubernetesObject): readonly FieldError[] {
  const spec = memberOf(object, 'spec');
  const [least, most] = [numberOf(spec, 'minReplicas'), numberOf(spec, 'maxReplicas')];
  if (most === 0 || most >= least) return [];
  return [invalidValue('spec.maxReplicas', most, 'must be greater than or equal to `minReplicas`')];
}
