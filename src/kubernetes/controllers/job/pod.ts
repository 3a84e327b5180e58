import type { Container, Pod, PodTemplate } from '../objects.ts';
import { type NewPod, podOf } from '../pod-control.ts';
import { failureAnnotations } from './count.ts';
import { indexAnnotation } from './indexes.ts';
import { type Job, trackingFinalizer } from './objects.ts';

const longestPrefix = 58;

/** A pod of a Job; one with an index says it in name, host name, label, annotation and environment. */
export function jobPod(job: Job, index: number | undefined, replaced: Pod | undefined): NewPod {
  const tracked = withFinalizer(job.spec.template);
  if (index === undefined) return podOf(tracked, job);
  const { name } = job.metadata;
  const text = String(index);
  const { metadata, spec } = tracked;
  const template: PodTemplate = {
    metadata: {
      ...metadata,
      labels: { ...metadata?.labels, [indexAnnotation]: text },
      annotations: {
        ...metadata?.annotations,
        [indexAnnotation]: text,
        ...(job.spec.backoffLimitPerIndex !== undefined && failureAnnotations(job, replaced)),
      },
    },
    spec: {
      ...spec,
      hostname: `${name}-${text}`,
      containers: spec.containers.map(withIndexVariable),
      ...(spec.initContainers && { initContainers: spec.initContainers.map(withIndexVariable) }),
    },
  };
  const end = `-${text}-`;
  return podOf(template, job, { generateName: name.slice(0, longestPrefix - end.length) + end });
}

function withFinalizer(template: PodTemplate): PodTemplate {
  const { finalizers = [] } = template.metadata ?? {};
  if (finalizers.includes(trackingFinalizer)) return template;
  return { ...template, metadata: { ...template.metadata, finalizers: [...finalizers, trackingFinalizer] } };
}

const variable = 'JOB_COMPLETION_INDEX';

function withIndexVariable(container: Container): Container {
  const { env = [] } = container;
  if (env.some(({ name }) => name === variable)) return container;
  const fieldRef = { fieldPath: `metadata.labels['${indexAnnotation}']` };
  return { ...container, env: [...env, { name: variable, valueFrom: { fieldRef } }] };
}
