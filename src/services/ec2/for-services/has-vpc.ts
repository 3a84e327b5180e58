import type { Reader } from '../../../reconcile/index.ts';
import { kinds } from '../kinds.ts';
import { known } from '../known.ts';
import type { Scope } from '../records.ts';

/** Whether an account has a VPC in a Region. @param vpcId A text of any form. */
export const hasVpc = (reader: Reader, scope: Scope, vpcId: string): boolean =>
  known(reader, kinds.vpc, scope, vpcId) !== undefined;
