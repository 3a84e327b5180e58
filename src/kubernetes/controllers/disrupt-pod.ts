import { type Disruption, disruptedConditions } from '../objects/pod-disruption.ts';
import type { Work } from './controller.ts';
import type { Kept, Pod } from './objects.ts';
import { podResource } from './pod-control.ts';
import { withoutVersion } from './writer.ts';

/**
 * Says on a pod why it is about to be deleted, before it is: who reads it, such as a Job's failure policy, knows that it is
 * not the pod's fault.
 * @param why Undefined: there is nothing to say of it.
 * @param phase What it is to be besides, where nobody else will say.
 * @throws {ApiError} NotFound
 */
export function disrupt(
  { writer, now }: Pick<Work<Kept>, 'now' | 'writer'>,
  pod: Pod,
  why: Disruption | undefined,
  phase?: 'Failed',
): Promise<void> {
  return writer.change<Pod>(
    podResource,
    pod,
    ({ metadata, status = {}, ...present }) => ({
      ...{ ...present, metadata: withoutVersion(metadata) },
      status: {
        ...status,
        ...(why && { conditions: disruptedConditions(status.conditions ?? [], why, now) }),
        ...(phase && { phase }),
      },
    }),
    'status',
  );
}
