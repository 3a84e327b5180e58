import { jsonEqual } from '../../store/index.ts';
import { type FieldError, forbiddenField, invalidValue } from '../apiserver/status.ts';
import {
  isJsonObject,
  type JsonObject,
  type KubernetesObject,
  listOf,
  memberOf,
  numberOf,
  textOf,
} from '../objects/object.ts';
import { podSpecErrors } from '../validation/pod-errors.ts';
import { ensured, type Kind, setDefaults } from './kind.ts';
import {
  ephemeralContainerErrors,
  resizeErrors,
  withEphemeralContainers,
  withResources,
} from './pod-changes.ts';
import { podSpecDefaults } from './pod-defaults.ts';
import { qosClass } from './qos-class.ts';

export const pod: Kind = {
  hasGeneration: true,
  answersDeleted: true,
  errorOrder: [
    ...['volumes', 'containers', 'initContainers', 'ephemeralContainers', 'restartPolicy', 'dnsPolicy'],
    ...['securityContext', 'dnsConfig', 'tolerations'],
  ].map((member) => `spec.${member}`),
  defaults: (draft) => {
    const spec = ensured(draft, 'spec');
    podSpecDefaults(spec);
    setDefaults(spec, { enableServiceLinks: true, serviceAccountName: 'default' });
    spec.serviceAccount = spec.serviceAccountName;
  },
  onCreate: (draft) => {
    const spec = ensured(draft, 'spec');
    draft.status = {
      ...{ phase: 'Pending', qosClass: qosClass(spec) },
      ...(listOf(spec as JsonObject, 'schedulingGates').length > 0 && { conditions: [gated] }),
    };
  },
  validate: (object, before, subresource) => {
    const spec = memberOf(object, 'spec');
    // Most writes of a pod are of its status.
    const isSame = before !== undefined && jsonEqual(spec, memberOf(before, 'spec'));
    if (isSame && subresource === 'status') return [];
    const errors = isSame ? [] : podSpecErrors(spec, 'spec');
    if (before === undefined)
      return listOf(spec, 'ephemeralContainers').length > 0
        ? [...errors, forbiddenField('spec.ephemeralContainers', 'cannot be set on create')]
        : errors;
    if (errors.length > 0 || subresource === 'binding') return errors;
    if (subresource === 'resize') return resizeErrors(object, before);
    return subresource === 'ephemeralcontainers'
      ? ephemeralContainerErrors(object, before)
      : changeErrors(object, before);
  },
  subresources: {
    binding: (_, asked) => asked as unknown as KubernetesObject,
    ephemeralcontainers: withEphemeralContainers,
    resize: withResources,
  },
  gracePeriod: (object, asked) => {
    const spec = memberOf(object, 'spec');
    const phase = textOf(memberOf(object, 'status'), 'phase');
    if (textOf(spec, 'nodeName') === '' || phase === 'Succeeded' || phase === 'Failed') return undefined;
    const seconds = asked ?? Number(spec.terminationGracePeriodSeconds ?? 30);
    return seconds === 0 ? undefined : seconds;
  },
};

/** Nobody looks for a node before its gates are gone. */
const gated = {
  ...{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' },
  message: 'Scheduling is blocked due to non-empty scheduling gates',
};

const changeable =
  '`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

function changeErrors(object: KubernetesObject, before: KubernetesObject): readonly FieldError[] {
  const [spec, was] = [memberOf(object, 'spec'), memberOf(before, 'spec')];
  for (const list of ['containers', 'initContainers'])
    if (listOf(spec, list).length !== listOf(was, list).length)
      return [forbiddenField(`spec.${list}`, 'pod updates may not add or remove containers')];
  const errors: FieldError[] = [];
  if (was.activeDeadlineSeconds !== undefined && spec.activeDeadlineSeconds === undefined)
    errors.push(
      invalidValue(
        'spec.activeDeadlineSeconds',
        null,
        'must not update from a positive integer to nil value',
      ),
    );
  else if (
    was.activeDeadlineSeconds !== undefined &&
    numberOf(spec, 'activeDeadlineSeconds') > numberOf(was, 'activeDeadlineSeconds')
  )
    errors.push(
      invalidValue(
        'spec.activeDeadlineSeconds',
        spec.activeDeadlineSeconds,
        'must be less than or equal to previous value',
      ),
    );
  if (!addsOnly(listOf(was, 'tolerations'), listOf(spec, 'tolerations')))
    errors.push(
      forbiddenField(
        'spec.tolerations',
        'existing toleration can not be modified except its tolerationSeconds',
      ),
    );
  const isGated = listOf(was, 'schedulingGates').length > 0;
  if (!addsOnly(listOf(spec, 'schedulingGates'), listOf(was, 'schedulingGates')))
    errors.push(
      forbiddenField('spec.schedulingGates', 'only deletion is allowed, but found new scheduling gates'),
    );
  if (!jsonEqual(fixed(spec, isGated), fixed(was, isGated)))
    errors.push(forbiddenField('spec', `pod updates may not change fields other than ${changeable}`));
  return errors;
}

/** Whether a list keeps all of what another has, but for how long it tolerates. */
function addsOnly(before: readonly unknown[], after: readonly unknown[]): boolean {
  const kept = (item: unknown) => {
    const { tolerationSeconds: _, ...members } = isJsonObject(item) ? item : {};
    return members;
  };
  return before.every((item) => after.some((other) => jsonEqual(kept(item), kept(other))));
}

/** What of a pod's spec may not change. A pod that waits at a gate is not placed yet. */
function fixed(members: JsonObject, isGated: boolean): JsonObject {
  const { activeDeadlineSeconds: _, tolerations: _2, schedulingGates: _3, ...spec } = members;
  const { nodeSelector: _4, affinity: _5, ...ungated } = spec;
  const withoutImages = (list: string) =>
    listOf(spec, list).map((container) =>
      isJsonObject(container) ? { ...container, image: '' } : container,
    );
  return {
    ...(isGated ? ungated : spec),
    containers: withoutImages('containers'),
    initContainers: withoutImages('initContainers'),
  };
}
