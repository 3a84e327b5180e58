import type {
  CodeRange,
  GuardKind,
  HealthCheckPlan,
  ListenerPlan,
  LoadBalancerAttributes,
  LoadBalancerPlan,
  TargetGroupPlan,
  TargetPlan,
  TargetStickiness,
} from '../../../balancing/index.ts';
import type { Reader, RecordKey } from '../../../reconcile/index.ts';
import { answerHeaders } from '../listeners/listener-attributes.ts';
import { balancerAttribute } from '../load-balancers/balancer-attributes.ts';
import {
  type HealthCheckRecord,
  type ListenerRecord,
  type LoadBalancerRecord,
  listeners,
  loadBalancers,
  type RuleGuardRecord,
  type TargetGroupRecord,
  type TargetRecord,
  targetGroups,
  targets,
} from '../records.ts';
import { groupAttribute } from '../target-groups/group-attributes.ts';
import { parseCodes } from '../target-groups/matcher.ts';
import { isInEnabledZone } from '../target-groups/target-state.ts';

/** What a load balancer does, as the reader sees it; undefined when there is none. */
export function loadBalancerPlan(reader: Reader, key: RecordKey): LoadBalancerPlan | undefined {
  const balancer = reader.get(loadBalancers, key);
  if (balancer === undefined) return undefined;
  const ownListeners = reader.byIndex(listeners, 'loadBalancer', balancer.arn);
  const groups = reader.byIndex(targetGroups, 'loadBalancer', balancer.arn);
  return {
    arn: balancer.arn,
    id: balancer.id,
    type: balancer.type,
    vpcId: balancer.vpcId,
    nodes: balancer.nodes.map(({ interfaceId, privateIpv4, availabilityZone }) => ({
      ...{ interfaceId, address: privateIpv4, availabilityZone },
    })),
    listeners: ownListeners.map(({ value }) => listenerPlan(value)).sort((a, b) => a.port - b.port),
    targetGroups: groups.map(({ value: group }) => groupPlan(group, targetsOf(reader, balancer, group))),
    attributes: attributesOf(balancer),
  };
}

function attributesOf(balancer: LoadBalancerRecord): LoadBalancerAttributes {
  // Those of HTTP mean nothing to a network load balancer, which has none of them.
  const text = (key: string, otherwise: string): string => balancerAttribute(balancer, key) || otherwise;
  const isOn = (key: string): boolean => balancerAttribute(balancer, key) === 'true';
  return {
    idleTimeout: Number(text('idle_timeout.timeout_seconds', '60')),
    clientKeepAlive: Number(text('client_keep_alive.seconds', '3600')),
    http2: isOn('routing.http2.enabled'),
    dropInvalidHeaderFields: isOn('routing.http.drop_invalid_header_fields.enabled'),
    preserveHostHeader: isOn('routing.http.preserve_host_header.enabled'),
    xffClientPort: isOn('routing.http.xff_client_port.enabled'),
    xffHeaderProcessing: text(
      'routing.http.xff_header_processing.mode',
      'append',
    ) as LoadBalancerAttributes['xffHeaderProcessing'],
    tlsHeaders: isOn('routing.http.x_amzn_tls_version_and_cipher_suite.enabled'),
    crossZone: isOn('load_balancing.cross_zone.enabled'),
    isLogged: isOn('access_logs.s3.enabled'),
  };
}

function listenerPlan(listener: ListenerRecord): ListenerPlan {
  const { id, arn, port, protocol, certificateArns, sslPolicy, alpnPolicy, attributes, rules } = listener;
  const headers = answerHeaders(listener);
  return {
    ...{ arn, id, port, protocol, certificateArns },
    ...(sslPolicy !== undefined && { sslPolicy }),
    ...(alpnPolicy !== undefined && alpnPolicy !== 'None' && { alpnPolicy }),
    ...(headers !== undefined && { answerHeaders: headers }),
    ...(protocol === 'TCP' && { tcpIdleTimeout: Number(attributes['tcp.idle_timeout.seconds'] ?? 350) }),
    rules: rules.map((rule) => ({
      ...{ arn: rule.arn, priority: rule.priority, conditions: rule.conditions, action: rule.action },
      ...(rule.transforms !== undefined && { transforms: rule.transforms }),
      ...(rule.guard !== undefined && { guard: guardKind(rule.guard) }),
    })),
  };
}

function guardKind({ type }: RuleGuardRecord): GuardKind {
  return type === 'jwt-validation' ? type : 'authenticate';
}

/** Those in zones that the load balancer is in; what drains is among them until it is gone. */
function targetsOf(
  reader: Reader,
  balancer: LoadBalancerRecord,
  { id }: TargetGroupRecord,
): readonly TargetRecord[] {
  return reader
    .byIndex(targets, 'targetGroup', id)
    .flatMap(({ value }) => (isInEnabledZone(value, balancer) ? [value] : []));
}

function groupPlan(group: TargetGroupRecord, ownTargets: readonly TargetRecord[]): TargetGroupPlan {
  const { id, arn, protocol, protocolVersion } = group;
  // Of no target nobody needs to know.
  const isAtMachine = group.targetType === 'instance' && ownTargets.some(({ isInVpc }) => !isInVpc);
  const targetType = isAtMachine ? 'instance' : 'ip';
  const attribute = (key: string): string => groupAttribute(group, key);
  const crossZone = attribute('load_balancing.cross_zone.enabled');
  return {
    ...{ arn, id, protocol, targetType },
    ...(protocolVersion !== undefined && { protocolVersion }),
    healthCheck: healthCheckPlan(group.healthCheck),
    algorithm: (attribute('load_balancing.algorithm.type') || 'round_robin') as TargetGroupPlan['algorithm'],
    slowStart: Number(attribute('slow_start.duration_seconds')),
    stickiness: stickinessOf(attribute),
    terminatesConnections: attribute('deregistration_delay.connection_termination.enabled') === 'true',
    preservesClientIp: attribute('preserve_client_ip.enabled') === 'true',
    proxyProtocolV2: attribute('proxy_protocol_v2.enabled') === 'true',
    ...((crossZone === 'true' || crossZone === 'false') && { crossZone: crossZone === 'true' }),
    targets: ownTargets.map(targetPlan),
  };
}

const targetPlan = ({ id, port, address, availabilityZone, drainsUntil }: TargetRecord): TargetPlan => ({
  ...{ id, port, address, availabilityZone, isDraining: drainsUntil !== undefined },
});

function healthCheckPlan(check: HealthCheckRecord): HealthCheckPlan {
  const { protocol, port, path, matcher, interval, timeout, healthyThreshold, unhealthyThreshold } = check;
  const codes: readonly CodeRange[] = (matcher !== undefined && parseCodes(matcher)) || [];
  return {
    protocol,
    ...(port !== 'traffic-port' && { port: Number(port) }),
    ...(path !== undefined && { path }),
    ...{ interval, timeout, healthyThreshold, unhealthyThreshold, matcher: codes },
  };
}

function stickinessOf(attribute: (key: string) => string): TargetStickiness {
  if (attribute('stickiness.enabled') !== 'true') return { type: 'none' };
  switch (attribute('stickiness.type')) {
    case 'app_cookie':
      return {
        type: 'app_cookie',
        cookieName: attribute('stickiness.app_cookie.cookie_name'),
        duration: Number(attribute('stickiness.app_cookie.duration_seconds')),
      };
    case 'source_ip':
      return { type: 'source_ip' };
    default:
      return { type: 'lb_cookie', duration: Number(attribute('stickiness.lb_cookie.duration_seconds')) };
  }
}
