import type { Reader } from '../../../reconcile/index.ts';
import type { SignedUpgrade } from '../../service.ts';
import { clusterName, containerInstanceArn, containerInstanceId } from '../arn.ts';
import { clusterOfResource, resourceTags } from './resource-keys.ts';

/**
 * `ecs:Poll` and `ecs:StartTelemetrySession`: on the container instance that an agent says it is, found as the endpoint
 * finds it, whatever cluster its ARN names.
 * @param members Of the query that say which cluster and which instance.
 */
export function agentAuthorization(
  reader: Reader,
  members: { readonly cluster: string; readonly instance: string },
): Required<Pick<SignedUpgrade, 'resources' | 'conditions'>> {
  const tags = resourceTags(reader);
  return {
    resources: (query, call) => {
      const cluster = query.get(members.cluster) ?? undefined;
      const instance = query.get(members.instance) ?? '';
      return [orAny(() => containerInstanceArn(call, clusterName(cluster), containerInstanceId(instance)))];
    },
    conditions: (query, call, resource) => ({
      ...tags(query, call, resource),
      ...clusterOfResource(query, call, resource),
    }),
  };
}

/** What names nothing is refused by the endpoint, in words that agents know; until then it could be anything. */
function orAny(read: () => string): string {
  try {
    return read();
  } catch {
    return '*';
  }
}
