import { type FieldError, invalidValue } from '../apiserver/status.ts';
import { memberOf, numberOf } from '../objects/object.ts';
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
  validate: (object) => {
    const spec = memberOf(object, 'spec');
    const [least, most] = [numberOf(spec, 'minReplicas'), numberOf(spec, 'maxReplicas')];
    const errors: FieldError[] = [];
    if (most > 0 && most < least)
      errors.push(invalidValue('spec.maxReplicas', most, 'must be greater than or equal to `minReplicas`'));
    return errors;
  },
};
