import type { CreateClusterCommandInput, UpdateClusterConfigCommandInput } from '@aws-sdk/client-eks';
import { unsupported } from '../errors.ts';

/** What is asked of a cluster that is to be made, or of one that is there. */
type Asked = CreateClusterCommandInput | UpdateClusterConfigCommandInput;

/** What has an effect in EKS that there is none of here, by name. @throws InvalidParameterException */
export function refuseUnsupported(input: Asked): void {
  const { resourcesVpcConfig = {}, kubernetesNetworkConfig = {}, storageConfig, computeConfig } = input;
  const isAuto = [
    kubernetesNetworkConfig.elasticLoadBalancing,
    storageConfig?.blockStorage,
    computeConfig,
  ].some((part) => part?.enabled === true);
  refuseFirst([
    [resourcesVpcConfig.endpointPublicAccess === false, 'Clusters without a public endpoint are'],
    [
      resourcesVpcConfig.endpointPrivateAccess === true,
      'Endpoints within the VPC (endpointPrivateAccess) are',
    ],
    [
      (resourcesVpcConfig.controlPlaneEgressMode ?? 'AWS_MANAGED') !== 'AWS_MANAGED',
      'Other ways of the control plane out (controlPlaneEgressMode) are',
    ],
    [isAuto, 'EKS Auto Mode is'],
    [input.upgradePolicy?.supportType === 'STANDARD', 'Automatic upgrades (upgradePolicy STANDARD) are'],
    [input.zonalShiftConfig?.enabled === true, 'Zonal shifts (zonalShiftConfig) are'],
    [hasNetworks(input), 'Hybrid nodes (remoteNetworkConfig) are'],
    [(input.controlPlaneScalingConfig?.tier ?? 'standard') !== 'standard', 'Tiers of the control plane are'],
    [input.kubeApiServerConfig !== undefined, 'Settings of the API server (kubeApiServerConfig) are'],
    [input.kubeSchedulerConfig !== undefined, 'Settings of the scheduler (kubeSchedulerConfig) are'],
    [
      input.kubeControllerManagerConfig !== undefined,
      'Settings of controllers (kubeControllerManagerConfig) are',
    ],
  ]);
}

/** What only a cluster that is to be made can be asked. @throws InvalidParameterException */
export function refuseUnsupportedAtCreation(input: CreateClusterCommandInput): void {
  refuseFirst([
    [input.kubernetesNetworkConfig?.ipFamily === 'ipv6', 'IPv6 clusters are'],
    [input.outpostConfig !== undefined, 'Outposts (outpostConfig) are'],
  ]);
  refuseUnsupported(input);
}

function refuseFirst(asked: readonly (readonly [isAsked: boolean, what: string])[]): void {
  const first = asked.find(([isAsked]) => isAsked);
  if (first !== undefined) throw unsupported(first[1]);
}

const hasNetworks = ({ remoteNetworkConfig }: Asked): boolean =>
  (remoteNetworkConfig?.remoteNodeNetworks?.length ?? 0) > 0 ||
  (remoteNetworkConfig?.remotePodNetworks?.length ?? 0) > 0;
