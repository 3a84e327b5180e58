import type { Cluster } from '@aws-sdk/client-eks';
import type { Reader } from '../../reconcile/index.ts';
import type { Scope } from './arn.ts';
import { clusterStatus } from './cluster-status.ts';
import type { EksContext } from './context.ts';
import { logTypes } from './input.ts';
import type { ClusterRecord } from './records.ts';

/** As DescribeCluster shows it. */
export function clusterView(
  context: Pick<EksContext, 'controlPlaneOf'>,
  reader: Reader,
  scope: Scope,
  record: ClusterRecord,
): Cluster {
  const { id, createdAt, tags, creatorArn, authenticationMode, request } = record;
  const controlPlane = context.controlPlaneOf(reader, scope, id);
  const isUp = controlPlane !== undefined;
  return {
    name: record.name,
    arn: record.arn,
    createdAt: new Date(createdAt),
    version: record.version,
    roleArn: record.roleArn,
    resourcesVpcConfig: {
      subnetIds: [...record.subnetIds],
      securityGroupIds: [...record.securityGroupIds],
      vpcId: record.vpcId,
      endpointPublicAccess: true,
      endpointPrivateAccess: false,
      publicAccessCidrs: ['0.0.0.0/0'],
    },
    kubernetesNetworkConfig: {
      serviceIpv4Cidr: record.serviceIpv4Cidr,
      ipFamily: 'ipv4',
      elasticLoadBalancing: { enabled: false },
    },
    logging: { clusterLogging: [{ types: [...logTypes], enabled: false }] },
    status: clusterStatus(context, reader, scope, record),
    certificateAuthority: isUp
      ? { data: Buffer.from(controlPlane.certificateAuthority).toString('base64') }
      : {},
    ...(isUp && {
      endpoint: controlPlane.endpoint,
      ...(controlPlane.issuer && { identity: { oidc: { issuer: controlPlane.issuer } } }),
    }),
    ...(request && { clientRequestToken: request.token }),
    platformVersion: 'eks.1',
    tags,
    health: { issues: [] },
    accessConfig: {
      authenticationMode,
      bootstrapClusterCreatorAdminPermissions: creatorArn !== undefined,
    },
    upgradePolicy: { supportType: 'EXTENDED' },
    deletionProtection: record.deletionProtection,
  };
}
