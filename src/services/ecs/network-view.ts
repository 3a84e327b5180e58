import type { NetworkConfiguration } from '@aws-sdk/client-ecs';
import type { NetworkConfigurationRecord } from './records.ts';

/** A network configuration as the API shows it, to be spread into what has one; nothing when there is none. */
export function networkView(network: NetworkConfigurationRecord | undefined): {
  networkConfiguration?: NetworkConfiguration;
} {
  if (network === undefined) return {};
  const { subnets, securityGroups, assignPublicIp } = network;
  return {
    networkConfiguration: {
      awsvpcConfiguration: {
        subnets: [...subnets],
        securityGroups: [...securityGroups],
        assignPublicIp,
      },
    },
  };
}
