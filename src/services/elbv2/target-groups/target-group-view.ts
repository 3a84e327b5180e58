import type { TargetGroup } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { TargetGroupRecord } from '../records.ts';

/** A target group as AWS shows it. */
export function targetGroupView(group: TargetGroupRecord): TargetGroup {
  const { healthCheck, protocolVersion, use } = group;
  const { path, matcher } = healthCheck;
  return {
    TargetGroupArn: group.arn,
    TargetGroupName: group.name,
    Protocol: group.protocol,
    Port: group.port,
    VpcId: group.vpcId,
    HealthCheckProtocol: healthCheck.protocol,
    HealthCheckPort: healthCheck.port,
    HealthCheckEnabled: true,
    HealthCheckIntervalSeconds: healthCheck.interval,
    HealthCheckTimeoutSeconds: healthCheck.timeout,
    HealthyThresholdCount: healthCheck.healthyThreshold,
    UnhealthyThresholdCount: healthCheck.unhealthyThreshold,
    ...(path !== undefined && { HealthCheckPath: path }),
    ...(matcher !== undefined && {
      Matcher: protocolVersion === 'GRPC' ? { GrpcCode: matcher } : { HttpCode: matcher },
    }),
    LoadBalancerArns: use === undefined ? [] : [use.loadBalancerArn],
    TargetType: group.targetType,
    ...(protocolVersion !== undefined && { ProtocolVersion: protocolVersion }),
    IpAddressType: 'ipv4',
  };
}
