import type { Refusal } from '../../../protocols/index.ts';
import { resourceNotFound } from '../errors.ts';

export const absentNodegroup = (clusterName: string, nodegroupName: string): Refusal =>
  resourceNotFound(`No node group found for name: ${nodegroupName}.`, { clusterName, nodegroupName });

export const absentAddon = (clusterName: string, addonName: string): Refusal =>
  resourceNotFound(`No addon: ${addonName} found in cluster: ${clusterName}`, { clusterName, addonName });

export const absentCapability = (clusterName: string, capabilityName: string): Refusal =>
  resourceNotFound(`No capability found for name: ${capabilityName}.`, { clusterName });

/** What a request names besides its cluster. */
interface Named {
  readonly addonName?: string | undefined;
  readonly capabilityName?: string | undefined;
}

/** Whatever it names of what no cluster has. @throws ResourceNotFoundException */
export function refuseAbsent(clusterName: string, { addonName, capabilityName }: Named): void {
  if (addonName !== undefined) throw absentAddon(clusterName, addonName);
  if (capabilityName !== undefined) throw absentCapability(clusterName, capabilityName);
}
