import type { Reader } from '../../../reconcile/index.ts';
import { defaultSecurityGroupId, readAwsvpc } from '../../ec2/index.ts';
import type { Scope } from '../arn.ts';
import type { DeploymentRecord, NetworkConfigurationRecord } from '../records.ts';

/** Where a deployment's tasks are: gateways come in by security groups of their own, beside those of the service. */
export function networkBehindGateways(
  reader: Reader,
  scope: Scope,
  {
    networkConfiguration: network,
    loadBalancers = [],
  }: Pick<DeploymentRecord, 'networkConfiguration' | 'loadBalancers'>,
): NetworkConfigurationRecord | undefined {
  const added = loadBalancers.flatMap(({ gatewayRoute }) => gatewayRoute?.securityGroup ?? []);
  if (network === undefined || added.length === 0) return network;
  const { subnets, securityGroups } = network;
  if (securityGroups.length > 0) return { ...network, securityGroups: [...securityGroups, ...added] };
  const found = readAwsvpc(reader, scope, { subnets, securityGroups: [] });
  // Without its subnets no task is started anyway.
  if (found.type !== 'found') return network;
  return { ...network, securityGroups: [defaultSecurityGroupId(reader, scope, found.vpcId), ...added] };
}
