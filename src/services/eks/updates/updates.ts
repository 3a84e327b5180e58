import type {
  CancelUpdateCommandInput,
  CancelUpdateResponse,
  DescribeUpdateCommandInput,
  DescribeUpdateResponse,
  ListUpdatesCommandInput,
  ListUpdatesResponse,
} from '@aws-sdk/client-eks';
import type { Reader } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import { absentCapability } from '../absent/absent.ts';
import { requireAddon } from '../addons/addon.ts';
import type { Scope } from '../arn.ts';
import { type EksContext, requireCluster } from '../context.ts';
import { invalidRequest, resourceNotFound } from '../errors.ts';
import { requireNodegroup } from '../nodegroups/nodegroup.ts';
import { namesPage } from '../pages.ts';
import { clusterText } from '../records.ts';
import { type UpdateRecord, updateKey, updates } from './record.ts';
import { updateView } from './update-of-cluster.ts';

/** @throws ResourceNotFoundException */
export function describeUpdate(
  { state }: EksContext,
  { name = '', updateId = '', ...of }: DescribeUpdateCommandInput,
  call: Call,
): DescribeUpdateResponse {
  return { update: updateView(requireUpdate(state, call, { name, updateId, ...of })) };
}

/** @throws InvalidParameterException, ResourceNotFoundException */
export function listUpdates(
  { state }: EksContext,
  { name = '', ...asked }: ListUpdatesCommandInput,
  call: Call,
): ListUpdatesResponse {
  requireCluster(state, call, name);
  assertPresent(state, call, name, asked);
  const found = state
    .byIndex(updates, 'cluster', clusterText(call, name))
    .filter(({ value }) => isOf(value, asked));
  const { items, ...more } = namesPage(
    found.map(({ value }) => value.id),
    asked,
  );
  return { updateIds: [...items], ...more };
}

/**
 * What AWS lets be cancelled is the rollback of Auto Mode's nodes, which there are none of.
 * @throws InvalidRequestException, ResourceNotFoundException
 */
export function cancelUpdate(
  { state }: EksContext,
  { name = '', updateId = '' }: CancelUpdateCommandInput,
  call: Call,
): CancelUpdateResponse {
  const { type, status } = requireUpdate(state, call, { name, updateId });
  throw invalidRequest(
    status === 'InProgress'
      ? `Update ${updateId} of type ${type} cannot be cancelled.`
      : `Update ${updateId} cannot be cancelled because it is ${status}.`,
    { clusterName: name },
  );
}

function requireUpdate(
  reader: Reader,
  scope: Scope,
  { name, updateId, ...of }: { readonly name: string; readonly updateId: string } & OfPart,
): UpdateRecord {
  requireCluster(reader, scope, name);
  assertPresent(reader, scope, name, of);
  const found = /^[\w-]+$/.test(updateId) ? reader.get(updates, updateKey(scope, name, updateId)) : undefined;
  if (found !== undefined && isOf(found, of)) return found;
  throw resourceNotFound(`No update found for ID: ${updateId}`, { clusterName: name });
}

/** What of a cluster an update is of, as requests name it; nothing: the cluster itself. */
interface OfPart {
  readonly nodegroupName?: string | undefined;
  readonly addonName?: string | undefined;
  readonly capabilityName?: string | undefined;
}

const isOf = (update: UpdateRecord, { nodegroupName, addonName }: OfPart): boolean =>
  update.nodegroupName === nodegroupName && update.addonName === addonName;

/** @throws ResourceNotFoundException */
function assertPresent(
  reader: Reader,
  scope: Scope,
  clusterName: string,
  { nodegroupName, addonName, capabilityName }: OfPart,
): void {
  if (nodegroupName !== undefined) requireNodegroup(reader, scope, clusterName, nodegroupName);
  if (addonName !== undefined) requireAddon(reader, scope, clusterName, addonName);
  if (capabilityName !== undefined) throw absentCapability(clusterName, capabilityName);
}
