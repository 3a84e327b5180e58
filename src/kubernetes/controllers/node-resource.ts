import { resourceNamed } from '../schema/catalogue.ts';

export const nodeResource = resourceNamed('', 'nodes');
