import { isIPv4 } from 'node:net';
import {
  type AcsProxyListener,
  type AcsServiceConnectProxy,
  type AcsTask,
  serviceConnectAttachment,
} from '../../protocols/index.ts';
import { given, MalformedError, parseJson, Reader } from '../reading.ts';

/** Service Connect in a task: which of its containers is the proxy, what that does, and the names that lead to it. */
export interface ProxyPlan extends AcsServiceConnectProxy {
  readonly containerName: string;
  readonly hosts: readonly { readonly hostname: string; readonly ipAddress: string }[];
}

/**
 * What the task's attachment says of Service Connect; undefined: it has none.
 * @throws {MalformedError} it does not fit, or is for a network mode without a namespace for the whole task.
 */
export function proxyPlanOf({ attachments = [], networkMode, containers }: AcsTask): ProxyPlan | undefined {
  const attachment = attachments.find(
    ({ attachmentType }) => attachmentType === serviceConnectAttachment.type,
  );
  if (attachment === undefined) return undefined;
  const property = (wanted: string): string => {
    const found = attachment.attachmentProperties.find(({ name }) => name === wanted);
    if (found === undefined) throw new MalformedError(`Service Connect's attachment has no ${wanted}`);
    return found.value;
  };
  const containerName = property(serviceConnectAttachment.containerName);
  if (!containers.some(({ name }) => name === containerName))
    throw new MalformedError(`Service Connect's container '${containerName}' is not in the task`);
  if (networkMode !== 'awsvpc')
    throw new MalformedError(
      `Service Connect in network mode '${networkMode ?? 'bridge'}' is not supported by this agent`,
    );
  const config = reader(property, serviceConnectAttachment.config);
  const proxy = reader(property, serviceConnectAttachment.proxy);
  const hosts = config.optionalList('dnsConfig', (entry) => ({
    hostname: matching(entry, 'hostName', /^[a-z0-9_.-]{1,253}$/i),
    ipAddress: address(entry),
  }));
  return given({
    containerName,
    hosts: hosts ?? [],
    namespace: proxy.string('namespace'),
    outbound: proxy.list('outbound', readListener),
    inbound: proxy.list('inbound', (entry) => ({
      ...readListener(entry),
      containerPort: port(entry, 'containerPort'),
    })),
    accessLog: proxy.optionalObject('accessLog', (log) => ({
      format: log.word('format', ['TEXT', 'JSON']),
      includesQueryParameters: log.optionalBoolean('includesQueryParameters') ?? false,
    })),
  });
}

const reader = (property: (name: string) => string, name: string): Reader =>
  new Reader(parseJson(property(name)), name);

function readListener(entry: Reader): AcsProxyListener {
  return given({
    discoveryName: matching(entry, 'discoveryName', /^[a-z0-9_][a-z0-9_-]{0,63}$/),
    address: address(entry),
    port: port(entry, 'port'),
    protocol: entry.word('protocol', ['tcp', 'http', 'http2', 'grpc']),
    idleTimeoutSeconds: seconds(entry, 'idleTimeoutSeconds') ?? 0,
    perRequestTimeoutSeconds: seconds(entry, 'perRequestTimeoutSeconds'),
  });
}

/** Everything that is read here stands in the proxy's configuration: it must be what it says, and nothing more. */
function matching(entry: Reader, key: string, pattern: RegExp): string {
  const value = entry.string(key);
  if (!pattern.test(value)) throw new MalformedError(`${entry.path}.${key} has an invalid value`);
  return value;
}

function address(entry: Reader): string {
  const value = entry.string('address');
  if (!isIPv4(value)) throw new MalformedError(`${entry.path}.address should be an IPv4 address`);
  return value;
}

function port(entry: Reader, key: string): number {
  const value = entry.number(key);
  if (!Number.isInteger(value) || value < 1 || value > 65_535)
    throw new MalformedError(`${entry.path}.${key} should be a port`);
  return value;
}

function seconds(entry: Reader, key: string): number | undefined {
  const value = entry.optionalNumber(key);
  if (value === undefined || (Number.isInteger(value) && value >= 0)) return value;
  throw new MalformedError(`${entry.path}.${key} should be a number of seconds`);
}
