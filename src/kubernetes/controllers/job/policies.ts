import type { ContainerStatus, Pod } from '../objects.ts';
import { type Indexes, parseIndexes, totalOf, union } from './indexes.ts';
import type { FailureRule, Job } from './objects.ts';

/** What a pod's failure means to its Job. */
export interface Verdict {
  readonly action: string | undefined;
  /** Whether it counts towards the back-off limit. */
  readonly counts: boolean;
  /** Why the whole Job fails with it. */
  readonly failsJob?: string;
}

/** By the first rule that matches. */
export function verdictOf({ spec }: Job, pod: Pod): Verdict {
  for (const [index, rule] of (spec.podFailurePolicy?.rules ?? []).entries()) {
    const cause = causeOf(rule, pod);
    if (cause === undefined) continue;
    const { action } = rule;
    if (action === 'FailJob')
      return { action, counts: true, failsJob: `${cause} matching FailJob rule at index ${index}` };
    return { action, counts: action !== 'Ignore' };
  }
  return { action: undefined, counts: true };
}

function causeOf({ onExitCodes, onPodConditions }: FailureRule, pod: Pod): string | undefined {
  const { namespace, name } = pod.metadata;
  if (onExitCodes !== undefined) {
    const { containerName, operator, values } = onExitCodes;
    const isMeant = (status: ContainerStatus): boolean => {
      const code = status.state?.terminated?.exitCode ?? 0;
      if (code === 0 || (containerName !== undefined && containerName !== status.name)) return false;
      return values.includes(code) === (operator === 'In');
    };
    const { containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {};
    const found = containerStatuses.find(isMeant) ?? initContainerStatuses.find(isMeant);
    const code = found?.state?.terminated?.exitCode;
    return found && `Container ${found.name} for pod ${namespace}/${name} failed with exit code ${code}`;
  }
  const found = pod.status?.conditions?.find(({ type, status }) =>
    (onPodConditions ?? []).some((wanted) => wanted.type === type && wanted.status === status),
  );
  return found && `Pod ${namespace}/${name} has condition ${found.type}`;
}

/** Which rule of success is met by the indexes that succeeded; undefined: none. */
export function metSuccessRule({ spec }: Job, succeeded: Indexes): number | undefined {
  const { completions = 0, successPolicy } = spec;
  if (succeeded.length === 0) return undefined;
  const met = (successPolicy?.rules ?? []).findIndex(({ succeededIndexes, succeededCount }) => {
    if (succeededIndexes === undefined)
      return succeededCount !== undefined && totalOf(succeeded) >= succeededCount;
    const wanted = parseIndexes(succeededIndexes, completions);
    if (wanted.length === 0) return false;
    const among = totalOf(wanted) + totalOf(succeeded) - totalOf(union(wanted, succeeded));
    return among === totalOf(wanted) || (succeededCount !== undefined && among >= succeededCount);
  });
  return met < 0 ? undefined : met;
}
