import { type FollowedCollection, machines } from '../../machines/index.ts';
import { networkCollections } from '../../services/ec2/index.ts';
import { nameCollections } from '../vpc/names.ts';

/** What every machine follows: who the others are, what VPCs are like, and what names lead where in them. */
export const followedCollections: readonly FollowedCollection[] = [
  machines,
  ...networkCollections,
  ...nameCollections,
];
