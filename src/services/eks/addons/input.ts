import type { AddonPodIdentityAssociations, ResolveConflicts } from '@aws-sdk/client-eks';
import { invalidParameter, unsupported } from '../errors.ts';
import { constraints } from '../input.ts';
import { type AddonEntry, addonEntry, addonNamespace, compatibleVersions } from './catalogue.ts';
import { checkConfiguration } from './configuration.ts';

export interface AboutAddon {
  readonly clusterName: string;
  readonly addonName: string;
}

/** What is asked of an add-on that is made or changed. */
interface AskedAddon {
  readonly configurationValues?: string | undefined;
  readonly podIdentityAssociations?: readonly AddonPodIdentityAssociations[] | undefined;
  readonly resolveConflicts?: ResolveConflicts | undefined;
  readonly serviceAccountRoleArn?: string | undefined;
  readonly namespaceConfig?: { readonly namespace?: string | undefined } | undefined;
}

const resolutions: readonly ResolveConflicts[] = ['OVERWRITE', 'NONE', 'PRESERVE'];

/** The add-on that is meant, which takes what is asked. @throws InvalidParameterException */
export function readAddon(asked: AskedAddon, about: AboutAddon): AddonEntry {
  const { addonName } = about;
  constraints().text('resolveConflicts', asked.resolveConflicts, { oneOf: resolutions }).throwIfViolated();
  const entry = addonEntry(addonName);
  if (entry === undefined) throw addonNotSupported(addonName);
  const namespace = asked.namespaceConfig?.namespace ?? addonNamespace;
  if (namespace !== addonNamespace)
    throw unsupported(`Namespaces of add-ons other than ${addonNamespace} (namespaceConfig) are`);
  if (asked.serviceAccountRoleArn !== undefined) {
    throw unsupported(
      'Roles of add-ons by way of the OpenID Connect provider (serviceAccountRoleArn; podIdentityAssociations can be used instead) are',
    );
  }
  checkConfiguration(entry.name, asked.configurationValues ?? '', about);
  for (const { serviceAccount = '' } of asked.podIdentityAssociations ?? []) {
    if (entry.identities.some((it) => it.serviceAccount === serviceAccount)) continue;
    throw invalidParameter(
      entry.identities.length === 0
        ? `Pod Identity feature is not supported for addon ${addonName}`
        : `Service account ${serviceAccount} in pod identity configuration is not supported for addon ${addonName}`,
      about,
    );
  }
  return entry;
}

export const addonNotSupported = (addonName: string) =>
  invalidParameter(`Addon ${addonName} specified is not supported`, { addonName });

/** @param asked Undefined: the newest for the cluster. @throws InvalidParameterException */
export function readVersion(
  entry: AddonEntry,
  asked: string | undefined,
  clusterVersion: string,
  about: AboutAddon,
): string {
  const compatible = compatibleVersions(entry, clusterVersion);
  const version = asked ?? compatible[0];
  if (version === undefined) {
    throw invalidParameter(
      `Addon ${entry.name} specified is not supported in ${clusterVersion} kubernetes version`,
      about,
    );
  }
  if (compatible.includes(version)) return version;
  throw invalidParameter('Addon version specified is not supported', about);
}
