import type { Reader } from '../../../reconcile/index.ts';
import { entityOf } from '../../iam/index.ts';
import type { Principal } from '../../service.ts';
import type { Scope } from '../arn.ts';
import type { ClusterRecord } from '../records.ts';
import { type AccessEntryRecord, accessEntryOf } from './record.ts';

/** Whoever calls, as a cluster's entries know him. */
export interface Caller {
  /** IAM's own id: of a role's session the role's. */
  readonly principalId: string;
  /** By which the cluster lets him in; undefined: there is none, or such a cluster looks at none. */
  readonly entry: AccessEntryRecord | undefined;
}

export function callerOf(
  reader: Reader,
  scope: Scope,
  { name, authenticationMode }: Pick<ClusterRecord, 'authenticationMode' | 'name'>,
  principal: Principal,
): Caller {
  const principalId = entityOf(reader, principal).id;
  const hasEntries = authenticationMode !== 'CONFIG_MAP';
  return { principalId, entry: hasEntries ? accessEntryOf(reader, scope, name, principalId) : undefined };
}
