import type { Refusal } from '../../../protocols/index.ts';
import { resourceNotFound } from '../errors.ts';

export const absentNodegroup = (clusterName: string, nodegroupName: string): Refusal =>
  resourceNotFound(`No node group found for name: ${nodegroupName}.`, { clusterName, nodegroupName });

export const absentCapability = (clusterName: string, capabilityName: string): Refusal =>
  resourceNotFound(`No capability found for name: ${capabilityName}.`, { clusterName });
