import { limitExceeded } from '../errors.ts';
import type { HolderName } from '../holders.ts';
import { documentSize } from '../input/documents.ts';
import type { PolicyHolder } from '../records.ts';

/** All inline policies of one holder together, white space not counted (IAM user guide, "IAM and AWS STS quotas"). */
const maxBytes = { user: 2048, group: 5120, role: 10240 } as const;

/** @throws {Refusal} LimitExceeded. */
export function withInlinePolicy(
  { inlinePolicies }: PolicyHolder,
  [name, document]: readonly [name: string, document: string],
  { type, name: holder }: HolderName,
): PolicyHolder['inlinePolicies'] {
  const after = { ...inlinePolicies, [name]: document };
  const size = Object.values(after).reduce((sum, it) => sum + documentSize(it), 0);
  if (size > maxBytes[type]) {
    throw limitExceeded(`Maximum policy size of ${maxBytes[type]} bytes exceeded for ${type} ${holder}`);
  }
  return after;
}

/** A policy may be called `constructor`. */
export function inlinePolicyOf({ inlinePolicies }: PolicyHolder, name: string): string | undefined {
  return Object.hasOwn(inlinePolicies, name) ? inlinePolicies[name] : undefined;
}
