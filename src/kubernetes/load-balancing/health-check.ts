import type { Annotations } from './annotations.ts';
import type { HealthCheck } from './model.ts';

/** What a health check is where annotations say nothing. */
export type HealthCheckDefaults = Pick<
  HealthCheck,
  | 'HealthCheckProtocol'
  | 'HealthCheckPort'
  | 'HealthCheckIntervalSeconds'
  | 'HealthCheckTimeoutSeconds'
  | 'HealthyThresholdCount'
  | 'UnhealthyThresholdCount'
> & { readonly path: string; readonly codes: string };

/**
 * Reads what annotations say of a target group's health check.
 * @param portNamed Where targets have a port of their service. @throws {ModelError}
 */
export function readHealthCheck(
  annotations: Annotations,
  names: Readonly<Record<HealthCheckName, string>>,
  defaults: HealthCheckDefaults,
  portNamed: (name: string) => number | undefined,
): HealthCheck {
  const { path, codes, ...rest } = defaults;
  const protocol =
    annotations.oneOf(names.protocol, ['TCP', 'HTTP', 'HTTPS']) ?? defaults.HealthCheckProtocol;
  const said = annotations.text(names.port) ?? defaults.HealthCheckPort;
  const isSaid = said === 'traffic-port' || /^\d{1,5}$/.test(said);
  const port = isSaid ? said : portNamed(said)?.toString();
  if (port === undefined)
    throw annotations.invalid(
      names.port,
      `${said} is neither traffic-port, nor a port, nor the name of one that targets have by a number`,
    );
  return {
    ...{ ...rest, HealthCheckProtocol: protocol, HealthCheckPort: port },
    HealthCheckIntervalSeconds: annotations.integer(names.interval) ?? defaults.HealthCheckIntervalSeconds,
    HealthCheckTimeoutSeconds: annotations.integer(names.timeout) ?? defaults.HealthCheckTimeoutSeconds,
    HealthyThresholdCount: annotations.integer(names.healthy) ?? defaults.HealthyThresholdCount,
    UnhealthyThresholdCount: annotations.integer(names.unhealthy) ?? defaults.UnhealthyThresholdCount,
    ...(protocol !== 'TCP' && {
      HealthCheckPath: annotations.text(names.path) ?? path,
      codes: annotations.text(names.codes) ?? codes,
    }),
  };
}

export type HealthCheckName =
  | 'protocol'
  | 'port'
  | 'path'
  | 'interval'
  | 'timeout'
  | 'healthy'
  | 'unhealthy'
  | 'codes';
