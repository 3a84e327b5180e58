import { selectsAll } from '../../label-selector.ts';
import type { Reader } from '../../reconcile/index.ts';
import { services, siblingKey } from '../controllers/collections.ts';
import { Annotations } from './annotations.ts';
import { type HealthCheckDefaults, readHealthCheck } from './health-check.ts';
import { type NamedBackend, readAction, readConditions, readTransforms } from './ingress-actions.ts';
import { readGuard } from './ingress-guards.ts';
import { annotationPrefix, type Ingress, type IngressBackend, isByAnnotation } from './ingress-objects.ts';
import { inOrder, pathConditions, together } from './ingress-paths.ts';
import { ofIngresses } from './known-annotations.ts';
import { withAttributes } from './listener-attributes.ts';
import {
  awsName,
  type Guarded,
  ModelError,
  type WantedAction,
  type WantedBalancer,
  type WantedListener,
  type WantedRule,
  type WantedTargetGroup,
} from './model.ts';
import {
  type BalancedService,
  type BalancedServicePort,
  nodeTargets,
  podTargets,
  portOfTargets,
} from './targets.ts';

/** An Ingress of a group, as the parameters of its class make it, with its record's key. */
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
  all.refuse(ofIngresses.refused);
  all.oneOf('ip-address-type', ['ipv4']);
  const scheme = all.oneOf('scheme', ['internal', 'internet-facing']) ?? 'internal';
  const group = all.text('group.name');
  const hashed = [place.clusterName, group ?? `${namespace}/${name}`, scheme];
  const balancerName =
    all.text('load-balancer-name') ??
    (group === undefined ? awsName(namespace, name, hashed) : awsName(group, '', hashed).replace('--', '-'));
  const groups = new Map<string, WantedTargetGroup>();
  const listeners: Building['listeners'] = new Map();
  const redirectTo = all.integer('ssl-redirect');
  const building = {
    ...place,
    balancerName,
    groups,
    listeners,
    ...(redirectTo !== undefined && { redirectTo }),
  };
  for (const member of ordered) addMember(member, building);
  if (redirectTo !== undefined && listeners.get(redirectTo)?.listener.protocol !== 'HTTPS')
    throw all.invalid('ssl-redirect', `there is no HTTPS listener at port ${redirectTo}`);
  const subnets = all.list('subnets');
  const securityGroups = all.list('security-groups');
  const tags = Object.assign({}, ...ordered.map(({ ingress }) => annotationsOf(ingress).pairs('tags')));
  return {
    ...{ name: balancerName, type: 'application', scheme },
    ...(subnets !== undefined && { subnets }),
    ...(securityGroups !== undefined && { securityGroups }),
    reachesTargets: securityGroups === undefined || all.flag('manage-backend-security-group-rules') === true,
    ...{ attributes: all.pairs('load-balancer-attributes'), tags },
    targetGroups: [...groups.values()],
    listeners: withAttributes(
      all,
      [...listeners.values()].map(({ listener, rules }) => ({
        ...{ ...listener, rules },
        sources: securityGroups === undefined ? sourcesOf(listener) : [],
      })),
    ),
  };
}

/** Nobody says who is let in: everybody is. */
const sourcesOf = ({ sources }: MergedListener): readonly string[] =>
  sources.length > 0 ? sources : ['0.0.0.0/0'];

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

/** What the Ingresses of a group say together of a port. */
type MergedListener = Omit<WantedListener, 'attributes'>;

interface Building {
  readonly reader: Reader;
  readonly balancerName: string;
  /** The port to which all HTTP listeners redirect. */
  readonly redirectTo?: number;
  readonly groups: Map<string, WantedTargetGroup>;
  readonly listeners: Map<number, { listener: MergedListener; rules: WantedRule[] }>;
}

function addMember(member: Member, building: Building): void {
  const { ingress } = member;
  const annotations = annotationsOf(ingress);
  const certificates = annotations.list('certificate-arn') ?? [];
  const sslPolicy = annotations.text('ssl-policy');
  const { redirectTo } = building;
  const sources = [
    ...(annotations.list('inbound-cidrs') ?? []),
    ...(annotations.list('security-group-prefix-lists') ?? []),
  ];
  const hosts = hostsOf(ingress);
  const ports = listenPorts(annotations, certificates.length > 0);
  const rules = rulesOf(member, annotations, building);
  const byDefault =
    ingress.spec.defaultBackend && guarded(member, annotations, ingress.spec.defaultBackend, building);
  if (
    !ports.some(({ protocol }) => protocol === 'HTTPS') &&
    [byDefault, ...rules].some((each) => each?.guard)
  )
    throw new ModelError('auth-type and jwt-validation need an HTTPS listener: see listen-ports');
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
    const own = isRedirect ? { action: redirect } : byDefault && onListener(protocol, byDefault);
    building.listeners.set(port, {
      listener: {
        ...{ port, protocol, rules: [] },
        ...(before === undefined || before.action === nothingHere
          ? (own ?? { action: nothingHere })
          : { action: before.action, ...(before.guard && { guard: before.guard }) }),
        certificates:
          protocol === 'HTTPS' ? [...new Set([...(before?.certificates ?? []), ...certificates])] : [],
        ...(isDiscovered
          ? { hosts: [...new Set([...(before?.hosts ?? []), ...hosts])] }
          : before?.hosts && { hosts: before.hosts }),
        ...(protocol === 'HTTPS' && sslPolicy !== undefined && { sslPolicy }),
        sources: [...new Set([...(before?.sources ?? []), ...sources])],
      },
      rules: [
        ...(found?.rules ?? []),
        ...(isRedirect ? [] : rules.map((rule) => onListener(protocol, rule))),
      ],
    });
  }
}

/** As the controller does it: who comes without TLS is asked for nothing. */
function onListener<T extends Guarded>(protocol: 'HTTP' | 'HTTPS', rule: T): T | Omit<T, 'guard'> {
  if (protocol === 'HTTPS') return rule;
  const { guard: _, ...open } = rule;
  return open;
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
        ...guarded(member, annotations, path.backend, building),
        transforms: readTransforms(annotations, name),
      };
    }),
  );
}

function guarded(
  member: Member,
  annotations: Annotations,
  backend: IngressBackend,
  building: Building,
): Guarded {
  const { service } = backend;
  if (service === undefined) throw new ModelError('an Ingress backend that is no service is not supported');
  const servicePort = service.port?.number ?? service.port?.name ?? '';
  const said = isByAnnotation(backend)
    ? readAction(annotations, service.name)
    : { type: 'forward' as const, to: [{ serviceName: service.name, servicePort, weight: 1 }] };
  const [only, ...others] = said.type === 'forward' ? said.to : [];
  const isOfService = only !== undefined && 'serviceName' in only && others.length === 0;
  const own = isOfService ? serviceOf(member, only.serviceName, building) : undefined;
  const guard = readGuard(
    new Annotations([annotationPrefix], [own?.metadata.annotations, member.ingress.metadata.annotations]),
    member.key,
  );
  const action = said.type === 'forward' ? forward(member, said, building) : said;
  return { action, ...(guard !== undefined && { guard }) };
}

function forward(
  member: Member,
  said: { readonly to: readonly NamedBackend[]; readonly stickinessSeconds?: number },
  building: Building,
): WantedAction {
  const to: { readonly targetGroup: string; readonly weight: number }[] = [];
  for (const backend of said.to) {
    const { weight } = backend;
    if ('targetGroup' in backend) {
      to.push({ targetGroup: backend.targetGroup, weight });
      continue;
    }
    const group = targetGroupOf(member, backend.serviceName, backend.servicePort, building);
    if (typeof group === 'string') return noBackend(group);
    building.groups.set(group.name, group);
    to.push({ targetGroup: group.name, weight });
  }
  return { ...said, type: 'forward', to };
}

const serviceOf = (
  { key }: Member,
  name: string,
  { reader }: Pick<Building, 'reader'>,
): BalancedService | undefined => reader.get(services, siblingKey(key, services, name));

/** @returns what there is not, in a word. */
function targetGroupOf(
  member: Member,
  serviceName: string,
  servicePort: string | number,
  { reader, balancerName }: Building,
): WantedTargetGroup | 'service' | 'service port' {
  const { key, ingress } = member;
  const serviceKey = siblingKey(key, services, serviceName);
  const service = serviceOf(member, serviceName, { reader });
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
  const defaults: HealthCheckDefaults = {
    ...{ HealthCheckProtocol: protocol, HealthCheckPort: 'traffic-port' },
    ...{ HealthCheckIntervalSeconds: 15, HealthCheckTimeoutSeconds: 5 },
    ...{ HealthyThresholdCount: 2, UnhealthyThresholdCount: 2 },
    ...{ path: isGrpc ? '/AWS.ALB/healthcheck' : '/', codes: isGrpc ? '12' : '200' },
  };
  // A target group is sent to by one load balancer alone: another one's are others.
  const name = awsName(namespace, serviceName, [
    ...[balancerName, service.metadata.uid, String(port.port), protocol, version, targetType],
  ]);
  return {
    ...{ name, serviceKey, protocol, protocolVersion: version, targetType },
    port: typeof port.targetPort === 'number' && targetType === 'ip' ? port.targetPort : (port.nodePort ?? 1),
    healthCheck: readHealthCheck(annotations, healthCheckNames, defaults, (portName) =>
      portOfTargets(service, targetType, portName),
    ),
    attributes: annotations.pairs('target-group-attributes'),
    targets:
      targetType === 'instance'
        ? nodeTargets(reader, key, port.nodePort ?? 0, selectsAll(annotations.pairs('target-node-labels')))
        : podTargets(reader, serviceKey, port, name),
  };
}
