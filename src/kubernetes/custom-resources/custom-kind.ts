import type { Kind } from '../kinds/kind.ts';

/** Custom resources: what they have in common besides their schemas. */
export const customKind: Kind = { hasGeneration: true, needsVersionForUpdate: true };
