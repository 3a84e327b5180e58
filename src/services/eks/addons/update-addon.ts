import type { UpdateAddonCommandInput, UpdateAddonResponse } from '@aws-sdk/client-eks';
import { uuid } from '../../../clock/index.ts';
import type { Transaction } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import type { Scope } from '../arn.ts';
import { type EksContext, requireCluster } from '../context.ts';
import { resourceInUse } from '../errors.ts';
import { madeBy } from '../input.ts';
import { type UpdateParam, type UpdateRecord, updateKey, updates } from '../updates/record.ts';
import { repeatedUpdate } from '../updates/repeated.ts';
import { updateView } from '../updates/update-of-cluster.ts';
import { requireAddon } from './addon.ts';
import { addonStatus } from './addon-view.ts';
import { ownIdentities } from './associations.ts';
import { readAddon, readVersion } from './input.ts';
import { type AddonRecord, addonKey, addons } from './record.ts';

/**
 * What is not said stays as it is, but associations: an empty list takes them away.
 * @throws InvalidParameterException, ResourceInUseException, ResourceNotFoundException
 */
export async function updateAddon(
  context: EksContext,
  input: UpdateAddonCommandInput,
  call: Call,
): Promise<UpdateAddonResponse> {
  const { state, clock, random } = context;
  const { clusterName = '', addonName = '', podIdentityAssociations, configurationValues } = input;
  const about = { clusterName, addonName };
  const request = madeBy(input);
  const id = uuid(random);
  const begun = await state.transact((tx) => {
    const present = requireAddon(tx, call, clusterName, addonName);
    const entry = readAddon(input, about);
    const repeated = repeatedUpdate(tx, call, about, request);
    if (repeated !== undefined) return repeated;
    const status = addonStatus(present, []);
    if (status !== 'ACTIVE') {
      throw resourceInUse(
        `Addon ${addonName} cannot be updated as it is currently in ${status} state`,
        about,
      );
    }
    const cluster = requireCluster(tx, call, clusterName);
    const asked = input.addonVersion ?? present.version;
    const version = readVersion(entry, asked, cluster.version, about);
    const now = clock.now();
    const update: UpdateRecord = {
      ...{ id, clusterName, addonName, type: 'AddonUpdate', status: 'InProgress', params: paramsOf(input) },
      ...{ createdAt: now, ...(request && { request }) },
    };
    tx.put(updates, updateKey(call, clusterName, id), update);
    if (podIdentityAssociations !== undefined)
      ownIdentities(context, tx, call, present, podIdentityAssociations);
    tx.put(addons, addonKey(call, clusterName, addonName), {
      ...{ ...present, version, updateId: id, modifiedAt: now },
      ...(configurationValues !== undefined && { configurationValues }),
    });
    return update;
  });
  return { update: updateView(begun) };
}

/** What was wanted is so. */
export function finishAddonUpdate(tx: Transaction, scope: Scope, { updateId, ...addon }: AddonRecord): void {
  tx.put(addons, addonKey(scope, addon.clusterName, addon.name), addon);
  if (updateId === undefined) return;
  const key = updateKey(scope, addon.clusterName, updateId);
  const begun = tx.get(updates, key);
  if (begun !== undefined) tx.put(updates, key, { ...begun, status: 'Successful' });
}

function paramsOf({
  addonVersion,
  resolveConflicts,
  configurationValues,
  podIdentityAssociations,
}: UpdateAddonCommandInput): UpdateParam[] {
  const all = [
    ['AddonVersion', addonVersion],
    ['ResolveConflicts', resolveConflicts],
    ['ConfigurationValues', configurationValues],
    ['PodIdentityAssociations', podIdentityAssociations && JSON.stringify(podIdentityAssociations)],
  ] as const;
  return all.flatMap(([type, value]) => (value === undefined ? [] : [{ type, value }]));
}
