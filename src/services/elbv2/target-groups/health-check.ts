import type { CreateTargetGroupCommandInput } from '@aws-sdk/client-elastic-load-balancing-v2';
import { shown, validationError } from '../errors.ts';
import { constraints } from '../input.ts';
import type { HealthCheckRecord, TargetGroupRecord } from '../records.ts';
import { isHttp } from './group-attributes.ts';
import { readMatcher } from './matcher.ts';

/** As requests name the settings of health checks. */
export type HealthCheckInput = Pick<
  CreateTargetGroupCommandInput,
  | 'HealthCheckProtocol'
  | 'HealthCheckPort'
  | 'HealthCheckEnabled'
  | 'HealthCheckPath'
  | 'HealthCheckIntervalSeconds'
  | 'HealthCheckTimeoutSeconds'
  | 'HealthyThresholdCount'
  | 'UnhealthyThresholdCount'
  | 'Matcher'
>;

type Group = Pick<TargetGroupRecord, 'protocol' | 'protocolVersion'>;

/**
 * The health checks of a group as a request wants them: what it leaves out is as before, or by default
 * (guide, "Health check settings").
 * @throws ValidationError
 */
export function readHealthCheck(
  group: Group,
  input: HealthCheckInput,
  before?: HealthCheckRecord,
): HealthCheckRecord {
  const protocol = readProtocol(group, input.HealthCheckProtocol, before);
  // With another protocol everything that depends on it is by default anew.
  const kept = before?.protocol === protocol ? before : undefined;
  const defaults = defaultsOf(group, protocol);
  const interval = input.HealthCheckIntervalSeconds ?? before?.interval ?? 30;
  const timeout = input.HealthCheckTimeoutSeconds ?? kept?.timeout ?? defaults.timeout;
  const healthyThreshold = input.HealthyThresholdCount ?? before?.healthyThreshold ?? 5;
  const unhealthyThreshold = input.UnhealthyThresholdCount ?? before?.unhealthyThreshold ?? 2;
  if (input.HealthCheckEnabled === false)
    throw validationError('Health checks must be enabled for target groups with this target type');
  between('Health check interval', interval, 5, 300);
  between('Health check timeout', timeout, 2, 120);
  between('Healthy threshold count', healthyThreshold, 2, 10);
  between('Unhealthy threshold count', unhealthyThreshold, 2, 10);
  checkTimeout(group, timeout, interval);
  const base = { protocol, interval, timeout, healthyThreshold, unhealthyThreshold };
  const port = readPort(input.HealthCheckPort ?? before?.port);
  if (protocol === 'TCP') {
    if (input.HealthCheckPath !== undefined || input.Matcher !== undefined)
      throw validationError('Path and matcher cannot be specified for TCP health checks');
    return { ...base, port };
  }
  const path = readPath(input.HealthCheckPath ?? kept?.path ?? defaults.path);
  const matcher = readMatcher(group, input.Matcher) ?? kept?.matcher ?? defaults.matcher;
  return { ...base, port, path, matcher };
}

function readProtocol(
  group: Group,
  given: string | undefined,
  before: HealthCheckRecord | undefined,
): HealthCheckRecord['protocol'] {
  const allowed = isHttp(group) ? (['HTTP', 'HTTPS'] as const) : (['HTTP', 'HTTPS', 'TCP'] as const);
  const byDefault = isHttp(group) ? 'HTTP' : 'TCP';
  const wanted = given ?? before?.protocol ?? byDefault;
  const found = allowed.find((protocol) => protocol === wanted);
  if (found === undefined) {
    throw validationError(
      `Health check protocol '${shown(wanted)}' must be one of '[${allowed.join(', ')}]'`,
    );
  }
  return found;
}

function defaultsOf(group: Group, protocol: HealthCheckRecord['protocol']) {
  if (group.protocolVersion === 'GRPC') return { timeout: 5, path: '/AWS.ALB/healthcheck', matcher: '12' };
  if (isHttp(group)) return { timeout: 5, path: '/', matcher: '200' };
  return { timeout: protocol === 'HTTP' ? 6 : 10, path: '/', matcher: '200-399' };
}

/** Application load balancers want it to be less, network load balancers no more. */
function checkTimeout(group: Group, timeout: number, interval: number): void {
  const isFine = isHttp(group) ? timeout < interval : timeout <= interval;
  if (isFine) return;
  const wanted = isHttp(group) ? 'smaller than' : 'smaller than or equal to';
  throw validationError(`Health check timeout '${timeout}' must be ${wanted} the interval '${interval}'`);
}

function between(what: string, value: number, min: number, max: number): void {
  if (value < min || value > max)
    throw validationError(`${what} '${value}' must be between '${min}' and '${max}'`);
}

function readPort(port = 'traffic-port'): string {
  if (port === 'traffic-port') return port;
  const isPort = /^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535;
  if (!isPort)
    throw validationError(
      `Health check port '${shown(port)}' must be in the range 1-65535 or 'traffic-port'`,
    );
  return String(Number(port));
}

function readPath(path: string): string {
  constraints().text('healthCheckPath', path, { minLength: 1, maxLength: 1024 }).throwIfViolated();
  if (!path.startsWith('/'))
    throw validationError(`Health check path '${shown(path)}' must begin with a '/' character`);
  // It becomes a part of a request's first line.
  if (!/^[\x21-\x7e]+$/.test(path))
    throw validationError(`Health check path '${shown(path)}' contains invalid characters`);
  return path;
}
