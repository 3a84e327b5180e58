import type { ServiceRevisionSummary } from '@aws-sdk/client-ecs';
import type { ServiceRecord, TrafficRecord } from '../records.ts';

/** What is left for the other of two deployments. */
export function otherShare({ production, test }: TrafficRecord): TrafficRecord {
  return { production: 100 - production, ...(test !== undefined && { test: 100 - test }) };
}

type Weights = Pick<
  ServiceRevisionSummary,
  'requestedProductionTrafficWeight' | 'requestedTestTrafficWeight'
>;

/** What a revision gets of the traffic, as the API shows it; none of it: `share` is undefined. */
export function weightsView(share: TrafficRecord | undefined): Weights {
  const { production = 0, test } = share ?? {};
  return {
    requestedProductionTrafficWeight: production,
    ...(test !== undefined && { requestedTestTrafficWeight: test }),
  };
}

/** Of a service's deployments, by their ids; nothing where no traffic is shifted. */
export function weightsOfService(
  deployments: ServiceRecord['deployments'],
): (deploymentId: string) => Weights {
  const primary = deployments.find(({ status }) => status === 'PRIMARY');
  const { lifecycle } = primary ?? {};
  if (lifecycle === undefined) return () => ({});
  return (deploymentId) => {
    if (deploymentId === primary?.id) return weightsView(lifecycle.traffic);
    return weightsView(deploymentId === lifecycle.sourceId ? otherShare(lifecycle.traffic) : undefined);
  };
}
