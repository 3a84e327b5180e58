import type { Collection } from '../../reconcile/index.ts';
import type { Kept } from '../controllers/objects.ts';

export const namespaces: Collection<Kept> = { service: 'kubernetes', noun: 'namespaces', indexes: {} };
