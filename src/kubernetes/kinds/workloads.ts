import { Cron } from 'croner';
import { type Json, jsonEqual } from '../../store/index.ts';
import {
  type FieldError,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../apiserver/status.ts';
import { matchesLabels } from '../objects/label-selector.ts';
import { type JsonObject, type KubernetesObject, memberOf, numberOf, textOf } from '../objects/object.ts';
import { podSpecErrors } from '../validation/pod-errors.ts';
import { type Draft, ensured, itemsOf, type Kind, setDefaults } from './kind.ts';
import { podSpecDefaults } from './pod-defaults.ts';

/** The spec's template of a pod. */
const templateDefaults = (spec: Record<string, unknown>): void =>
  podSpecDefaults(ensured(ensured(spec, 'template'), 'spec'));

/** What is wrong with the pods that a spec's template makes. */
const templateErrors = (spec: JsonObject, path = 'spec'): readonly FieldError[] =>
  podSpecErrors(
    memberOf(memberOf(spec, 'template'), 'spec'),
    `${path}.template.spec`,
    itemsOf(spec, 'volumeClaimTemplates').map((claim) => textOf(memberOf(claim, 'metadata'), 'name')),
  );

const restartErrors = (spec: JsonObject, path: string, allowed: readonly string[]): readonly FieldError[] => {
  const policy = textOf(memberOf(memberOf(spec, 'template'), 'spec'), 'restartPolicy');
  return policy === '' || allowed.includes(policy)
    ? []
    : [notSupported(`${path}.template.spec.restartPolicy`, policy, allowed)];
};

/** What upstream says of each kind where it names it. */
interface Words {
  /** In whose name an empty selector is refused. */
  readonly selects: 'daemonset' | 'deployment' | 'statefulset';
  /** In whose name pods that end are. */
  readonly runs: 'DaemonSet' | 'ReplicaSet' | 'StatefulSet';
}

/** The selector is there, and finds what the template makes, which runs until it is ended. */
function selectorErrors(spec: JsonObject, { selects, runs }: Words): readonly FieldError[] {
  const selector = memberOf(spec, 'selector');
  const { labels } = memberOf(memberOf(spec, 'template'), 'metadata');
  const isMissing = spec.selector === undefined;
  const isEmpty = [memberOf(selector, 'matchLabels'), itemsOf(selector, 'matchExpressions')].every(
    (part) => Object.keys(part).length === 0,
  );
  const errors: FieldError[] = [];
  // A daemon set's is not asked for: one that is not there finds nothing.
  if (isMissing && selects !== 'daemonset') errors.push(required('spec.selector'));
  if (!isMissing && isEmpty)
    errors.push(invalidValue('spec.selector', selector, `empty selector is invalid for ${selects}`));
  if (isMissing || !matchesLabels(selector, (labels ?? {}) as Readonly<Record<string, string>>))
    errors.push(
      invalidValue('spec.template.metadata.labels', labels, '`selector` does not match template `labels`'),
    );
  errors.push(...templateErrors(spec), ...restartErrors(spec, 'spec', ['Always']));
  if (memberOf(memberOf(spec, 'template'), 'spec').activeDeadlineSeconds !== undefined)
    errors.push(
      forbiddenField(
        'spec.template.spec.activeDeadlineSeconds',
        `activeDeadlineSeconds in ${runs} is not Supported`,
      ),
    );
  return errors;
}

interface Controlled extends Words {
  readonly defaults: (spec: Record<string, unknown>) => void;
  /** Of the spec. */
  readonly order: readonly string[];
  /** What is wrong with one that has a selector that finds what it makes. */
  readonly validate?: (spec: JsonObject, was: JsonObject | undefined) => readonly FieldError[];
}

const controlled = ({ defaults, order, validate, ...words }: Controlled): Kind => ({
  hasGeneration: true,
  errorOrder: order.map((path) => `spec.${path}`),
  defaults: (draft) => {
    const spec = ensured(draft, 'spec');
    defaults(spec);
    templateDefaults(spec);
  },
  validate: (object, before) => {
    const spec = memberOf(object, 'spec');
    const was = before && memberOf(before, 'spec');
    return [...selectorErrors(spec, words), ...(validate?.(spec, was) ?? [])];
  },
});

const fixedSelector = (spec: JsonObject, was: JsonObject | undefined): readonly FieldError[] =>
  was === undefined || jsonEqual(memberOf(spec, 'selector'), memberOf(was, 'selector'))
    ? []
    : [invalidValue('spec.selector', spec.selector, 'field is immutable')];

/** A number of pods, or a part of them, that is none at all. */
const isNothing = (value: Json | undefined): boolean => value === 0 || value === '0%' || value === undefined;

export const deployment: Kind = controlled({
  ...{ selects: 'deployment', runs: 'ReplicaSet' },
  order: [
    ...['replicas', 'selector', 'template.metadata', 'template', 'strategy', 'minReadySeconds'],
    ...['revisionHistoryLimit', 'progressDeadlineSeconds'],
  ],
  defaults: (spec) => {
    setDefaults(spec, { replicas: 1, revisionHistoryLimit: 10, progressDeadlineSeconds: 600 });
    const strategy = ensured(spec, 'strategy');
    setDefaults(strategy, { type: 'RollingUpdate' });
    if (strategy.type === 'RollingUpdate')
      setDefaults(ensured(strategy, 'rollingUpdate'), { maxUnavailable: '25%', maxSurge: '25%' });
  },
  validate: (spec, was) => [...deploymentErrors(spec), ...fixedSelector(spec, was)],
});

function deploymentErrors(spec: JsonObject): readonly FieldError[] {
  const strategy = memberOf(spec, 'strategy');
  const { maxUnavailable, maxSurge } = memberOf(strategy, 'rollingUpdate');
  const errors: FieldError[] = [];
  if (textOf(strategy, 'type') === 'Recreate' && strategy.rollingUpdate !== undefined)
    errors.push(
      forbiddenField(
        'spec.strategy.rollingUpdate',
        "may not be specified when strategy `type` is 'Recreate'",
      ),
    );
  if (textOf(strategy, 'type') === 'RollingUpdate' && isNothing(maxUnavailable) && isNothing(maxSurge))
    errors.push(
      invalidValue(
        'spec.strategy.rollingUpdate.maxUnavailable',
        maxUnavailable,
        'may not be 0 when `maxSurge` is 0',
      ),
    );
  const [deadline, ready] = [numberOf(spec, 'progressDeadlineSeconds'), numberOf(spec, 'minReadySeconds')];
  if (spec.progressDeadlineSeconds !== undefined && deadline <= ready)
    errors.push(
      invalidValue('spec.progressDeadlineSeconds', deadline, 'must be greater than minReadySeconds'),
    );
  return errors;
}

export const replicaSet: Kind = controlled({
  ...{ selects: 'deployment', runs: 'ReplicaSet' },
  order: ['replicas', 'minReadySeconds', 'selector', 'template.metadata', 'template'],
  defaults: (spec) => setDefaults(spec, { replicas: 1 }),
  validate: fixedSelector,
});

export const statefulSet: Kind = controlled({
  ...{ selects: 'statefulset', runs: 'StatefulSet' },
  order: [
    ...['podManagementPolicy', 'updateStrategy', 'persistentVolumeClaimRetentionPolicy', 'replicas'],
    ...['minReadySeconds', 'ordinals', 'selector', 'template.metadata', 'template'],
  ],
  defaults: statefulSetDefaults,
  validate: statefulSetErrors,
});

function statefulSetDefaults(spec: Record<string, unknown>): void {
  setDefaults(spec, {
    ...{ replicas: 1, podManagementPolicy: 'OrderedReady', revisionHistoryLimit: 10 },
    persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
  });
  const strategy = ensured(spec, 'updateStrategy');
  setDefaults(strategy, { type: 'RollingUpdate' });
  if (strategy.type === 'RollingUpdate') setDefaults(ensured(strategy, 'rollingUpdate'), { partition: 0 });
  for (const claim of itemsOf(spec, 'volumeClaimTemplates')) {
    setDefaults(claim, { kind: 'PersistentVolumeClaim', apiVersion: 'v1', status: { phase: 'Pending' } });
    setDefaults(ensured(claim, 'spec'), { volumeMode: 'Filesystem' });
  }
}

const changeableOfStatefulSet = [
  ...['replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit'],
  ...['persistentVolumeClaimRetentionPolicy', 'minReadySeconds'],
];

function statefulSetErrors(spec: JsonObject, was: JsonObject | undefined): readonly FieldError[] {
  if (was === undefined) return [];
  const fixed = (members: JsonObject) =>
    Object.fromEntries(Object.entries(members).filter(([name]) => !changeableOfStatefulSet.includes(name)));
  if (jsonEqual(fixed(spec), fixed(was))) return [];
  return [
    forbiddenField(
      'spec',
      "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
    ),
  ];
}

export const daemonSet: Kind = controlled({
  ...{ selects: 'daemonset', runs: 'DaemonSet' },
  order: [
    ...['selector', 'template.metadata', 'template', 'minReadySeconds', 'updateStrategy'],
    'revisionHistoryLimit',
  ],
  defaults: (spec) => {
    setDefaults(spec, { revisionHistoryLimit: 10 });
    const strategy = ensured(spec, 'updateStrategy');
    setDefaults(strategy, { type: 'RollingUpdate' });
    if (strategy.type === 'RollingUpdate')
      setDefaults(ensured(strategy, 'rollingUpdate'), { maxUnavailable: 1, maxSurge: 0 });
  },
  validate: (spec, was) => [...daemonSetErrors(spec), ...fixedSelector(spec, was)],
});

function daemonSetErrors(spec: JsonObject): readonly FieldError[] {
  const strategy = memberOf(spec, 'updateStrategy');
  if (textOf(strategy, 'type') !== 'RollingUpdate') return [];
  const { maxUnavailable, maxSurge } = memberOf(strategy, 'rollingUpdate');
  const path = 'spec.updateStrategy.rollingUpdate.maxUnavailable';
  if (isNothing(maxUnavailable) && isNothing(maxSurge))
    return [invalidValue(path, maxUnavailable, 'cannot be 0 when maxSurge is 0')];
  if (!isNothing(maxUnavailable) && !isNothing(maxSurge))
    return [
      invalidValue(
        'spec.updateStrategy.rollingUpdate.maxSurge',
        maxSurge,
        'may not be set when maxUnavailable is non-zero',
      ),
    ];
  return [];
}

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
  propagation: 'Orphan',
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
    const was = memberOf(before, 'spec');
    const errors = [...templateErrors(spec), ...restartErrors(spec, 'spec', ['OnFailure', 'Never'])];
    if (spec.completionMode === 'Indexed') {
      if (spec.completions === undefined)
        errors.push(required('spec.completions', 'when completion mode is Indexed'));
      if (numberOf(spec, 'parallelism') > maxIndexedParallelism)
        errors.push(
          invalidValue(
            'spec.parallelism',
            numberOf(spec, 'parallelism'),
            `must be less than or equal to ${maxIndexedParallelism} when completion mode is Indexed`,
          ),
        );
    }
    if (before === undefined) return errors;
    const isElastic = spec.completionMode === 'Indexed' && spec.completions === spec.parallelism;
    if (spec.completions !== was.completions && !isElastic)
      errors.push(invalidValue('spec.completions', spec.completions, 'field is immutable'));
    for (const field of [
      'selector',
      'template',
      'completionMode',
      'podFailurePolicy',
      'backoffLimitPerIndex',
    ])
      if (
        !jsonEqual(spec[field], was[field]) &&
        !(field === 'template' && isStartable(object, template, was))
      )
        errors.push(invalidValue(`spec.${field}`, spec[field], 'field is immutable'));
    return errors;
  },
};

const maxIndexedParallelism = 100_000;

/** Where its pods may run is open until the first of them runs, and only that. */
function isStartable(object: KubernetesObject, template: JsonObject, was: JsonObject): boolean {
  if (was.suspend !== true || memberOf(object, 'status').startTime !== undefined) return false;
  const placed = (it: JsonObject) => {
    const { labels: _, annotations: _2, ...metadata } = memberOf(it, 'metadata');
    const {
      nodeSelector: _3,
      affinity: _4,
      tolerations: _5,
      schedulingGates: _6,
      ...spec
    } = memberOf(it, 'spec');
    return { ...it, metadata, spec };
  };
  return jsonEqual(placed(template), placed(memberOf(was, 'template')));
}

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
  validate: (object, before) => {
    const spec = memberOf(object, 'spec');
    const { name } = object.metadata;
    const [schedule, timeZone] = [textOf(spec, 'schedule'), textOf(spec, 'timeZone')];
    const errors: FieldError[] = [];
    if (before === undefined && name.length > maxCronJobName)
      errors.push(invalidValue('metadata.name', name, `must be no more than ${maxCronJobName} characters`));
    if (/(^|\s)(CRON_)?TZ=/.test(schedule))
      errors.push(
        invalidValue(
          'spec.schedule',
          schedule,
          'cannot use TZ or CRON_TZ in schedule, use timeZone field instead',
        ),
      );
    else if (schedule !== '') errors.push(...scheduleErrors(schedule));
    if (spec.timeZone !== undefined && !isTimeZone(timeZone))
      errors.push(invalidValue('spec.timeZone', timeZone, `unknown time zone ${timeZone}`));
    const job = memberOf(memberOf(spec, 'jobTemplate'), 'spec');
    const path = 'spec.jobTemplate.spec';
    return [...errors, ...templateErrors(job, path), ...restartErrors(job, path, ['OnFailure', 'Never'])];
  },
};

/** Its jobs' names are 11 characters longer, and those are labels of pods. */
const maxCronJobName = 52;

const descriptors = new Set([
  ...['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly'],
]);

function scheduleErrors(schedule: string): readonly FieldError[] {
  const wrong = (why: string) => [invalidValue('spec.schedule', schedule, why)];
  // `@every` counts from when it was made, which no calendar says.
  if (/^@every \d+(\.\d+)?[hms]/.test(schedule)) return [];
  const fields = schedule.trim().split(/\s+/);
  if (schedule.startsWith('@') && !descriptors.has(schedule))
    return wrong(`unrecognized descriptor: ${schedule}`);
  if (!schedule.startsWith('@') && fields.length !== 5)
    return wrong(`expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`);
  try {
    new Cron(schedule, { mode: schedule.startsWith('@') ? 'auto' : '5-part', paused: true }).stop();
    return [];
  } catch (error) {
    return wrong(error instanceof Error ? error.message : String(error));
  }
}

function isTimeZone(name: string): boolean {
  try {
    return name !== '' && name !== 'Local' && Intl.DateTimeFormat('en', { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
}

export const replicationController: Kind = {
  propagation: 'Orphan',
  hasGeneration: true,
  defaults: (draft: Draft) => {
    const spec = ensured(draft, 'spec');
    setDefaults(spec, { replicas: 1 });
    templateDefaults(spec);
    const labels = ensured(ensured(ensured(spec, 'template'), 'metadata'), 'labels');
    if (Object.keys(labels).length > 0) setDefaults(spec, { selector: labels as Record<string, string> });
  },
  validate: (object) => {
    const spec = memberOf(object, 'spec');
    const labels = memberOf(memberOf(memberOf(spec, 'template'), 'metadata'), 'labels');
    const isFound = Object.entries(memberOf(spec, 'selector')).every(([key, value]) => labels[key] === value);
    return [
      ...(isFound
        ? []
        : [
            invalidValue(
              'spec.template.metadata.labels',
              labels,
              '`selector` does not match template `labels`',
            ),
          ]),
      ...templateErrors(spec),
      ...restartErrors(spec, 'spec', ['Always']),
    ];
  },
};
