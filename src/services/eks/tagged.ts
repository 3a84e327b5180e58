import type { Collection, Reader, RecordKey, Transaction } from '../../reconcile/index.ts';
import { accessEntries } from './access-entries/record.ts';
import { addons } from './addons/record.ts';
import {
  accessEntryArn,
  addonArn,
  fargateProfileArn,
  identityProviderArn,
  nodegroupArn,
  podIdentityArn,
  readArn,
  type Scope,
} from './arn.ts';
import { notFound } from './errors.ts';
import { fargateProfiles } from './fargate/record.ts';
import { identityProviderKey, identityProviders } from './identity-providers/record.ts';
import { nodegroups } from './nodegroups/record.ts';
import { podIdentities } from './pod-identity/record.ts';
import { clusterKey, clusters, idText, type Tags } from './records.ts';

/** Something that has tags and that an ARN means. */
export interface Tagged {
  readonly tags: Tags;
  change(tx: Transaction, changed: (tags: Tags) => Tags): void;
}

/** Undefined: there is nothing of this ARN. */
export function findTagged(reader: Reader, scope: Scope, arn: string): Tagged | undefined {
  const { type, parts } = readArn(scope, arn) ?? {};
  const [clusterName = '', ...rest] = parts ?? [];
  const id = idText(scope, rest.at(-1) ?? '');
  switch (type) {
    case 'cluster':
      return rest.length > 0 ? undefined : kept(reader, clusters, clusterKey(scope, clusterName));
    case 'access-entry': {
      const found = reader.byIndex(accessEntries, 'id', id)[0];
      if (found === undefined || accessEntryArn(scope, found.value) !== arn) return undefined;
      return kept(reader, accessEntries, found.key);
    }
    case 'nodegroup': {
      const found = reader.byIndex(nodegroups, 'id', id)[0];
      if (found === undefined || nodegroupArn(scope, found.value) !== arn) return undefined;
      return kept(reader, nodegroups, found.key);
    }
    case 'addon': {
      const found = reader.byIndex(addons, 'id', id)[0];
      if (found === undefined || addonArn(scope, found.value) !== arn) return undefined;
      return kept(reader, addons, found.key);
    }
    case 'fargateprofile': {
      const found = reader.byIndex(fargateProfiles, 'id', id)[0];
      if (found === undefined || fargateProfileArn(scope, found.value) !== arn) return undefined;
      return kept(reader, fargateProfiles, found.key);
    }
    case 'identityproviderconfig': {
      const key = identityProviderKey(scope, clusterName);
      const found = reader.get(identityProviders, key);
      if (found === undefined || identityProviderArn(scope, found) !== arn) return undefined;
      return kept(reader, identityProviders, key);
    }
    case 'podidentityassociation': {
      const found = reader.byIndex(podIdentities, 'id', id)[0];
      if (found === undefined || podIdentityArn(scope, found.value) !== arn) return undefined;
      return kept(reader, podIdentities, found.key);
    }
    default:
      return undefined;
  }
}

/** @throws NotFoundException */
export function requireTagged(reader: Reader, scope: Scope, arn: string): Tagged {
  const found = findTagged(reader, scope, arn);
  if (found === undefined) throw notFound(arn);
  return found;
}

function kept<T extends { readonly tags: Tags }>(
  reader: Reader,
  collection: Collection<T, string>,
  key: RecordKey,
): Tagged | undefined {
  const record = reader.get(collection, key);
  return record === undefined
    ? undefined
    : {
        tags: record.tags,
        change: (tx, changed) => tx.put(collection, key, { ...record, tags: changed(record.tags) }),
      };
}
