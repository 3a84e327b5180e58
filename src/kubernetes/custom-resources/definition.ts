import {
  isJsonObject,
  type JsonObject,
  type KubernetesObject,
  listOf,
  memberOf,
  textOf,
  textsIn,
} from '../objects/object.ts';
import { objectRecords } from '../objects/object-records.ts';
import { qualifiedName, type Resource, resourceNamed } from '../schema/catalogue.ts';
import type { Subresource } from '../schema/subresources.ts';
import { compareVersions } from '../schema/version-order.ts';
import type { Column } from '../table/column.ts';
import { webhookClientConfig } from '../webhooks/webhook-client.ts';
import type { ConversionWebhook, CustomScale } from './custom-version.ts';
import { ageColumn, printerColumn } from './printer-columns.ts';

export const definitions = resourceNamed('apiextensions.k8s.io', 'customresourcedefinitions');

/** CustomResourceDefinitions as records: the same keys, read from memory. */
export const definitionRecords = objectRecords(qualifiedName(definitions));

/** Whoever deletes a definition waits for its objects by this one. */
export const cleanupFinalizer = 'customresourcecleanup.apiextensions.k8s.io';

export const conditionsOf = (definition: object): readonly JsonObject[] =>
  listOf(memberOf(definition, 'status'), 'conditions').filter(isJsonObject);

export function hasCondition(definition: object, type: string): boolean {
  return conditionsOf(definition).some((it) => it.type === type && it.status === 'True');
}

export const versionsOf = (definition: object): readonly JsonObject[] =>
  listOf(memberOf(definition, 'spec'), 'versions').filter(isJsonObject);

export const storageVersionOf = (definition: object): string =>
  textOf(
    versionsOf(definition).find((version) => version.storage === true),
    'name',
  );

/** By the definition, which is frozen: the same one has the same resources. */
const known = new WeakMap<KubernetesObject, readonly Resource[]>();

/** The resources that a definition adds to its cluster, one for each version that is served; none until it is established. */
export function resourcesOf(definition: KubernetesObject): readonly Resource[] {
  if (!hasCondition(definition, 'Established')) return [];
  const found =
    known.get(definition) ??
    versionsOf(definition)
      .filter((version) => version.served === true)
      .map((version) => resourceOf(definition, version));
  known.set(definition, found);
  return found;
}

/** The resource of its storage version, served or not: by it one finds all that is kept of the kind. */
export function storedResourceOf(definition: KubernetesObject): Resource | undefined {
  const version = versionsOf(definition).find(({ storage }) => storage === true);
  return version === undefined ? undefined : resourceOf(definition, version);
}

function resourceOf(definition: KubernetesObject, version: JsonObject): Resource {
  const spec = memberOf(definition, 'spec');
  const names = memberOf(memberOf(definition, 'status'), 'acceptedNames');
  const subresources = memberOf(version, 'subresources');
  return {
    ...{ group: textOf(spec, 'group'), version: textOf(version, 'name') },
    ...{ name: textOf(names, 'plural'), singularName: textOf(names, 'singular') },
    ...{ kind: textOf(names, 'kind'), listKind: textOf(names, 'listKind') },
    isNamespaced: spec.scope === 'Namespaced',
    shortNames: listOf(names, 'shortNames').map(String),
    categories: listOf(names, 'categories').map(String),
    subresources: (['scale', 'status'] as const satisfies readonly Subresource[]).filter(
      (name) => subresources[name] !== undefined,
    ),
    ...{ isReview: false, message: '' },
    custom: {
      storageVersion: storageVersionOf(definition),
      conversion: conversionOf(definition),
      isTerminating: definition.metadata.deletionTimestamp !== undefined,
      schema: memberOf(memberOf(version, 'schema'), 'openAPIV3Schema'),
      columns: columnsOf(version),
      scale: scaleOf(memberOf(subresources, 'scale')),
      selectableFields: listOf(version, 'selectableFields').map((it) =>
        pathOf(textOf(isJsonObject(it) ? it : {}, 'jsonPath')),
      ),
      deprecationWarning: deprecationWarningOf(definition, version),
    },
  };
}

/** Of the versions of its reviews, those that there are. */
export const reviewVersions = ['v1', 'v1beta1'];

function conversionOf(definition: KubernetesObject): ConversionWebhook | undefined {
  const conversion = memberOf(memberOf(definition, 'spec'), 'conversion');
  if (conversion.strategy !== 'Webhook') return undefined;
  const webhook = memberOf(conversion, 'webhook');
  return {
    id: JSON.stringify(webhook),
    config: webhookClientConfig(memberOf(webhook, 'clientConfig')),
    reviewVersion:
      textsIn(webhook, 'conversionReviewVersions').find((it) => reviewVersions.includes(it)) ?? 'v1',
  };
}

function columnsOf(version: JsonObject): readonly Column[] {
  const columns = listOf(version, 'additionalPrinterColumns').filter(isJsonObject);
  return columns.length === 0 ? [ageColumn] : columns.map(printerColumn);
}

/** `.spec.replicas` is `spec.replicas` elsewhere. */
const pathOf = (jsonPath: string): string => jsonPath.replace(/^\./, '');

function scaleOf(scale: JsonObject): CustomScale | undefined {
  const specReplicasPath = pathOf(textOf(scale, 'specReplicasPath'));
  const labelSelectorPath = pathOf(textOf(scale, 'labelSelectorPath'));
  if (specReplicasPath === '') return undefined;
  return {
    specReplicasPath,
    statusReplicasPath: pathOf(textOf(scale, 'statusReplicasPath')),
    labelSelectorPath: labelSelectorPath === '' ? undefined : labelSelectorPath,
  };
}

/** Its own words, or that there is a newer version that is as stable. */
function deprecationWarningOf(definition: KubernetesObject, version: JsonObject): string | undefined {
  if (version.deprecated !== true) return undefined;
  const own = textOf(version, 'deprecationWarning');
  if (own !== '') return own;
  const spec = memberOf(definition, 'spec');
  const [group, name, kind] = [
    textOf(spec, 'group'),
    textOf(version, 'name'),
    textOf(memberOf(spec, 'names'), 'kind'),
  ];
  const newer = versionsOf(definition)
    .filter((it) => it.served === true && it.deprecated !== true)
    .map((it) => textOf(it, 'name'))
    .filter((it) => compareVersions(it, name) < 0)
    .toSorted(compareVersions)[0];
  const told = `${group}/${name} ${kind} is deprecated`;
  return newer === undefined ? told : `${told}; use ${group}/${newer} ${kind}`;
}
