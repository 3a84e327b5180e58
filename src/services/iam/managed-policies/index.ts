import type { PolicyRecord } from '../records.ts';

/**
 * AWS's own managed policies, which every account may attach and nobody may change. Their documents are data of this
 * program, read when first asked for.
 */
const byArn = new Map<string, PolicyRecord>();

/** Undefined: AWS's policy of this name is not known here. */
export function awsManagedPolicy(arn: string): PolicyRecord | undefined {
  return byArn.get(arn);
}
