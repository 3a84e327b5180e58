import type {
  ListenerPlan,
  LoadBalancerPlan,
  RuleAction,
  RulePlan,
  TargetGroupPlan,
  TargetPlan,
} from '../../../balancing/index.ts';

const arn = 'arn:aws:elasticloadbalancing:us-east-1:123456789012';

export function target(address: string, changes: Partial<TargetPlan> = {}): TargetPlan {
  return { id: address, port: 80, address, availabilityZone: 'us-east-1a', isDraining: false, ...changes };
}

/** A word's digits, as many as ids have. */
function digits(word: string): string {
  return Buffer.from(word).toString('hex').padEnd(16, '0').slice(0, 16);
}

export function group(name: string, changes: Partial<TargetGroupPlan> = {}): TargetGroupPlan {
  return {
    arn: groupArn(name),
    id: digits(name),
    protocol: 'HTTP',
    protocolVersion: 'HTTP1',
    targetType: 'ip',
    healthCheck: {
      protocol: 'HTTP',
      path: '/',
      interval: 1,
      timeout: 1,
      healthyThreshold: 2,
      unhealthyThreshold: 2,
      matcher: [{ from: 200, to: 299 }],
    },
    algorithm: 'round_robin',
    slowStart: 0,
    stickiness: { type: 'none' },
    terminatesConnections: false,
    preservesClientIp: false,
    proxyProtocolV2: false,
    targets: [],
    ...changes,
  };
}

export function groupArn(name: string): string {
  return `${arn}:targetgroup/${name}/${digits(name)}`;
}

export function forwardTo(...names: readonly string[]): RuleAction {
  return { type: 'forward', targetGroups: names.map((name) => ({ arn: groupArn(name), weight: 1 })) };
}

export function fixed(messageBody: string, statusCode = 200): RuleAction {
  return { type: 'fixed-response', statusCode, contentType: 'text/plain', messageBody };
}

export function rule(
  priority: RulePlan['priority'],
  action: RuleAction,
  conditions: RulePlan['conditions'] = [],
): RulePlan {
  return { arn: `${arn}:listener-rule/app/web/1/2/${priority}`, priority, conditions, action };
}

export function listener(changes: Partial<ListenerPlan> = {}): ListenerPlan {
  const { port = 80 } = changes;
  return {
    arn: `${arn}:listener/app/web/${digits('web')}/${digits(`port ${port}`)}`,
    id: digits(`port ${port}`),
    port,
    protocol: 'HTTP',
    certificateArns: [],
    rules: [rule('default', forwardTo('one'))],
    ...changes,
  };
}

export function balancer(changes: Partial<LoadBalancerPlan> = {}): LoadBalancerPlan {
  return {
    arn: `${arn}:loadbalancer/app/web/${digits('web')}`,
    id: digits('web'),
    type: 'application',
    vpcId: 'vpc-1',
    nodes: [],
    listeners: [listener()],
    targetGroups: [group('one')],
    attributes: {
      idleTimeout: 60,
      clientKeepAlive: 3600,
      http2: true,
      dropInvalidHeaderFields: false,
      preserveHostHeader: false,
      xffClientPort: false,
      xffHeaderProcessing: 'append',
      tlsHeaders: false,
      crossZone: true,
      isLogged: false,
    },
    ...changes,
  };
}
