import type {
  CreateAddonCommandInput,
  CreateAddonResponse,
  DeleteAddonCommandInput,
  DeleteAddonResponse,
  DescribeAddonCommandInput,
  DescribeAddonResponse,
  ListAddonsCommandInput,
  ListAddonsResponse,
} from '@aws-sdk/client-eks';
import { uuid } from '../../../clock/index.ts';
import type { Reader } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import type { Scope } from '../arn.ts';
import { requireActiveCluster } from '../clusters/cluster-status.ts';
import { type EksContext, requireCluster } from '../context.ts';
import { invalidParameter, resourceInUse, resourceNotFound } from '../errors.ts';
import { isRepeat, madeBy, readTags } from '../input.ts';
import { namesPage } from '../pages.ts';
import { addonStatus, addonView } from './addon-view.ts';
import { ownIdentities } from './associations.ts';
import { readAddon, readVersion } from './input.ts';
import { type AddonRecord, addonKey, addons, addonsOf } from './record.ts';

/**
 * Takes a function of a cluster under management; one that was off is on again.
 * @throws InvalidParameterException, InvalidRequestException, ResourceInUseException, ResourceNotFoundException
 */
export async function createAddon(
  context: EksContext,
  input: CreateAddonCommandInput,
  call: Call,
): Promise<CreateAddonResponse> {
  const { state, clock, random } = context;
  const { clusterName = '', addonName = '', configurationValues } = input;
  const about = { clusterName, addonName };
  const entry = readAddon(input, about);
  const tags = readTags(input.tags, (message) => invalidParameter(message, about));
  const request = madeBy(input);
  const id = uuid(random);
  const created = await state.transact((tx) => {
    const cluster = requireActiveCluster(context, tx, call, clusterName);
    const version = readVersion(entry, input.addonVersion, cluster.version, about);
    const key = addonKey(call, clusterName, entry.name);
    const present = tx.get(addons, key);
    if (present !== undefined) {
      if (isRepeat(present.request, request)) return present;
      throw resourceInUse('Addon already exists.', about);
    }
    const now = clock.now();
    const record: AddonRecord = {
      ...{ id, name: entry.name, clusterName, version, phase: 'CREATING', tags },
      ...(configurationValues !== undefined && { configurationValues }),
      ...{ createdAt: now, modifiedAt: now, ...(request && { request }) },
    };
    ownIdentities(context, tx, call, record, input.podIdentityAssociations ?? []);
    tx.put(addons, key, record);
    return record;
  });
  return { addon: addonView(state, call, created, clock.now()) };
}

/** @throws ResourceNotFoundException */
export function describeAddon(
  { state, clock }: EksContext,
  { clusterName = '', addonName = '' }: DescribeAddonCommandInput,
  call: Call,
): DescribeAddonResponse {
  const record = requireAddon(state, call, clusterName, addonName);
  return { addon: addonView(state, call, record, clock.now()) };
}

/** @throws InvalidParameterException, ResourceNotFoundException */
export function listAddons(
  { state }: EksContext,
  { clusterName = '', ...asked }: ListAddonsCommandInput,
  call: Call,
): ListAddonsResponse {
  requireCluster(state, call, clusterName);
  const names = addonsOf(state, call, clusterName).map(({ name }) => name);
  const { items, ...more } = namesPage(names, asked);
  return { addons: [...items], ...more };
}

/**
 * Ends the management of a function, and the function with it where a cluster can be without and it is not to be
 * preserved.
 * @throws ResourceInUseException, ResourceNotFoundException
 */
export async function deleteAddon(
  { state, clock }: EksContext,
  { clusterName = '', addonName = '', preserve = false }: DeleteAddonCommandInput,
  call: Call,
): Promise<DeleteAddonResponse> {
  const about = { clusterName, addonName };
  const deleting = await state.transact((tx) => {
    const record = requireAddon(tx, call, clusterName, addonName);
    if (record.isDeleting) return record;
    const status = addonStatus(record, []);
    if (status === 'CREATING' || status === 'UPDATING') {
      throw resourceInUse(
        `Addon ${addonName} cannot be deleted as it is currently in ${status} state`,
        about,
      );
    }
    const marked: AddonRecord = {
      ...{ ...record, isDeleting: { isPreserved: preserve }, modifiedAt: clock.now() },
    };
    tx.put(addons, addonKey(call, clusterName, addonName), marked);
    return marked;
  });
  return { addon: addonView(state, call, deleting, clock.now()) };
}

/** @throws ResourceNotFoundException */
export function requireAddon(
  reader: Reader,
  scope: Scope,
  clusterName: string,
  addonName: string,
): AddonRecord {
  requireCluster(reader, scope, clusterName);
  const found = /^[\w-]+$/.test(addonName)
    ? reader.get(addons, addonKey(scope, clusterName, addonName))
    : undefined;
  if (found !== undefined) return found;
  throw resourceNotFound(`No addon: ${addonName} found in cluster: ${clusterName}`, {
    ...{ clusterName, addonName },
  });
}
