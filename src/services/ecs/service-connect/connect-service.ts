import type { ServiceConnectConfiguration } from '@aws-sdk/client-ecs';
import type { Reader, Transaction } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import {
  type DiscoveryNamespace,
  findDiscoveryNamespace,
  makeDiscoveryService,
} from '../../servicediscovery/index.ts';
import type { Scope } from '../arn.ts';
import type { EcsContext } from '../context.ts';
import { ecsRefusal, invalidParameter, unsupported } from '../errors.ts';
import {
  type ClusterRecord,
  type LaunchedType,
  type ServiceConnectAliasRecord,
  type ServiceConnectEndpointRecord,
  type ServiceConnectRecord,
  type ServiceRecord,
  type StoredTaskDefinition,
  services,
} from '../records.ts';
import { validateLogConfiguration } from '../task-definition/log-configuration-validation.ts';
import { type AskedEndpoint, readEndpoint } from './endpoint-input.ts';

/** What of a service decides on its Service Connect. */
export interface Connected {
  readonly cluster: ClusterRecord;
  readonly name: string;
  readonly definition: StoredTaskDefinition;
  readonly launchType: LaunchedType;
  /** Of the service as it is. */
  readonly before?: ServiceConnectRecord | undefined;
}

/**
 * What a service's Service Connect parameters mean, with a service in Cloud Map for each endpoint, made in the same
 * transaction. Changes of what others are told keep for the deployments to come (`aliasesOf`).
 * @returns undefined when it is not turned on.
 * @throws InvalidParameterException, NamespaceNotFoundException; UnsupportedFeatureException for what isn't built.
 */
export function connectService(
  tx: Transaction,
  ecs: EcsContext,
  call: Call,
  service: Connected,
  asked: ServiceConnectConfiguration | undefined,
): ServiceConnectRecord | undefined {
  if (asked?.enabled !== true) return undefined;
  refuseImpossible(service, asked);
  const namespace = namespaceOf(tx, call, service.cluster, asked.namespace);
  const wanted = (asked.services ?? []).map((each) => readEndpoint(each, service.definition, namespace.name));
  refuseTaken(tx, call, service, namespace, wanted);
  refuseOtherProtocol(service.before, wanted);
  const endpoints = wanted.map((endpoint): ServiceConnectEndpointRecord => {
    const place = { namespaceId: namespace.id, name: endpoint.discoveryName };
    const made = makeDiscoveryService(tx, call, { ...place, random: ecs.random, now: call.now });
    if ('reason' in made) throw invalidParameter(made.reason);
    return { ...endpoint, discoveryArn: made.arn };
  });
  const configuration = { ...structuredClone(asked), namespace: asked.namespace || namespace.arn };
  return { configuration, namespace, endpoints };
}

function refuseImpossible({ definition, launchType }: Connected, asked: ServiceConnectConfiguration): void {
  if (launchType === 'EXTERNAL')
    throw invalidParameter('The launch type EXTERNAL does not support Service Connect.');
  switch (definition.networkMode) {
    case 'awsvpc':
      break;
    case 'host':
    case 'none':
      throw invalidParameter(`Service Connect does not support the network mode ${definition.networkMode}.`);
    default:
      throw unsupported('Service Connect for tasks of the network mode bridge (awsvpc is)');
  }
  if ((asked.containerConfigurations ?? []).length > 0)
    throw unsupported('A log level of the Service Connect proxy (containerConfigurations)');
  const { logConfiguration, accessLogConfiguration } = asked;
  if (logConfiguration !== undefined) {
    validateLogConfiguration({ name: 'Service Connect' }, logConfiguration);
    if (logConfiguration.logDriver === 'awsfirelens')
      throw unsupported('FireLens for the Service Connect proxy');
    if ((logConfiguration.secretOptions ?? []).length > 0)
      throw unsupported('Secret options of the logConfiguration of Service Connect (secretOptions)');
  }
  if (accessLogConfiguration === undefined) return;
  if (logConfiguration === undefined)
    throw invalidParameter(
      'accessLogConfiguration needs a logConfiguration in the serviceConnectConfiguration.',
    );
  if (accessLogConfiguration.format !== 'TEXT' && accessLogConfiguration.format !== 'JSON')
    throw invalidParameter('The format of an accessLogConfiguration should be one of [TEXT,JSON].');
  const { includeQueryParameters = 'DISABLED' } = accessLogConfiguration;
  if (includeQueryParameters !== 'DISABLED' && includeQueryParameters !== 'ENABLED')
    throw invalidParameter('includeQueryParameters should be one of [DISABLED,ENABLED].');
}

/** @throws NamespaceNotFoundException, or InvalidParameterException when neither service nor cluster names one. */
function namespaceOf(
  reader: Reader,
  scope: Scope,
  { name, serviceConnectNamespace }: ClusterRecord,
  asked: string | undefined,
): DiscoveryNamespace {
  const wanted = asked || serviceConnectNamespace;
  if (wanted === undefined)
    throw invalidParameter(
      `A namespace is needed for Service Connect: the cluster ${name} has no default (serviceConnectDefaults).`,
    );
  const namespace = findDiscoveryNamespace(reader, scope, wanted);
  if (namespace !== undefined) return namespace;
  throw ecsRefusal('NamespaceNotFoundException', `The namespace ${wanted} was not found.`);
}

/** Names are unique in a namespace: of discovery, and of the alias with its port. */
function refuseTaken(
  reader: Reader,
  scope: Scope,
  { cluster, name }: Connected,
  namespace: DiscoveryNamespace,
  wanted: readonly AskedEndpoint[],
): void {
  const others = connectedServices(reader, scope, namespace.id)
    .filter((other) => other.cluster !== cluster.name || other.name !== name)
    .flatMap((other) => endpointsOf(other).map((endpoint) => ({ ...endpoint, service: other.name })));
  for (const [index, { discoveryName, dnsName, port }] of wanted.entries()) {
    const earlier = wanted.slice(0, index).map((endpoint) => ({ ...endpoint, service: name }));
    for (const other of [...earlier, ...others]) {
      if (other.discoveryName === discoveryName)
        throw invalidParameter(
          `The discoveryName ${discoveryName} is used by the service ${other.service} in the namespace ${namespace.name}.`,
        );
      if (other.dnsName === dnsName && other.port === port)
        throw invalidParameter(
          `The clientAlias ${dnsName}:${port} is used by the service ${other.service} in the namespace ${namespace.name}.`,
        );
    }
  }
}

/** Clients go by it as long as they run. */
function refuseOtherProtocol(
  before: ServiceConnectRecord | undefined,
  wanted: readonly AskedEndpoint[],
): void {
  for (const { discoveryName, protocol } of wanted) {
    const was = before?.endpoints.find((endpoint) => endpoint.discoveryName === discoveryName)?.protocol;
    if (was !== undefined && was !== protocol)
      throw invalidParameter(
        `The appProtocol of ${discoveryName} can not be changed from ${was} to ${protocol}: delete the service and create it again.`,
      );
  }
}

/** Those of a namespace that have not ended, in all clusters. */
export function connectedServices(
  reader: Reader,
  scope: Scope,
  namespaceId: string,
): readonly ServiceRecord[] {
  const within = `${scope.accountId}/${scope.region}/${namespaceId}`;
  return reader.byIndex(services, 'byServiceConnectNamespace', within).map(({ value }) => value);
}

/** Also those that older deployments still have, whose clients go on. */
function endpointsOf(service: ServiceRecord): readonly ServiceConnectEndpointRecord[] {
  const all = [service, ...service.deployments].flatMap(
    ({ serviceConnectConfiguration }) => serviceConnectConfiguration?.endpoints ?? [],
  );
  return [...new Map(all.map((endpoint) => [endpoint.discoveryName, endpoint])).values()];
}

/** The ARNs of Cloud Map's services for its endpoints, and of those that were there before. */
export function discoveryServicesOf(
  connect: ServiceConnectRecord | undefined,
  before: readonly string[] = [],
): readonly string[] | undefined {
  const all = new Set([...before, ...(connect?.endpoints ?? []).map(({ discoveryArn }) => discoveryArn)]);
  return all.size === 0 ? undefined : [...all];
}

/** The service whose new deployment knows the names that there are now. */
export function withAliases(reader: Reader, scope: Scope, service: ServiceRecord): ServiceRecord {
  const [primary, ...older] = service.deployments;
  if (primary === undefined || service.serviceConnectConfiguration === undefined) return service;
  return {
    ...service,
    deployments: [{ ...primary, serviceConnectAliases: aliasesOf(reader, scope, service) }, ...older],
  };
}

/**
 * The names that tasks of a deployment which begins now can look up: of all services in the namespace as they are, and
 * its own. They stay so for the deployment's tasks, those that replace others too (developer guide, "Service Connect
 * components"): who runs the clients decides when their configuration changes.
 */
function aliasesOf(
  reader: Reader,
  scope: Scope,
  service: ServiceRecord,
): readonly ServiceConnectAliasRecord[] {
  const { serviceConnectConfiguration: own } = service;
  if (own === undefined) return [];
  const others = connectedServices(reader, scope, own.namespace.id).filter(
    (other) =>
      other.status === 'ACTIVE' && (other.cluster !== service.cluster || other.name !== service.name),
  );
  return [own, ...others.flatMap((other) => other.serviceConnectConfiguration ?? [])]
    .filter(({ namespace }) => namespace.id === own.namespace.id)
    .flatMap(({ endpoints }) => endpoints)
    .map(
      ({ portName: _name, containerPort: _port, ingressPort: _ingress, discoveryArn: _arn, ...alias }) =>
        alias,
    )
    .sort((one, other) =>
      one.dnsName < other.dnsName ? -1 : one.dnsName > other.dnsName ? 1 : one.port - other.port,
    );
}
