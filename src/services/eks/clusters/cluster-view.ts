import type { Cluster } from '@aws-sdk/client-eks';
import type { Reader } from '../../../reconcile/index.ts';
import type { Scope } from '../arn.ts';
import { authorityId } from '../certificate-authorities/authority.ts';
import type { EksContext } from '../context.ts';
import type { ClusterRecord } from '../records.ts';
import { clusterIssues } from './cluster-issues.ts';
import { clusterStatus } from './cluster-status.ts';
import { encryptionView } from './encryption.ts';
import { everywhere } from './input.ts';
import { loggingView } from './logging.ts';
import { platformVersion } from './versions.ts';

/** As DescribeCluster shows it. */
export function clusterView(
  context: Pick<EksContext, 'controlPlaneOf' | 'whyNotAssumed'>,
  reader: Reader,
  scope: Scope,
  record: ClusterRecord,
): Cluster {
  const { id, createdAt, tags, creator, authenticationMode, request, encryption } = record;
  const controlPlane = context.controlPlaneOf(reader, scope, id);
  const isUp = controlPlane !== undefined;
  return {
    name: record.name,
    arn: record.arn,
    createdAt: new Date(createdAt),
    version: controlPlane?.version ?? record.version,
    roleArn: record.roleArn,
    resourcesVpcConfig: {
      subnetIds: [...record.subnetIds],
      securityGroupIds: [...record.securityGroupIds],
      ...(record.clusterSecurityGroupId && { clusterSecurityGroupId: record.clusterSecurityGroupId }),
      vpcId: record.vpcId,
      endpointPublicAccess: true,
      endpointPrivateAccess: false,
      publicAccessCidrs: [...(record.publicAccessCidrs ?? everywhere)],
    },
    kubernetesNetworkConfig: {
      serviceIpv4Cidr: record.serviceIpv4Cidr,
      ipFamily: 'ipv4',
      elasticLoadBalancing: { enabled: false },
    },
    logging: loggingView(record.logTypes),
    status: clusterStatus(context, reader, scope, record),
    certificateAuthority: isUp
      ? {
          data: Buffer.from(controlPlane.certificateAuthority).toString('base64'),
          active: { id: authorityId(controlPlane), activatedBy: 'EKS' },
        }
      : {},
    ...(isUp && {
      endpoint: controlPlane.endpoint,
      ...(controlPlane.issuer && { identity: { oidc: { issuer: controlPlane.issuer } } }),
    }),
    ...(encryption && { encryptionConfig: [encryptionView(encryption.keyArn)] }),
    ...(request && { clientRequestToken: request.token }),
    platformVersion,
    tags,
    health: { issues: [...clusterIssues(context, reader, scope, record)] },
    accessConfig: {
      authenticationMode,
      bootstrapClusterCreatorAdminPermissions: creator !== undefined,
    },
    upgradePolicy: { supportType: 'EXTENDED' },
    deletionProtection: record.deletionProtection,
  };
}
