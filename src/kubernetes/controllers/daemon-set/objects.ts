import { type Placement, requiredTerms } from '../node-fit.ts';
import type { Condition, IntOrString, Kept, LabelSelector, Pod, PodTemplate } from '../objects.ts';

export interface DaemonSet extends Kept {
  readonly spec: {
    readonly selector: LabelSelector;
    readonly template: PodTemplate;
    readonly minReadySeconds?: number;
    readonly revisionHistoryLimit?: number;
    readonly updateStrategy: {
      readonly type: string;
      readonly rollingUpdate?: { readonly maxUnavailable?: IntOrString; readonly maxSurge?: IntOrString };
    };
  };
  readonly status?: DaemonSetStatus;
}

export interface DaemonSetStatus {
  readonly currentNumberScheduled: number;
  readonly numberMisscheduled: number;
  readonly desiredNumberScheduled: number;
  readonly numberReady: number;
  readonly observedGeneration?: number;
  readonly updatedNumberScheduled?: number;
  readonly numberAvailable?: number;
  readonly numberUnavailable?: number;
  readonly collisionCount?: number;
  readonly conditions?: readonly Condition[];
}

/** The hash of the revision that a pod is of. */
export const hashLabel = 'controller-revision-hash';

export const isOf = ({ metadata }: Pod, hash: string): boolean => metadata.labels?.[hashLabel] === hash;

/** The node that a pod runs on, or is meant for. */
export function nodeOf({ spec }: Pod): string | undefined {
  if (spec.nodeName !== undefined && spec.nodeName !== '') return spec.nodeName;
  const placement: Placement = spec;
  return requiredTerms(placement)
    ?.flatMap(({ matchFields = [] }) => matchFields)
    .find(
      ({ key, operator, values = [] }) => key === 'metadata.name' && operator === 'In' && values.length === 1,
    )?.values?.[0];
}
