import { timestamp } from '../objects/object.ts';
import type { Work } from './controller.ts';
import type { Condition, Kept, Pod } from './objects.ts';
import { podResource } from './pod-control.ts';
import { withoutVersion } from './writer.ts';

/**
 * Says on a pod why it is about to be deleted, before it is: who reads it, such as a Job's failure policy, knows that it is
 * not the pod's fault.
 * @param phase What it is to be besides, where nobody else will say.
 * @throws {ApiError} NotFound
 */
export function disrupt(
  { writer, now }: Pick<Work<Kept>, 'now' | 'writer'>,
  pod: Pod,
  reason: string,
  message: string,
  phase?: 'Failed',
): Promise<void> {
  return writer.change<Pod>(
    podResource,
    pod,
    ({ metadata, status = {}, ...present }) => {
      const { conditions = [] } = status;
      const said = conditions.find(({ type }) => type === 'DisruptionTarget');
      const isTold = said?.status === 'True' && said.reason === reason && said.message === message;
      const condition: Condition = {
        ...{ type: 'DisruptionTarget', status: 'True', reason, message },
        lastTransitionTime:
          said?.status === 'True' ? (said.lastTransitionTime ?? timestamp(now)) : timestamp(now),
      };
      const others = conditions.filter(({ type }) => type !== 'DisruptionTarget');
      return {
        ...{ ...present, metadata: withoutVersion(metadata) },
        status: {
          ...{ ...status, conditions: isTold ? conditions : [...others, condition] },
          ...(phase && { phase }),
        },
      };
    },
    'status',
  );
}
