import type { Reader } from '../../reconcile/index.ts';
import { services, siblingKey } from '../controllers/collections.ts';
import { Annotations } from './annotations.ts';
import { readHealthCheck } from './health-check.ts';
import { readAction, readConditions, readTransforms } from './ingress-actions.ts';
import { annotationPrefix, type Ingress, type IngressBackend, isByAnnotation } from './ingress-objects.ts';
import { inOrder, pathConditions, together } from './ingress-paths.ts';
import {
  awsName,
  ModelError,
  type WantedAction,
  type WantedBalancer,
  type WantedListener,
  type WantedRule,
  type WantedTargetGroup,
} from './model.ts';
import { type BalancedService, type BalancedServicePort, nodeTargets, podTargets } from './targets.ts';

/** An Ingress of a group, with its record's key. */
export interface Member {
  readonly key: string;
  readonly ingress: Ingress;
}

const healthCheckNames = {
  protocol: 'healthcheck-protocol',
  port: 'healthcheck-port',
  path: 'healthcheck-path',
  interval: 'healthcheck-interval-seconds',
  timeout: 'healthcheck-timeout-seconds',
  healthy: 'healthy-threshold-count',
  unhealthy: 'unhealthy-threshold-count',
  codes: 'success-codes',
} as const;

/** What no rule takes, where the Ingress has no default backend: as the controller answers it. */
const nothingHere: WantedAction = { type: 'fixed-response', StatusCode: '404', ContentType: 'text/plain' };

const noBackend = (what: string): WantedAction => ({
  ...{ type: 'fixed-response', StatusCode: '503', ContentType: 'text/plain' },
  MessageBody: `Backend ${what} does not exist`,
});

/** What there is of it, by name, is somebody else's. */
const unsupported = ['wafv2-acl-arn', 'waf-acl-id', 'shield-advanced-protection', 'ipam-ipv4-pool-id'];

const annotationsOf = ({ metadata }: Ingress): Annotations =>
  new Annotations([annotationPrefix], [metadata.annotations]);

/** Which group an Ingress is of: those of one group share a load balancer. */
export const groupOf = (ingress: Ingress): string =>
  annotationsOf(ingress).text('group.name') ?? `${ingress.metadata.namespace}/${ingress.metadata.name}`;

/**
 * The application load balancer of the Ingresses of a group (AWS Load Balancer Controller, "Ingress annotations").
 * @param members All of the group, in any order; one at least.
 * @throws {ModelError} annotations that say what can't be.
 */
export function ingressModel(
  members: readonly Member[],
  place: { readonly clusterName: string; readonly reader: Reader },
): WantedBalancer {
  const ordered = inGroupOrder(members);
  const [first] = ordered;
  if (first === undefined) throw new Error('A group of Ingresses has one at least');
  const { namespace = '', name } = first.ingress.metadata;
  const all = new Annotations(
    [annotationPrefix],
    ordered.map(({ ingress }) => ingress.metadata.annotations),
  );
  for (const each of unsupported)
    if (all.text(each) !== undefined) throw all.invalid(each, 'it is not supported');
  const scheme = all.oneOf('scheme', ['internal', 'internet-facing']) ?? 'internal';
  const group = all.text('group.name');
  const hashed = [place.clusterName, group ?? `${namespace}/${name}`, scheme];
  const balancerName =
    all.text('load-balancer-name') ??
    (group === undefined ? awsName(namespace, name, hashed) : awsName(group, '', hashed).replace('--', '-'));
  const groups = new Map<string, WantedTargetGroup>();
  const listeners = new Map<number, { listener: WantedListener; rules: WantedRule[] }>();
  for (const member of ordered) addMember(member, { ...place, balancerName, groups, listeners });
  const subnets = all.list('subnets');
  const securityGroups = all.list('security-groups');
  const tags = Object.assign({}, ...ordered.map(({ ingress }) => annotationsOf(ingress).pairs('tags')));
  return {
    ...{ name: balancerName, type: 'application', scheme },
    ...(subnets !== undefined && { subnets }),
    ...(securityGroups !== undefined && { securityGroups }),
    sourceRanges: all.list('inbound-cidrs') ?? ['0.0.0.0/0'],
    ...{ attributes: all.pairs('load-balancer-attributes'), tags },
    targetGroups: [...groups.values()],
    listeners: [...listeners.values()].map(({ listener, rules }) => ({ ...listener, rules })),
  };
}

/** "group.order": lower first, then by namespace and name. @throws {ModelError} */
function inGroupOrder(members: readonly Member[]): readonly Member[] {
  const placed = members.map((member) => {
    const { namespace, name } = member.ingress.metadata;
    const order = annotationsOf(member.ingress).integer('group.order') ?? 0;
    return { member, order, name: `${namespace}/${name}` };
  });
  const byName = (one: string, other: string): number => (one < other ? -1 : 1);
  return placed
    .sort((one, other) => one.order - other.order || byName(one.name, other.name))
    .map(({ member }) => member);
}

interface Building {
  readonly reader: Reader;
  readonly balancerName: string;
  readonly groups: Map<string, WantedTargetGroup>;
  readonly listeners: Map<number, { listener: WantedListener; rules: WantedRule[] }>;
}

function addMember(member: Member, building: Building): void {
  const { ingress } = member;
  const annotations = annotationsOf(ingress);
  const auth = annotations.text('auth-type');
  if (auth !== undefined && auth !== 'none')
    throw annotations.invalid('auth-type', `${auth} is not supported`);
  const certificates = annotations.list('certificate-arn') ?? [];
  const sslPolicy = annotations.text('ssl-policy');
  const redirectTo = annotations.integer('ssl-redirect');
  const hosts = hostsOf(ingress);
  const ports = listenPorts(annotations, certificates.length > 0);
  if (
    redirectTo !== undefined &&
    !ports.some(({ port, protocol }) => port === redirectTo && protocol === 'HTTPS')
  )
    throw annotations.invalid('ssl-redirect', `there is no HTTPS listener at port ${redirectTo}`);
  const rules = rulesOf(member, annotations, building);
  const action =
    ingress.spec.defaultBackend && backendAction(member, annotations, ingress.spec.defaultBackend, building);
  for (const { port, protocol } of ports) {
    const isDiscovered = protocol === 'HTTPS' && certificates.length === 0;
    if (isDiscovered && hosts.length === 0)
      throw new ModelError(
        `no certificate found for host: *; name it by ${annotationPrefix}certificate-arn, or hosts by tls`,
      );
    const isRedirect = redirectTo !== undefined && protocol === 'HTTP';
    const redirect: WantedAction = {
      ...{ type: 'redirect', StatusCode: 'HTTP_301', Protocol: 'HTTPS', Port: String(redirectTo) },
    };
    const found = building.listeners.get(port);
    if (found !== undefined && found.listener.protocol !== protocol)
      throw new ModelError(`conflicting protocol, port: ${port}`);
    const before = found?.listener;
    const own = isRedirect ? redirect : action;
    building.listeners.set(port, {
      listener: {
        ...{ port, protocol, rules: [] },
        action: before === undefined || before.action === nothingHere ? (own ?? nothingHere) : before.action,
        certificates:
          protocol === 'HTTPS' ? [...new Set([...(before?.certificates ?? []), ...certificates])] : [],
        ...(isDiscovered
          ? { hosts: [...new Set([...(before?.hosts ?? []), ...hosts])] }
          : before?.hosts && { hosts: before.hosts }),
        ...(protocol === 'HTTPS' && sslPolicy !== undefined && { sslPolicy }),
      },
      rules: [...(found?.rules ?? []), ...(isRedirect ? [] : rules)],
    });
  }
}

const hostsOf = ({ spec }: Ingress): readonly string[] => [
  ...new Set([
    ...(spec.tls ?? []).flatMap(({ hosts = [] }) => hosts),
    ...(spec.rules ?? []).flatMap(({ host }) => host ?? []),
  ]),
];

/** "listen-ports": `[{"HTTP": 80}, {"HTTPS": 443}]`. @throws {ModelError} */
function listenPorts(
  annotations: Annotations,
  hasCertificate: boolean,
): readonly { readonly port: number; readonly protocol: 'HTTP' | 'HTTPS' }[] {
  const said = annotations.json('listen-ports');
  if (said === undefined)
    return hasCertificate ? [{ port: 443, protocol: 'HTTPS' }] : [{ port: 80, protocol: 'HTTP' }];
  const bad = annotations.invalid(
    'listen-ports',
    'a list such as [{"HTTP": 80}, {"HTTPS": 443}] is expected',
  );
  if (!Array.isArray(said) || said.length === 0) throw bad;
  return said.flatMap((each: unknown) => {
    if (typeof each !== 'object' || each === null) throw bad;
    return Object.entries(each).map(([protocol, port]) => {
      if (protocol !== 'HTTP' && protocol !== 'HTTPS') throw bad;
      if (!Number.isInteger(port) || port < 1 || port > 65_535) throw bad;
      return { port: Number(port), protocol };
    });
  });
}

function rulesOf(member: Member, annotations: Annotations, building: Building): readonly WantedRule[] {
  return (member.ingress.spec.rules ?? []).flatMap(({ host, http }) =>
    inOrder(http?.paths ?? []).map((path): WantedRule => {
      const name = path.backend.service?.name ?? '';
      const conditions = together([
        ...(host === undefined || host === '' ? [] : [{ field: 'host-header' as const, values: [host] }]),
        ...pathConditions(path, annotations.flag('use-regex-path-match') ?? false),
        ...readConditions(annotations, name),
      ]);
      return {
        // Every rule has a condition.
        conditions: conditions.length > 0 ? conditions : [{ field: 'path-pattern', values: ['/*'] }],
        action: backendAction(member, annotations, path.backend, building),
        transforms: readTransforms(annotations, name),
      };
    }),
  );
}

function backendAction(
  member: Member,
  annotations: Annotations,
  backend: IngressBackend,
  building: Building,
): WantedAction {
  const { service } = backend;
  if (service === undefined) throw new ModelError('an Ingress backend that is no service is not supported');
  if (!isByAnnotation(backend)) {
    const port = service.port?.number ?? service.port?.name ?? '';
    return forward(member, [{ serviceName: service.name, servicePort: port, weight: 1 }], building);
  }
  const said = readAction(annotations, service.name);
  return said.type === 'forward' ? forward(member, said.to, building) : said;
}

function forward(
  member: Member,
  backends: readonly {
    readonly serviceName: string;
    readonly servicePort: string | number;
    readonly weight: number;
  }[],
  building: Building,
): WantedAction {
  const to: { readonly targetGroup: string; readonly weight: number }[] = [];
  for (const { serviceName, servicePort, weight } of backends) {
    const group = targetGroupOf(member, serviceName, servicePort, building);
    if (typeof group === 'string') return noBackend(group);
    building.groups.set(group.name, group);
    to.push({ targetGroup: group.name, weight });
  }
  return { type: 'forward', to };
}

/** @returns what there is not, in a word. */
function targetGroupOf(
  { key, ingress }: Member,
  serviceName: string,
  servicePort: string | number,
  { reader, balancerName }: Building,
): WantedTargetGroup | 'service' | 'service port' {
  const serviceKey = siblingKey(key, services, serviceName);
  const service: BalancedService | undefined = reader.get(services, serviceKey);
  if (service === undefined) return 'service';
  const ports: readonly BalancedServicePort[] = service.spec.ports ?? [];
  const port = ports.find((each) => each.name === servicePort || String(each.port) === String(servicePort));
  if (port === undefined) return 'service port';
  const annotations = new Annotations(
    [annotationPrefix],
    [service.metadata.annotations, ingress.metadata.annotations],
  );
  const targetType = annotations.oneOf('target-type', ['instance', 'ip']) ?? 'instance';
  if (targetType === 'instance' && port.nodePort === undefined)
    throw new ModelError(
      `service type must be either 'NodePort' or 'LoadBalancer' when using TargetType instance: set ${annotationPrefix}target-type to ip, or the type of ${serviceName}`,
    );
  const protocol = annotations.oneOf('backend-protocol', ['HTTP', 'HTTPS']) ?? 'HTTP';
  const version = annotations.oneOf('backend-protocol-version', ['HTTP1', 'HTTP2', 'GRPC']) ?? 'HTTP1';
  const isGrpc = version === 'GRPC';
  const { namespace = '' } = ingress.metadata;
  // A target group is sent to by one load balancer alone: another one's are others.
  const name = awsName(namespace, serviceName, [
    ...[balancerName, service.metadata.uid, String(port.port), protocol, version, targetType],
  ]);
  return {
    ...{ name, serviceKey, protocol, protocolVersion: version, targetType },
    port: typeof port.targetPort === 'number' && targetType === 'ip' ? port.targetPort : (port.nodePort ?? 1),
    healthCheck: readHealthCheck(annotations, healthCheckNames, {
      ...{ HealthCheckProtocol: protocol, HealthCheckPort: 'traffic-port' },
      ...{ HealthCheckIntervalSeconds: 15, HealthCheckTimeoutSeconds: 5 },
      ...{ HealthyThresholdCount: 2, UnhealthyThresholdCount: 2 },
      ...{ path: isGrpc ? '/AWS.ALB/healthcheck' : '/', codes: isGrpc ? '12' : '200' },
    }),
    attributes: annotations.pairs('target-group-attributes'),
    targets:
      targetType === 'instance'
        ? nodeTargets(reader, key, port.nodePort ?? 0)
        : podTargets(reader, serviceKey, port, name),
  };
}
