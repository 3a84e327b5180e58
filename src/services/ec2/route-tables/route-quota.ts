import { limitReached } from '../errors.ts';
import type { PrefixListRecord, RouteRecord } from '../records.ts';

/** VPC user guide, "Amazon VPC quotas". */
const maxRoutes = 50;

/** @throws {Refusal} RouteLimitExceeded. A prefix list counts as many routes as it may have entries. */
export function assertRoutesWithinQuota(
  routes: readonly RouteRecord[],
  prefixListOf: (id: string) => Pick<PrefixListRecord, 'maxEntries'> | undefined,
): void {
  let count = 0;
  for (const { destination } of routes) {
    count += destination.startsWith('pl-') ? (prefixListOf(destination)?.maxEntries ?? 1) : 1;
  }
  if (count > maxRoutes) throw limitReached('RouteLimitExceeded', 'routes');
}
