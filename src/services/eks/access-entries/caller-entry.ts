import type { Reader } from '../../../reconcile/index.ts';
import { entityOf } from '../../iam/index.ts';
import type { Principal } from '../../service.ts';
import type { Scope } from '../arn.ts';
import type { ClusterRecord } from '../records.ts';
import { type AccessEntryRecord, accessEntryOf } from './record.ts';

/** The entry by which a cluster lets somebody in; undefined: there is none, or such a cluster looks at none. */
export function callerEntry(
  reader: Reader,
  scope: Scope,
  { name, authenticationMode }: Pick<ClusterRecord, 'authenticationMode' | 'name'>,
  principal: Principal,
): AccessEntryRecord | undefined {
  if (authenticationMode === 'CONFIG_MAP') return undefined;
  return accessEntryOf(reader, scope, name, entityOf(reader, principal).id);
}
