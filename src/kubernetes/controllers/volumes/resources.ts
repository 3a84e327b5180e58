import { resourceNamed } from '../../schema/catalogue.ts';

export const claimResource = resourceNamed('', 'persistentvolumeclaims');
export const volumeResource = resourceNamed('', 'persistentvolumes');
