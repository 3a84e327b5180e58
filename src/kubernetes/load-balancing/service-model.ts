import { selectsAll } from '../../label-selector.ts';
import type { Reader } from '../../reconcile/index.ts';
import { Annotations } from './annotations.ts';
import { type HealthCheckDefaults, readHealthCheck } from './health-check.ts';
import { ofServices } from './known-annotations.ts';
import { withAttributes } from './listener-attributes.ts';
import {
  awsName,
  ModelError,
  type WantedAddresses,
  type WantedBalancer,
  type WantedListener,
  type WantedTargetGroup,
} from './model.ts';
import { type BalancedService, nodeTargets, podTargets, portOfTargets } from './targets.ts';

const prefix = 'service.beta.kubernetes.io/aws-load-balancer-';

/** Classes of load balancers that are made here; a service of another class is somebody else's. */
const classes = ['service.k8s.aws/nlb', 'eks.amazonaws.com/nlb'];

/** Whether a service is to have a load balancer of this cluster's. */
export const isBalanced = ({ spec, metadata }: BalancedService): boolean =>
  metadata.deletionTimestamp === undefined &&
  spec.type === 'LoadBalancer' &&
  (spec.loadBalancerClass === undefined || classes.includes(spec.loadBalancerClass));

const healthCheckNames = {
  protocol: 'healthcheck-protocol',
  port: 'healthcheck-port',
  path: 'healthcheck-path',
  interval: 'healthcheck-interval',
  timeout: 'healthcheck-timeout',
  healthy: 'healthcheck-healthy-threshold',
  unhealthy: 'healthcheck-unhealthy-threshold',
  codes: 'healthcheck-success-codes',
} as const;

export interface ModelPlace {
  readonly clusterName: string;
  readonly reader: Reader;
  /** Of the object's record. */
  readonly key: string;
}

/**
 * The network load balancer of a Service (AWS Load Balancer Controller, "Network Load Balancer" and its annotations).
 * @throws {ModelError} annotations that say what can't be.
 */
export function serviceModel(service: BalancedService, place: ModelPlace): WantedBalancer {
  const annotations = new Annotations([prefix], [service.metadata.annotations]);
  annotations.refuse(ofServices.refused);
  annotations.oneOf('ip-address-type', ['ipv4']);
  // PrivateLink, whose traffic they could leave out, is not here.
  annotations.oneOf('inbound-sg-rules-on-private-link-traffic', ['on']);
  const { namespace = '', name, uid } = service.metadata;
  const scheme = schemeOf(service, annotations);
  const targetType = targetTypeOf(service, annotations);
  const ports = portsOf(service);
  if (ports.length === 0) throw new ModelError('a service of type LoadBalancer needs ports');
  const securityGroups = annotations.list('security-groups');
  const subnets = annotations.list('subnets');
  const addresses = addressesOf(annotations, scheme);
  const managesRules = annotations.flag('manage-backend-security-group-rules');
  const sources = securityGroups === undefined ? sourcesOf(service, annotations) : [];
  const balancerName =
    annotations.text('name') ?? awsName(namespace, name, [place.clusterName, uid, scheme, targetType]);
  const groups = ports.map((port) =>
    targetGroupOf(service, annotations, { ...place, balancerName, targetType, port }),
  );
  return {
    ...{ name: balancerName, type: 'network', scheme },
    ...(subnets !== undefined && { subnets }),
    ...(addresses !== undefined && { addresses }),
    ...(securityGroups !== undefined && { securityGroups }),
    reachesTargets: managesRules ?? securityGroups === undefined,
    attributes: attributesOf(annotations),
    tags: annotations.pairs('additional-resource-tags'),
    targetGroups: groups,
    listeners: withAttributes(
      annotations,
      ports.map((port, at) => ({ ...listenerOf(annotations, port, groups[at]?.name ?? ''), sources })),
    ),
  };
}

/** Who is let in: CIDRs and prefix lists; nobody says so: everybody. */
function sourcesOf({ spec, metadata }: BalancedService, annotations: Annotations): readonly string[] {
  const cidrs =
    spec.loadBalancerSourceRanges ??
    annotations.list('source-ranges') ??
    new Annotations(['service.beta.kubernetes.io/'], [metadata.annotations]).list(
      'load-balancer-source-ranges',
    ) ??
    [];
  const all = [...cidrs, ...(annotations.list('security-group-prefix-lists') ?? [])];
  return all.length > 0 ? all : ['0.0.0.0/0'];
}

/** @throws {ModelError} they are not of load balancers of that scheme. */
function addressesOf(
  annotations: Annotations,
  scheme: WantedBalancer['scheme'],
): WantedAddresses | undefined {
  const allocationIds = annotations.list('eip-allocations');
  const privateIpv4 = annotations.list('private-ipv4-addresses');
  if (allocationIds !== undefined) {
    if (scheme === 'internal')
      throw annotations.invalid('eip-allocations', 'they are for internet-facing load balancers');
    return { allocationIds };
  }
  if (privateIpv4 === undefined) return undefined;
  if (scheme === 'internet-facing')
    throw annotations.invalid('private-ipv4-addresses', 'they are for internal load balancers');
  return { privateIpv4 };
}

/** Those that have annotations of their own, and all others. */
function attributesOf(annotations: Annotations): WantedBalancer['attributes'] {
  const own = {
    'load_balancing.cross_zone.enabled': annotations.flag('cross-zone-load-balancing-enabled')?.toString(),
    'access_logs.s3.enabled': annotations.flag('access-log-enabled')?.toString(),
    'access_logs.s3.bucket': annotations.text('access-log-s3-bucket-name'),
    'access_logs.s3.prefix': annotations.text('access-log-s3-bucket-prefix'),
  };
  const given = Object.entries(own).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return { ...Object.fromEntries(given), ...annotations.pairs('attributes') };
}

/** One listener's: the same number of TCP and of UDP goes together. */
interface BalancedPort {
  readonly name?: string;
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP' | 'TCP_UDP';
  readonly nodePort?: number;
  readonly targetPort?: number | string;
}

function portsOf({ spec: { ports = [] } }: BalancedService): readonly BalancedPort[] {
  const byNumber = new Map<number, BalancedPort>();
  for (const { name, port, protocol = 'TCP', nodePort, targetPort } of ports) {
    if (protocol !== 'TCP' && protocol !== 'UDP')
      throw new ModelError(`protocol ${protocol} of port ${port} is none of a network load balancer`);
    const other = byNumber.get(port);
    byNumber.set(port, {
      ...{ port, protocol: other === undefined || other.protocol === protocol ? protocol : 'TCP_UDP' },
      ...(name !== undefined && { name }),
      ...(nodePort !== undefined && { nodePort }),
      ...(targetPort !== undefined && { targetPort }),
    });
  }
  return [...byNumber.values()];
}

/**
 * The controller's load balancers are internal unless an annotation says otherwise; those that upstream's own service controller makes,
 * which nobody asks by class or type, are not.
 */
function schemeOf({ spec }: BalancedService, annotations: Annotations): WantedBalancer['scheme'] {
  const scheme = annotations.oneOf('scheme', ['internal', 'internet-facing']);
  if (scheme !== undefined) return scheme;
  const internal = annotations.flag('internal');
  if (internal !== undefined) return internal ? 'internal' : 'internet-facing';
  const type = annotations.text('type');
  const isControllers = spec.loadBalancerClass !== undefined || (type !== undefined && type !== 'nlb');
  return isControllers ? 'internal' : 'internet-facing';
}

function targetTypeOf({ spec }: BalancedService, annotations: Annotations): 'ip' | 'instance' {
  const said = annotations.oneOf('nlb-target-type', ['ip', 'instance']);
  if (said !== undefined) return said;
  const type = annotations.oneOf('type', ['external', 'nlb', 'nlb-ip']);
  // The default of the controller, which the class and the type `external` name.
  const isInstance = type === 'external' || spec.loadBalancerClass === 'service.k8s.aws/nlb';
  return isInstance && spec.allocateLoadBalancerNodePorts !== false ? 'instance' : 'ip';
}

function targetGroupOf(
  service: BalancedService,
  annotations: Annotations,
  {
    balancerName,
    reader,
    key,
    targetType,
    port,
  }: ModelPlace & {
    readonly balancerName: string;
    readonly targetType: 'ip' | 'instance';
    readonly port: BalancedPort;
  },
): WantedTargetGroup {
  const { namespace = '', name, uid } = service.metadata;
  const isTls = annotations.oneOf('backend-protocol', ['tcp', 'ssl', 'tls', 'http', 'https']) === 'ssl';
  const protocol = isTls && port.protocol === 'TCP' ? 'TLS' : port.protocol;
  const { spec } = service;
  const isLocal = targetType === 'instance' && spec.externalTrafficPolicy === 'Local';
  const isByNode = isLocal && spec.healthCheckNodePort !== undefined;
  const defaults: HealthCheckDefaults = {
    HealthCheckProtocol: isByNode ? 'HTTP' : 'TCP',
    HealthCheckPort: isByNode ? String(spec.healthCheckNodePort) : 'traffic-port',
    HealthCheckIntervalSeconds: 10,
    HealthCheckTimeoutSeconds: isByNode ? 6 : 10,
    HealthyThresholdCount: isByNode ? 2 : 3,
    UnhealthyThresholdCount: isByNode ? 2 : 3,
    path: isByNode ? '/healthz' : '/',
    codes: '200-399',
  };
  const healthCheck = readHealthCheck(annotations, healthCheckNames, defaults, (portName) =>
    portOfTargets(service, targetType, portName),
  );
  if (targetType === 'instance' && port.nodePort === undefined)
    throw new ModelError(
      `TargetGroup type instance needs a node port for port ${port.port}: set ${prefix}nlb-target-type to ip, or allocateLoadBalancerNodePorts to true`,
    );
  // A target group is sent to by one load balancer alone: another one's are others.
  const groupName = awsName(namespace, name, [balancerName, uid, String(port.port), protocol, targetType]);
  const servicePort = {
    ...{ port: port.port, protocol: port.protocol === 'UDP' ? 'UDP' : 'TCP' },
    ...(port.name !== undefined && { name: port.name }),
  };
  const targets =
    targetType === 'instance'
      ? nodeTargets(reader, key, port.nodePort ?? 0, selectsAll(annotations.pairs('target-node-labels')))
      : podTargets(reader, key, servicePort, groupName);
  const isProxied =
    annotations.text('proxy-protocol') === '*' ||
    annotations.list('proxy-protocol-per-target-group')?.includes(String(port.port));
  return {
    ...{ name: groupName, serviceKey: key, protocol, targetType, healthCheck, targets },
    port: groupPort(targetType === 'instance' ? port.nodePort : port.targetPort),
    attributes: {
      ...(isProxied && { 'proxy_protocol_v2.enabled': 'true' }),
      ...annotations.pairs('target-group-attributes'),
    },
  };
}

/** Each target says its own: a group's is only what it was made with. */
const groupPort = (port: number | string | undefined): number => (typeof port === 'number' ? port : 1);

function listenerOf(
  annotations: Annotations,
  { name, port, protocol }: BalancedPort,
  targetGroup: string,
): Omit<WantedListener, 'attributes' | 'sources'> {
  const certificates = annotations.list('ssl-cert') ?? [];
  const sslPorts = annotations.list('ssl-ports') ?? ['*'];
  const isTls =
    certificates.length > 0 &&
    protocol === 'TCP' &&
    sslPorts.some((each) => each === '*' || each === String(port) || each === name);
  const sslPolicy = annotations.text('ssl-negotiation-policy');
  const alpnPolicy = annotations.text('alpn-policy');
  return {
    ...{ port, protocol: isTls ? 'TLS' : protocol, certificates: isTls ? certificates : [] },
    ...(isTls && sslPolicy !== undefined && { sslPolicy }),
    ...(isTls && alpnPolicy !== undefined && { alpnPolicy }),
    action: { type: 'forward', to: [{ targetGroup, weight: 1 }] },
    rules: [],
  };
}
