import type { CustomHealth, InstanceHealth, InstanceRecord, ServiceRecord } from './records.ts';

/** Cloud Map waits that long with a custom health status, in case that it is taken back (HealthCheckCustomConfig). */
const settlingMs = 30_000;

/** An instance's status as it counts now; UNKNOWN where nobody checks. */
export function healthOf(
  { hasCustomHealthCheck }: Pick<ServiceRecord, 'hasCustomHealthCheck'>,
  { health }: Pick<InstanceRecord, 'health'>,
  now: number,
): CustomHealth | 'UNKNOWN' {
  return hasCustomHealthCheck ? settled(health, now).status : 'UNKNOWN';
}

/** What is asked for counts from the first time that it was; asking for what counts already takes back what was asked. */
export function withAsked(health: InstanceHealth, status: CustomHealth, now: number): InstanceHealth {
  const current = settled(health, now);
  if (status === current.status) return { status };
  return current.next === undefined ? { ...current, next: { status, at: now } } : current;
}

function settled(health: InstanceHealth, now: number): InstanceHealth {
  const { next } = health;
  return next !== undefined && now - next.at >= settlingMs ? { status: next.status } : health;
}

/** The healthy ones, and those of which nobody knows; all when there are none (Route 53 then answers with all, too). */
export function healthyOrElseAll(
  service: ServiceRecord,
  instances: readonly InstanceRecord[],
  now: number,
): readonly InstanceRecord[] {
  const healthy = instances.filter((instance) => healthOf(service, instance, now) !== 'UNHEALTHY');
  return healthy.length === 0 ? instances : healthy;
}
