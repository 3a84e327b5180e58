import { resourceNotFound } from '../errors.ts';

/** What a request names besides its cluster. */
interface Named {
  readonly nodegroupName?: string | undefined;
  readonly addonName?: string | undefined;
  readonly capabilityName?: string | undefined;
}

/** Whatever it names of what no cluster has. @throws ResourceNotFoundException */
export function refuseAbsent(clusterName: string, { nodegroupName, addonName, capabilityName }: Named): void {
  if (nodegroupName !== undefined)
    throw resourceNotFound(`No node group found for name: ${nodegroupName}.`, { clusterName, nodegroupName });
  if (addonName !== undefined)
    throw resourceNotFound(`No addon: ${addonName} found in cluster: ${clusterName}`, {
      ...{ clusterName, addonName },
    });
  if (capabilityName !== undefined)
    throw resourceNotFound(`No capability found for name: ${capabilityName}.`, { clusterName });
}
