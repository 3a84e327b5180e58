import type { ContainerDefinition } from '@aws-sdk/client-ecs';
import {
  type AcsAttachment,
  type AcsProxyListener,
  type AcsServiceConnectConfig,
  type AcsServiceConnectProxy,
  serviceConnectAttachment,
} from '../../../protocols/acs.ts';
import { attachmentArn, type Scope } from '../arn.ts';
import { given } from '../given.ts';
import type {
  DeploymentRecord,
  ServiceConnectAliasRecord,
  ServiceConnectRecord,
  TaskServiceConnectRecord,
} from '../records.ts';

/** Of a deployment: what its tasks' proxies do. */
export interface ProxyDuty {
  readonly connect: ServiceConnectRecord;
  readonly aliases: readonly ServiceConnectAliasRecord[];
}

export function proxyDutyOf(deployment: DeploymentRecord | undefined): ProxyDuty | undefined {
  const { serviceConnectConfiguration: connect, serviceConnectAliases: aliases = [] } = deployment ?? {};
  return connect && { connect, aliases };
}

/** The proxy as its task's definition would have it. */
export function proxyDefinition(
  { containerName }: TaskServiceConnectRecord,
  { connect }: ProxyDuty,
): ContainerDefinition {
  return { name: containerName, ...given('logConfiguration', connect.configuration.logConfiguration) };
}

/** The range of addresses that only lead to a task's own proxy. */
const egressCidr = '127.255.0.0/16';
const everyAddress = '0.0.0.0';

/** The attachment by which an agent is told of a task's proxy: the same every time for one deployment. */
export function serviceConnectOf(
  scope: Scope,
  { attachmentId, containerName }: TaskServiceConnectRecord,
  duty: ProxyDuty,
): AcsAttachment {
  const { type, ...names } = serviceConnectAttachment;
  return {
    attachmentArn: attachmentArn(scope, attachmentId),
    attachmentType: type,
    attachmentProperties: [
      { name: names.containerName, value: containerName },
      { name: names.config, value: JSON.stringify(surroundingsOf(duty)) },
      { name: names.proxy, value: JSON.stringify(proxyOf(duty)) },
    ],
  };
}

function surroundingsOf({ connect, aliases }: ProxyDuty): AcsServiceConnectConfig {
  const inbound = connect.endpoints.flatMap(({ discoveryName, ingressPort }) =>
    ingressPort === undefined
      ? []
      : [{ listenerName: `ingress-${discoveryName}`, listenerPort: ingressPort }],
  );
  return {
    egressConfig: { listenerName: 'egress', vip: { ipv4Cidr: egressCidr } },
    ...(inbound.length > 0 && { ingressConfig: inbound }),
    dnsConfig: [...addressesOf(aliases)].map(([hostName, address]) => ({ hostName, address })),
  };
}

function proxyOf({ connect, aliases }: ProxyDuty): AcsServiceConnectProxy {
  const addresses = addressesOf(aliases);
  const { accessLogConfiguration: log } = connect.configuration;
  return {
    namespace: connect.namespace.httpName,
    outbound: aliases.map((alias) => listenerOf(alias, addresses.get(alias.dnsName) ?? '', alias.port)),
    inbound: connect.endpoints.flatMap((endpoint) =>
      endpoint.ingressPort === undefined
        ? []
        : [
            {
              ...listenerOf(endpoint, everyAddress, endpoint.ingressPort),
              containerPort: endpoint.containerPort,
            },
          ],
    ),
    ...(log?.format !== undefined && {
      accessLog: {
        format: log.format === 'JSON' ? 'JSON' : 'TEXT',
        includesQueryParameters: log.includeQueryParameters === 'ENABLED',
      },
    }),
  };
}

/** One for each name, in the order of the names: 127.255.0.1, 127.255.0.2 … */
function addressesOf(aliases: readonly ServiceConnectAliasRecord[]): ReadonlyMap<string, string> {
  const names = [...new Set(aliases.map(({ dnsName }) => dnsName))];
  return new Map(
    names.map((name, index) => [name, `127.255.${Math.floor((index + 1) / 256)}.${(index + 1) % 256}`]),
  );
}

function listenerOf(
  { discoveryName, protocol, idleTimeoutSeconds, perRequestTimeoutSeconds }: ServiceConnectAliasRecord,
  address: string,
  port: number,
): AcsProxyListener {
  return {
    ...{ discoveryName, address, port, protocol, idleTimeoutSeconds },
    ...given('perRequestTimeoutSeconds', perRequestTimeoutSeconds),
  };
}
