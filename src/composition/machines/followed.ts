import { localVolumeReports, localVolumes } from '../../kubernetes/index.ts';
import { type FollowedCollection, machines } from '../../machines/index.ts';
import { networkCollections } from '../../services/ec2/index.ts';
import { addons, clusters, nodeInstances } from '../../services/eks/index.ts';
import { nameCollections } from '../vpc/names.ts';

/**
 * What every machine follows: who the others are, what VPCs are like, what names lead where in them, and which nodes and volumes of
 * which clusters there are to be.
 */
export const followedCollections: readonly FollowedCollection[] = [
  machines,
  ...networkCollections,
  ...nameCollections,
  ...[addons, clusters, nodeInstances, localVolumes, localVolumeReports],
];
