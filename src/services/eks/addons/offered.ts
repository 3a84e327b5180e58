import type {
  DescribeAddonConfigurationCommandInput,
  DescribeAddonConfigurationResponse,
  DescribeAddonVersionsCommandInput,
  DescribeAddonVersionsResponse,
} from '@aws-sdk/client-eks';
import { invalidParameter } from '../errors.ts';
import { namedPage } from '../pages.ts';
import { addonEntries, addonEntry, addonInfo } from './catalogue.ts';
import { configurationSchema } from './configuration.ts';
import { addonNotSupported } from './input.ts';

/** Those that CreateAddon takes. @throws InvalidParameterException */
export function describeAddonVersions({
  addonName,
  kubernetesVersion,
  types,
  owners,
  publishers,
  ...asked
}: DescribeAddonVersionsCommandInput): DescribeAddonVersionsResponse {
  const isAsked = (wanted: readonly string[] | undefined, value: string | undefined): boolean =>
    wanted === undefined || wanted.length === 0 || (value !== undefined && wanted.includes(value));
  const found = addonEntries
    .filter(({ name }) => addonName === undefined || name === addonName)
    .map((entry) => addonInfo(entry, kubernetesVersion))
    .filter(
      ({ type, owner, publisher, addonVersions = [] }) =>
        addonVersions.length > 0 &&
        isAsked(types, type) &&
        isAsked(owners, owner) &&
        isAsked(publishers, publisher),
    );
  const { items, ...more } = namedPage(found, ({ addonName: name = '' }) => name, asked);
  return { addons: [...items], ...more };
}

/** @throws InvalidParameterException */
export function describeAddonConfiguration({
  addonName = '',
  addonVersion = '',
}: DescribeAddonConfigurationCommandInput): DescribeAddonConfigurationResponse {
  const entry = addonEntry(addonName);
  if (entry === undefined) throw addonNotSupported(addonName);
  if (!entry.versions.some(({ version }) => version === addonVersion))
    throw invalidParameter('Addon version specified is not supported', { addonName });
  return {
    ...{ addonName, addonVersion, configurationSchema: configurationSchema(entry.name) },
    podIdentityConfiguration: entry.identities.map((it) => ({ ...it })),
  };
}
