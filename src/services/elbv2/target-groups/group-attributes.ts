import { type AttributeRule, boolean, choice, integer, only, otherThan, text } from '../attribute-rules.ts';
import type { TargetGroupRecord } from '../records.ts';

type Group = Pick<TargetGroupRecord, 'protocol' | 'targetType'>;

/** Target groups of application load balancers speak HTTP, those of network load balancers what is below. */
export const isHttp = ({ protocol }: Pick<Group, 'protocol'>): boolean =>
  protocol === 'HTTP' || protocol === 'HTTPS';

const thresholds = 'Other thresholds of target group health are';

const terminations =
  'Connections that end with the health of their target (target_health_state.unhealthy) are';

const ofHttp: Readonly<Record<string, AttributeRule<Group>>> = {
  'load_balancing.algorithm.type': choice('round_robin', [
    'round_robin',
    'least_outstanding_requests',
    'weighted_random',
  ]),
  'load_balancing.algorithm.anomaly_mitigation': only('off', 'Anomaly mitigation is'),
  'slow_start.duration_seconds': otherThan('0', integer('0', 30, 900)),
  'stickiness.type': choice('lb_cookie', ['lb_cookie', 'app_cookie']),
  'stickiness.lb_cookie.duration_seconds': integer('86400', 1, 604_800),
  'stickiness.app_cookie.duration_seconds': integer('86400', 1, 604_800),
  'stickiness.app_cookie.cookie_name': text('', 4096),
};

const ofLayer4: Readonly<Record<string, AttributeRule<Group>>> = {
  'deregistration_delay.connection_termination.enabled': boolean(({ protocol }) =>
    protocol === 'UDP' || protocol === 'TCP_UDP' ? 'true' : 'false',
  ),
  // On AWS some of these are on by default: here they tell what happens.
  'preserve_client_ip.enabled': only(
    'false',
    'Addresses of clients that network load balancers keep (preserve_client_ip.enabled) are',
  ),
  'proxy_protocol_v2.enabled': boolean('false'),
  'stickiness.type': choice('source_ip', ['source_ip']),
  'target_health_state.unhealthy.connection_termination.enabled': only('false', terminations),
  'target_health_state.unhealthy.draining_interval_seconds': only('0', terminations),
};

const ofBoth: Readonly<Record<string, AttributeRule<Group>>> = {
  'deregistration_delay.timeout_seconds': integer('300', 0, 3_600),
  'stickiness.enabled': boolean('false'),
  'load_balancing.cross_zone.enabled': choice('use_load_balancer_configuration', [
    'true',
    'false',
    'use_load_balancer_configuration',
  ]),
  // A load balancer's name is answered with all of its nodes, and all targets are sent to when none is healthy.
  'target_group_health.dns_failover.minimum_healthy_targets.count': only('1', thresholds),
  'target_group_health.dns_failover.minimum_healthy_targets.percentage': only('off', thresholds),
  'target_group_health.unhealthy_state_routing.minimum_healthy_targets.count': only('1', thresholds),
  'target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage': only('off', thresholds),
};

/** What can be set of a target group, by AWS's keys, with what it is by default (guide, "Target group attributes"). */
export function groupAttributeRules(group: Group): Readonly<Record<string, AttributeRule<Group>>> {
  return { ...ofBoth, ...(isHttp(group) ? ofHttp : ofLayer4) };
}

/** As it was set, or by default. */
export function groupAttribute(group: Group & Pick<TargetGroupRecord, 'attributes'>, key: string): string {
  return group.attributes[key] ?? groupAttributeRules(group)[key]?.byDefault(group) ?? '';
}
