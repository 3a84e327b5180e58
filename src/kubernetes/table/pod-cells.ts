import {
  isJsonObject,
  type JsonObject,
  type KubernetesObject,
  listOf,
  memberOf,
  numberOf,
  textOf,
} from '../objects/object.ts';
import { age } from './age.ts';

export interface PodCells {
  readonly ready: string;
  readonly status: string;
  readonly restarts: string;
}

/** What the columns READY, STATUS and RESTARTS say of a pod. */
export function podCells(pod: KubernetesObject, now: number): PodCells {
  const spec = memberOf(pod, 'spec');
  const status = memberOf(pod, 'status');
  const inits = objectsIn(spec, 'initContainers');
  const sidecars = new Set(
    inits.filter((it) => textOf(it, 'restartPolicy') === 'Always').map((it) => textOf(it, 'name')),
  );
  const initStatuses = objectsIn(status, 'initContainerStatuses');
  const statuses = objectsIn(status, 'containerStatuses');
  const counted = [...initStatuses.filter((it) => sidecars.has(textOf(it, 'name'))), ...statuses];
  const total = objectsIn(spec, 'containers').length + sidecars.size;
  const initReason = initReasonOf(initStatuses, sidecars, inits.length);
  return {
    ready: `${counted.filter((it) => it.ready === true).length}/${total}`,
    status: statusOf(pod, status, statuses, initReason),
    restarts: restartsOf(initReason === undefined ? counted : initStatuses, now),
  };
}

function statusOf(
  pod: KubernetesObject,
  status: JsonObject,
  statuses: readonly JsonObject[],
  initReason: string | undefined,
): string {
  const phase = textOf(status, 'phase');
  let reason = textOf(status, 'reason') || phase;
  const isGated = objectsIn(status, 'conditions').some(
    (it) => it.type === 'PodScheduled' && it.reason === 'SchedulingGated',
  );
  if (isGated) reason = 'SchedulingGated';
  if (initReason !== undefined) reason = initReason;
  else {
    let isRunning = false;
    for (const each of statuses.toReversed()) {
      const { waiting, terminated, running } = memberOf(each, 'state');
      if (isJsonObject(waiting) && textOf(waiting, 'reason') !== '') reason = textOf(waiting, 'reason');
      else if (isJsonObject(terminated)) reason = endOf(terminated);
      else if (running !== undefined && each.ready === true) isRunning = true;
    }
    if (reason === 'Completed' && isRunning) reason = isReady(status) ? 'Running' : 'NotReady';
  }
  const isOver = phase === 'Succeeded' || phase === 'Failed';
  if (pod.metadata.deletionTimestamp === undefined || isOver) return reason;
  return textOf(status, 'reason') === 'NodeLost' ? 'Unknown' : 'Terminating';
}

const endOf = (terminated: JsonObject): string => {
  const [reason, signal] = [textOf(terminated, 'reason'), numberOf(terminated, 'signal')];
  if (reason !== '') return reason;
  return signal === 0 ? `ExitCode:${numberOf(terminated, 'exitCode')}` : `Signal:${signal}`;
};

const isReady = (status: JsonObject): boolean =>
  objectsIn(status, 'conditions').some((it) => it.type === 'Ready' && it.status === 'True');

/** Undefined: the pod is past its beginning. */
function initReasonOf(
  statuses: readonly JsonObject[],
  sidecars: ReadonlySet<string>,
  total: number,
): string | undefined {
  for (const [index, each] of statuses.entries()) {
    const { terminated, waiting } = memberOf(each, 'state');
    if (isJsonObject(terminated) && numberOf(terminated, 'exitCode') === 0) continue;
    if (sidecars.has(textOf(each, 'name')) && each.started === true) continue;
    if (isJsonObject(terminated)) return `Init:${endOf(terminated)}`;
    const reason = isJsonObject(waiting) ? textOf(waiting, 'reason') : '';
    return reason !== '' && reason !== 'PodInitializing' ? `Init:${reason}` : `Init:${index}/${total}`;
  }
  return undefined;
}

function restartsOf(statuses: readonly JsonObject[], now: number): string {
  const count = statuses.reduce((sum, it) => sum + numberOf(it, 'restartCount'), 0);
  const last = statuses
    .map((it) => textOf(memberOf(memberOf(it, 'lastState'), 'terminated'), 'finishedAt'))
    .filter((at) => at !== '')
    .toSorted()
    .at(-1);
  return count === 0 || last === undefined ? String(count) : `${count} (${age(last, now)} ago)`;
}

function objectsIn(object: JsonObject, name: string): readonly JsonObject[] {
  return listOf(object, name).filter(isJsonObject);
}
