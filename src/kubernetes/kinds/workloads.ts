import { jsonEqual } from '../../store/index.ts';
import { type FieldError, forbiddenField, invalidValue, required } from '../apiserver/status.ts';
import { isJsonObject, type KubernetesObject, listOf, memberOf, textOf } from '../objects/object.ts';
import { type Draft, ensured, itemsOf, type Kind, setDefaults } from './kind.ts';
import { podSpecDefaults } from './pod-defaults.ts';

/** The spec's template of a pod. */
const templateDefaults = (spec: Record<string, unknown>): void =>
  podSpecDefaults(ensured(ensured(spec, 'template'), 'spec'));

function podErrors(spec: object, path: string): readonly FieldError[] {
  const containers = listOf(spec, 'containers');
  if (containers.length === 0) return [required(`${path}.containers`)];
  const errors: FieldError[] = [];
  const names = new Set<string>();
  for (const list of ['initContainers', 'containers']) {
    for (const [index, container] of listOf(spec, list).entries()) {
      const at = `${path}.${list}[${index}]`;
      const members = isJsonObject(container) ? container : {};
      const name = textOf(members, 'name');
      if (name === '') errors.push(required(`${at}.name`));
      else if (names.has(name)) {
        errors.push({
          reason: 'FieldValueDuplicate',
          field: `${at}.name`,
          text: `Duplicate value: "${name}"`,
        });
      }
      names.add(name);
      if (textOf(members, 'image') === '') errors.push(required(`${at}.image`));
    }
  }
  return errors;
}

const fixedFields =
  '`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

export const pod: Kind = {
  hasGeneration: true,
  answersDeleted: true,
  defaults: (draft) => {
    const spec = ensured(draft, 'spec');
    podSpecDefaults(spec);
    setDefaults(spec, { enableServiceLinks: true, serviceAccountName: 'default' });
    spec.serviceAccount = spec.serviceAccountName;
  },
  onCreate: (draft) => {
    const spec = ensured(draft, 'spec');
    setDefaults(spec, { priority: 0, preemptionPolicy: 'PreemptLowerPriority' });
    const tolerations = itemsOf(spec, 'tolerations');
    const missing = ['not-ready', 'unreachable']
      .map((condition) => `node.kubernetes.io/${condition}`)
      .filter((key) => !tolerations.some((toleration) => toleration.key === key))
      .map((key) => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 }));
    spec.tolerations = [...tolerations, ...missing];
    draft.status = { phase: 'Pending', qosClass: qosClass(spec) };
  },
  validate: (object, before) => {
    const errors = [...podErrors(memberOf(object, 'spec'), 'spec')];
    if (before !== undefined && errors.length === 0 && !jsonEqual(fixed(object), fixed(before)))
      errors.push(forbiddenField('spec', `pod updates may not change fields other than ${fixedFields}`));
    return errors;
  },
  gracePeriod: (object, asked) => {
    const spec = memberOf(object, 'spec');
    const phase = textOf(memberOf(object, 'status'), 'phase');
    if (textOf(spec, 'nodeName') === '' || phase === 'Succeeded' || phase === 'Failed') return undefined;
    const seconds = asked ?? Number(spec.terminationGracePeriodSeconds ?? 30);
    return seconds === 0 ? undefined : seconds;
  },
};

/** What of a pod's spec may not change. */
function fixed(object: KubernetesObject) {
  const { activeDeadlineSeconds: _, tolerations: _2, ...spec } = memberOf(object, 'spec');
  const withoutImages = (list: string) =>
    listOf(spec, list).map((container) =>
      isJsonObject(container) ? { ...container, image: '' } : container,
    );
  return {
    ...spec,
    containers: withoutImages('containers'),
    initContainers: withoutImages('initContainers'),
  };
}

/** By the requests and limits of processors and memory of all containers. */
function qosClass(spec: Record<string, unknown>): string {
  const containers = [...itemsOf(spec, 'containers'), ...itemsOf(spec, 'initContainers')];
  const given = containers.map((container) => ensured(container, 'resources'));
  const names = ['cpu', 'memory'];
  const of = (resources: Record<string, unknown>, which: string, name: string) =>
    (resources[which] as Record<string, unknown> | undefined)?.[name];
  if (
    given.every((it) =>
      names.every((name) => of(it, 'requests', name) === undefined && of(it, 'limits', name) === undefined),
    )
  )
    return 'BestEffort';
  const isGuaranteed = given.every((it) =>
    names.every(
      (name) => of(it, 'limits', name) !== undefined && of(it, 'requests', name) === of(it, 'limits', name),
    ),
  );
  return isGuaranteed ? 'Guaranteed' : 'Burstable';
}

/** The selector is there, fixed, and finds what the template makes. */
function selectorErrors(
  object: KubernetesObject,
  before: KubernetesObject | undefined,
): readonly FieldError[] {
  const spec = memberOf(object, 'spec');
  const selector = memberOf(spec, 'selector');
  const errors: FieldError[] = [];
  const matchLabels = memberOf(selector, 'matchLabels');
  const labels = memberOf(memberOf(memberOf(spec, 'template'), 'metadata'), 'labels');
  if (spec.selector === undefined) errors.push(required('spec.selector'));
  else if (Object.entries(matchLabels).some(([key, value]) => labels[key] !== value)) {
    errors.push(
      invalidValue('spec.template.metadata.labels', labels, '`selector` does not match template `labels`'),
    );
  }
  errors.push(...podErrors(memberOf(memberOf(spec, 'template'), 'spec'), 'spec.template.spec'));
  if (before !== undefined && !jsonEqual(selector, memberOf(memberOf(before, 'spec'), 'selector')))
    errors.push(invalidValue('spec.selector', selector, 'field is immutable'));
  return errors;
}

const controlled = (defaults: (spec: Record<string, unknown>) => void): Kind => ({
  hasGeneration: true,
  defaults: (draft) => {
    const spec = ensured(draft, 'spec');
    defaults(spec);
    templateDefaults(spec);
  },
  validate: selectorErrors,
});

export const deployment: Kind = controlled((spec) => {
  setDefaults(spec, { replicas: 1, revisionHistoryLimit: 10, progressDeadlineSeconds: 600 });
  const strategy = ensured(spec, 'strategy');
  setDefaults(strategy, { type: 'RollingUpdate' });
  if (strategy.type === 'RollingUpdate')
    setDefaults(ensured(strategy, 'rollingUpdate'), { maxUnavailable: '25%', maxSurge: '25%' });
});

export const replicaSet: Kind = controlled((spec) => setDefaults(spec, { replicas: 1 }));

export const statefulSet: Kind = controlled((spec) => {
  setDefaults(spec, {
    ...{ replicas: 1, podManagementPolicy: 'OrderedReady', revisionHistoryLimit: 10 },
    persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
  });
  const strategy = ensured(spec, 'updateStrategy');
  setDefaults(strategy, { type: 'RollingUpdate' });
  if (strategy.type === 'RollingUpdate') setDefaults(ensured(strategy, 'rollingUpdate'), { partition: 0 });
});

export const daemonSet: Kind = controlled((spec) => {
  setDefaults(spec, { revisionHistoryLimit: 10 });
  const strategy = ensured(spec, 'updateStrategy');
  setDefaults(strategy, { type: 'RollingUpdate' });
  if (strategy.type === 'RollingUpdate')
    setDefaults(ensured(strategy, 'rollingUpdate'), { maxUnavailable: 1, maxSurge: 0 });
});

function jobDefaults(spec: Record<string, unknown>): void {
  if (spec.completions === undefined && spec.parallelism === undefined) setDefaults(spec, { completions: 1 });
  setDefaults(spec, {
    ...{ parallelism: 1, completionMode: 'NonIndexed', suspend: false, manualSelector: false },
    backoffLimit: spec.backoffLimitPerIndex === undefined ? 6 : 2_147_483_647,
    podReplacementPolicy: spec.podFailurePolicy === undefined ? 'TerminatingOrFailed' : 'Failed',
  });
  templateDefaults(spec);
}

export const job: Kind = {
  hasGeneration: true,
  defaults: (draft) => jobDefaults(ensured(draft, 'spec')),
  onCreate: (draft) => {
    const spec = ensured(draft, 'spec');
    if (spec.manualSelector === true) return;
    const { uid, name } = draft.metadata;
    const own = { 'batch.kubernetes.io/controller-uid': uid };
    Object.assign(ensured(ensured(ensured(spec, 'template'), 'metadata'), 'labels'), {
      ...{ ...own, 'batch.kubernetes.io/job-name': name },
      ...{ 'controller-uid': uid, 'job-name': name },
    });
    spec.selector = { matchLabels: own };
  },
  validate: (object, before) => {
    const spec = memberOf(object, 'spec');
    const template = memberOf(spec, 'template');
    const errors = [...podErrors(memberOf(template, 'spec'), 'spec.template.spec')];
    const policy = textOf(memberOf(template, 'spec'), 'restartPolicy');
    if (policy === 'Always') {
      errors.push({
        ...{ reason: 'FieldValueNotSupported', field: 'spec.template.spec.restartPolicy' },
        text: 'Unsupported value: "Always": supported values: "OnFailure", "Never"',
      });
    }
    if (before !== undefined && !jsonEqual(template, memberOf(memberOf(before, 'spec'), 'template')))
      errors.push(invalidValue('spec.template', template, 'field is immutable'));
    return errors;
  },
};

export const cronJob: Kind = {
  hasGeneration: true,
  defaults: (draft) => {
    const spec = ensured(draft, 'spec');
    setDefaults(spec, {
      ...{ concurrencyPolicy: 'Allow', suspend: false },
      ...{ successfulJobsHistoryLimit: 3, failedJobsHistoryLimit: 1 },
    });
    templateDefaults(ensured(ensured(spec, 'jobTemplate'), 'spec'));
  },
  validate: (object) => {
    const spec = memberOf(object, 'spec');
    const path = 'spec.jobTemplate.spec.template.spec';
    return [
      ...(textOf(spec, 'schedule') === '' ? [required('spec.schedule')] : []),
      ...podErrors(
        memberOf(memberOf(memberOf(memberOf(spec, 'jobTemplate'), 'spec'), 'template'), 'spec'),
        path,
      ),
    ];
  },
};

export const replicationController: Kind = {
  hasGeneration: true,
  defaults: (draft: Draft) => {
    const spec = ensured(draft, 'spec');
    setDefaults(spec, { replicas: 1 });
    templateDefaults(spec);
    const labels = ensured(ensured(ensured(spec, 'template'), 'metadata'), 'labels');
    if (Object.keys(labels).length > 0) setDefaults(spec, { selector: labels as Record<string, string> });
  },
};
