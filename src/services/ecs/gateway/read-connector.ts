import type { GatewayConnector, GatewayConnectorHealthCheck } from '@aws-sdk/client-ecs';
import { invalidParameter, unsupported } from '../errors.ts';
import { given } from '../given.ts';
import type { ConnectorHealthCheckRecord, GatewayConnectorRecord } from '../records/gateway-connector.ts';
import type { StoredTaskDefinition } from '../records.ts';

/**
 * What a service says of how it joins gateways (Amazon ECS API reference, GatewayConnector). All throw
 * InvalidParameterException.
 * @returns undefined: it joins none.
 */
export function readConnector(
  asked: readonly GatewayConnector[] | undefined,
): GatewayConnectorRecord | undefined {
  const [connector, ...others] = asked ?? [];
  if (connector === undefined) return undefined;
  if (others.length > 0) throw invalidParameter('gatewayConnectors can have at most 1 item.');
  const { portName = '', healthCheck, filters } = connector;
  if (portName === '') throw invalidParameter('portName can not be blank in gatewayConnectors.');
  const accessTypes = filters?.accessTypes ?? [];
  const unknown = accessTypes.find((type) => type !== 'PUBLIC' && type !== 'PRIVATE');
  if (unknown !== undefined) throw invalidParameter('accessTypes should be one of [PUBLIC,PRIVATE].');
  return {
    portName,
    ...given('healthCheck', healthCheck && readHealthCheck(healthCheck)),
    ...(accessTypes.length > 0 && { accessTypes: [...new Set(accessTypes)] }),
  };
}

const maxPathLength = 1_024;

/** As Elastic Load Balancing has it of target groups. */
function readHealthCheck(asked: GatewayConnectorHealthCheck): ConnectorHealthCheckRecord {
  const { healthCheckProtocol, healthCheckPort, healthCheckPath, matcher } = asked;
  if (healthCheckProtocol !== undefined && healthCheckProtocol !== 'HTTP' && healthCheckProtocol !== 'HTTPS')
    throw invalidParameter('healthCheckProtocol should be one of [HTTP,HTTPS].');
  if (
    healthCheckPath !== undefined &&
    (!healthCheckPath.startsWith('/') ||
      healthCheckPath.length > maxPathLength ||
      /[\s\p{Cc}]/u.test(healthCheckPath))
  )
    throw invalidParameter('healthCheckPath must start with a forward slash and have no white space.');
  if (matcher?.grpcCode !== undefined) throw unsupported('grpcCode of a gateway connector’s health check');
  const httpCode = matcher?.httpCode;
  if (httpCode !== undefined && !/^\d{3}(-\d{3})?(,\d{3}(-\d{3})?)*$/.test(httpCode))
    throw invalidParameter('httpCode must be codes such as 200, 200,202 or 200-299.');
  const seconds = {
    ...number('healthCheckTimeoutSeconds', asked.healthCheckTimeoutSeconds, 2, 120),
    ...number('healthCheckIntervalSeconds', asked.healthCheckIntervalSeconds, 5, 300),
  };
  const { healthCheckTimeoutSeconds = 5, healthCheckIntervalSeconds = 30 } = seconds;
  if (healthCheckTimeoutSeconds >= healthCheckIntervalSeconds)
    throw invalidParameter('healthCheckTimeoutSeconds must be less than healthCheckIntervalSeconds.');
  return {
    ...given('healthCheckProtocol', healthCheckProtocol),
    ...number('healthCheckPort', healthCheckPort, 1, 65_535),
    ...given('healthCheckPath', healthCheckPath),
    ...seconds,
    ...number('healthyThresholdCount', asked.healthyThresholdCount, 2, 10),
    ...number('unhealthyThresholdCount', asked.unhealthyThresholdCount, 2, 10),
    ...(httpCode !== undefined && { matcher: { httpCode } }),
  };
}

function number<Name extends string>(
  name: Name,
  value: number | undefined,
  least: number,
  most: number,
): { readonly [N in Name]?: number } {
  if (value !== undefined && (!Number.isInteger(value) || value < least || value > most))
    throw invalidParameter(`${name} must be between ${least} and ${most}.`);
  return given(name, value);
}

/** A port of one of the definition's containers. */
export interface NamedPort {
  readonly containerName: string;
  readonly containerPort: number;
}

export function findNamedPort(definition: StoredTaskDefinition, portName: string): NamedPort | undefined {
  for (const { name: containerName = '', portMappings = [] } of definition.containerDefinitions) {
    const mapping = portMappings.find(({ name }) => name === portName);
    if (mapping?.containerPort !== undefined) return { containerName, containerPort: mapping.containerPort };
  }
  return undefined;
}

/** @throws InvalidParameterException a gateway can't lead there. */
export function requireNamedPort(definition: StoredTaskDefinition, portName: string): NamedPort {
  if (definition.networkMode !== 'awsvpc')
    throw invalidParameter('gatewayConnectors require a task definition with the awsvpc network mode.');
  const port = findNamedPort(definition, portName);
  if (port === undefined)
    throw invalidParameter(`The task definition has no port mapping with the name ${portName}.`);
  return port;
}
