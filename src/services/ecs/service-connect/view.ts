import type { Deployment } from '@aws-sdk/client-ecs';
import type { ServiceConnectRecord } from '../records.ts';

/** Service Connect of a deployment as the API shows it. */
export function serviceConnectView(
  record: ServiceConnectRecord | undefined,
): Pick<Deployment, 'serviceConnectConfiguration' | 'serviceConnectResources'> {
  if (record === undefined) return {};
  return {
    // Records are frozen, and what the SDK takes is not.
    serviceConnectConfiguration: structuredClone(record.configuration),
    serviceConnectResources: record.endpoints.map(({ discoveryName, discoveryArn }) => ({
      discoveryName,
      discoveryArn,
    })),
  };
}
