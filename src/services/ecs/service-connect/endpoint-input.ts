import type { PortMapping, ServiceConnectService } from '@aws-sdk/client-ecs';
import { invalidParameter, unsupported } from '../errors.ts';
import { given } from '../given.ts';
import type { ServiceConnectEndpointRecord, StoredTaskDefinition } from '../records.ts';
import { maxInteger } from '../task-definition/field-rules.ts';

/** What a service of Service Connect asks for; its place in Cloud Map follows. */
export type AskedEndpoint = Omit<ServiceConnectEndpointRecord, 'discoveryArn'>;

const namePattern = /^[a-z0-9_][a-z0-9_-]{0,63}$/;
const dnsNamePattern = /^[a-z0-9_.][a-z0-9_.-]{0,126}$/;
const highestPort = 65_535;
const defaultIdleSeconds = { tcp: 3_600, others: 300 } as const;
const defaultPerRequestSeconds = 15;

/**
 * Against the port mappings of its task definition (Amazon ECS API reference, ServiceConnectService).
 * @throws InvalidParameterException; UnsupportedFeatureException for what isn't built.
 */
export function readEndpoint(
  asked: ServiceConnectService,
  definition: StoredTaskDefinition,
  namespaceName: string,
): AskedEndpoint {
  const { portName = '', discoveryName = portName, clientAliases = [], ingressPortOverride } = asked;
  if (asked.tls !== undefined)
    throw unsupported('TLS between services (the parameter tls of Service Connect)');
  const mapping = namedMapping(definition, portName);
  const { containerPort, protocol } = placeOf(mapping, portName);
  if (!namePattern.test(discoveryName))
    throw invalidParameter(
      `discoveryName ${discoveryName} is invalid: up to 64 lowercase letters, numbers, underscores and hyphens, not starting with a hyphen.`,
    );
  const [alias, ...others] = clientAliases;
  if (alias === undefined || others.length > 0)
    throw invalidParameter(`The service of portName ${portName} must have exactly one clientAlias.`);
  if (alias.testTrafficRules !== undefined)
    throw unsupported('Test traffic of blue/green deployments (the parameter testTrafficRules)');
  const { dnsName = `${discoveryName}.${namespaceName}`.toLowerCase() } = alias;
  if (!dnsNamePattern.test(dnsName))
    throw invalidParameter(
      `dnsName ${dnsName} is invalid: up to 127 lowercase letters, numbers, underscores, hyphens and periods, not starting with a hyphen.`,
    );
  return {
    ...{ portName, discoveryName, dnsName, containerPort, protocol },
    port: readPort('The port of a clientAlias', alias.port),
    ...given('ingressPort', readIngressPort(definition, ingressPortOverride)),
    ...readTimeouts(protocol, asked.timeout),
  };
}

function namedMapping(definition: StoredTaskDefinition, portName: string): PortMapping {
  const mappings = definition.containerDefinitions.flatMap(({ portMappings = [] }) => portMappings);
  const mapping = mappings.find(({ name }) => name !== undefined && name === portName);
  if (mapping !== undefined) return mapping;
  throw invalidParameter(
    `portName(${portName}) does not refer to any named PortMapping in the Task Definition.`,
  );
}

function placeOf(
  { containerPort, protocol = 'tcp', appProtocol }: PortMapping,
  portName: string,
): Pick<AskedEndpoint, 'containerPort' | 'protocol'> {
  if (protocol !== 'tcp')
    throw invalidParameter(
      `The port mapping ${portName} has the protocol ${protocol}: Service Connect supports tcp.`,
    );
  if (containerPort === undefined)
    throw invalidParameter(`The port mapping ${portName} is a range: Service Connect needs a single port.`);
  return { containerPort, protocol: appProtocol ?? 'tcp' };
}

/** It must be free: the proxy shares the network namespace of the containers. */
function readIngressPort(definition: StoredTaskDefinition, port: number | undefined): number | undefined {
  if (port === undefined) return undefined;
  readPort('ingressPortOverride', port);
  const taken = definition.containerDefinitions
    .flatMap(({ portMappings = [] }) => portMappings)
    .some(({ containerPort }) => containerPort === port);
  if (taken)
    throw invalidParameter(`ingressPortOverride ${port} is a container port of the task definition.`);
  return port;
}

function readTimeouts(
  protocol: AskedEndpoint['protocol'],
  { idleTimeoutSeconds, perRequestTimeoutSeconds }: NonNullable<ServiceConnectService['timeout']> = {},
): Pick<AskedEndpoint, 'idleTimeoutSeconds' | 'perRequestTimeoutSeconds'> {
  const isTcp = protocol === 'tcp';
  if (isTcp && perRequestTimeoutSeconds !== undefined)
    throw invalidParameter('perRequestTimeoutSeconds can only be set if the appProtocol is not TCP.');
  const idle = isTcp ? defaultIdleSeconds.tcp : defaultIdleSeconds.others;
  return {
    idleTimeoutSeconds: readSeconds('idleTimeoutSeconds', idleTimeoutSeconds) ?? idle,
    ...(!isTcp && {
      perRequestTimeoutSeconds:
        readSeconds('perRequestTimeoutSeconds', perRequestTimeoutSeconds) ?? defaultPerRequestSeconds,
    }),
  };
}

function readSeconds(name: string, value: number | undefined): number | undefined {
  if (value === undefined || (Number.isInteger(value) && value >= 0 && value <= maxInteger)) return value;
  throw invalidParameter(`${name} must be between 0 and ${maxInteger}.`);
}

function readPort(what: string, port: number | undefined): number {
  if (port !== undefined && Number.isInteger(port) && port >= 1 && port <= highestPort) return port;
  throw invalidParameter(`${what} must be between 1 and ${highestPort}.`);
}
