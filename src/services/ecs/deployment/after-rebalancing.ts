import type { ServiceRecord } from '../records.ts';
import { type Launched, tell, withPlacementOutcome } from './after-step.ts';
import { eventMessages, isRepetition, type Teller } from './service-events.ts';
import type { RebalancingStep } from './zone-rebalancing.ts';

/** What the steps of Availability Zone rebalancing make of the service's record. */

/** After the launch of tasks in the poorer zone, of all or of some or of none. */
export function afterRebalancingStart(
  service: ServiceRecord,
  { deploymentId, move, counts }: Extract<RebalancingStep, { readonly type: 'start-rebalancing' }>,
  launched: Pick<Launched, 'taskIds' | 'failures' | 'capacityRevision'>,
  teller: Teller,
): ServiceRecord {
  const { taskIds } = launched;
  const begun = tellOnce(service, eventMessages.notZoneBalanced(counts), teller);
  const placed = withPlacementOutcome(begun, { ...launched, deploymentId }, teller);
  if (taskIds.length === 0) return tellOnce(placed, eventMessages.rebalancingStopped, teller);
  const { from, to } = move;
  return {
    ...tell(placed, eventMessages.startedToRebalance(to, taskIds), teller),
    rebalancing: { deploymentId, from, to, taskIds },
  };
}

/** After tasks in the richer zone were asked to stop. */
export function afterRebalancingFinish(
  service: ServiceRecord,
  step: Extract<RebalancingStep, { readonly type: 'finish-rebalancing' }>,
  teller: Teller,
): ServiceRecord {
  const { taskIds, availabilityZone, balancedCounts } = step;
  const { rebalancing: _rebalancing, ...rest } = service;
  const told = tell(rest, eventMessages.stoppedToRebalance(availabilityZone, taskIds), teller);
  return balancedCounts === undefined ? told : tell(told, eventMessages.zoneBalanced(balancedCounts), teller);
}

/** Something else happened to the service. */
export function afterRebalancingStop(service: ServiceRecord, teller: Teller): ServiceRecord {
  const { rebalancing: _rebalancing, ...rest } = service;
  return tell(rest, eventMessages.rebalancingStopped, teller);
}

function tellOnce(service: ServiceRecord, message: string, teller: Teller): ServiceRecord {
  return isRepetition(service.events, message, teller) ? service : tell(service, message, teller);
}
