import { jsonEqual } from '../../store/index.ts';
import {
  type FieldError,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../apiserver/status.ts';
import { badName } from '../kinds/metadata.ts';
import {
  isJsonObject,
  type JsonObject,
  type KubernetesObject,
  listOf,
  memberOf,
  textOf,
  textsIn,
} from '../objects/object.ts';
import { clientConfigErrors } from '../webhooks/client-config-errors.ts';
import { hasCondition, reviewVersions, versionsOf } from './definition.ts';
import { approvalAnnotation, isProtectedGroup } from './definition-status.ts';
import { presentationErrors } from './presentation-errors.ts';
import { schemaErrors } from './schema/schema-errors.ts';

/** What is wrong with a CustomResourceDefinition, in upstream's words. */
export function definitionErrors(
  object: KubernetesObject,
  before: KubernetesObject | undefined,
): readonly FieldError[] {
  const spec = memberOf(object, 'spec');
  const names = memberOf(spec, 'names');
  const [group, plural] = [textOf(spec, 'group'), textOf(names, 'plural')];
  const { name } = object.metadata;
  return [
    ...(name === `${plural}.${group}`
      ? []
      : [invalidValue('metadata.name', name, 'must be spec.names.plural+"."+spec.group')]),
    ...groupErrors(group),
    ...scopeErrors(spec),
    ...versionListErrors(object),
    ...schemasErrors(versionsOf(object)),
    ...namesErrors(names),
    ...conversionErrors(memberOf(spec, 'conversion')),
    ...(spec.preserveUnknownFields === true
      ? [
          invalidValue(
            'spec.preserveUnknownFields',
            true,
            'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead',
          ),
        ]
      : []),
    ...approvalErrors(object, before, group),
    ...storedVersionErrors(object),
    ...(before === undefined ? [] : changeErrors(object, before)),
  ];
}

function groupErrors(group: string): readonly FieldError[] {
  if (group === '') return [required('spec.group')];
  const bad = badName('dns-subdomain', group);
  if (bad !== undefined) return [invalidValue('spec.group', group, bad)];
  return group.includes('.')
    ? []
    : [invalidValue('spec.group', group, 'should be a domain with at least one dot')];
}

function scopeErrors(spec: JsonObject): readonly FieldError[] {
  const scope = textOf(spec, 'scope');
  if (scope === '') return [required('spec.scope')];
  const scopes = ['Cluster', 'Namespaced'];
  return scopes.includes(scope) ? [] : [notSupported('spec.scope', scope, scopes)];
}

function versionListErrors(object: KubernetesObject): readonly FieldError[] {
  const versions = versionsOf(object);
  const errors: FieldError[] = [];
  for (const [index, version] of versions.entries()) {
    const at = `spec.versions[${index}]`;
    const name = textOf(version, 'name');
    const bad = badName('dns-label-1035', name);
    if (bad !== undefined) errors.push(invalidValue(`${at}.name`, name, bad));
    const { openAPIV3Schema: schema } = memberOf(version, 'schema');
    if (!isJsonObject(schema)) errors.push(required(`${at}.schema.openAPIV3Schema`, 'schemas are required'));
    errors.push(...presentationErrors(version, at));
    if (version.deprecationWarning !== undefined && version.deprecated !== true)
      errors.push(
        invalidValue(
          `${at}.deprecationWarning`,
          version.deprecationWarning,
          'can only be set for deprecated versions',
        ),
      );
  }
  if (new Set(versions.map((it) => it.name)).size < versions.length)
    errors.push(invalidValue('spec.versions', versions, 'must contain unique version names'));
  if (versions.filter((it) => it.storage === true).length !== 1)
    errors.push(
      invalidValue('spec.versions', versions, 'must have exactly one version marked as storage version'),
    );
  return errors;
}

/** One schema that all versions have is told of once. */
function schemasErrors(versions: readonly JsonObject[]): readonly FieldError[] {
  const schemas = versions.map((version) => memberOf(version, 'schema').openAPIV3Schema);
  const [first] = schemas;
  if (isJsonObject(first) && schemas.every((it) => jsonEqual(it, first)))
    return schemaErrors(first, 'spec.validation.openAPIV3Schema');
  return schemas.flatMap((schema, index) =>
    isJsonObject(schema) ? schemaErrors(schema, `spec.versions[${index}].schema.openAPIV3Schema`) : [],
  );
}

function namesErrors(names: JsonObject): readonly FieldError[] {
  const errors: FieldError[] = [];
  for (const field of ['plural', 'singular', 'kind', 'listKind']) {
    const name = textOf(names, field);
    const isKind = field === 'kind' || field === 'listKind';
    const bad = badName('dns-label-1035', isKind ? name.toLowerCase() : name);
    const words = isKind ? `may have mixed case, but should otherwise match: ${bad}` : bad;
    if (name === '') errors.push(required(`spec.names.${field}`));
    else if (bad !== undefined) errors.push(invalidValue(`spec.names.${field}`, name, words ?? ''));
  }
  for (const field of ['shortNames', 'categories']) {
    for (const [index, name] of listOf(names, field).entries()) {
      const bad = badName('dns-label-1035', String(name));
      if (bad !== undefined) errors.push(invalidValue(`spec.names.${field}[${index}]`, name, bad));
    }
  }
  const kind = textOf(names, 'kind');
  if (kind !== '' && kind === textOf(names, 'listKind'))
    errors.push(invalidValue('spec.names.listKind', kind, 'kind and listKind may not be the same'));
  return errors;
}

function conversionErrors(conversion: JsonObject): readonly FieldError[] {
  const at = 'spec.conversion';
  const strategies = ['None', 'Webhook'];
  const strategy = textOf(conversion, 'strategy');
  if (!strategies.includes(strategy)) return [notSupported(`${at}.strategy`, strategy, strategies)];
  // Under the names that upstream has within, which is what its messages say.
  const [configAt, versionsAt] = [`${at}.webhookClientConfig`, `${at}.conversionReviewVersions`];
  const webhook = memberOf(conversion, 'webhook');
  if (strategy !== 'Webhook') {
    const without = 'should not be set when strategy is not set to Webhook';
    return [
      ...(webhook.clientConfig === undefined ? [] : [forbiddenField(configAt, without)]),
      ...(textsIn(webhook, 'conversionReviewVersions').length === 0
        ? []
        : [forbiddenField(versionsAt, without)]),
    ];
  }
  const { clientConfig } = webhook;
  return [
    ...(isJsonObject(clientConfig)
      ? clientConfigErrors(clientConfig, configAt)
      : [required(configAt, 'required when strategy is set to Webhook')]),
    ...reviewVersionErrors(textsIn(webhook, 'conversionReviewVersions'), versionsAt),
  ];
}

function reviewVersionErrors(versions: readonly string[], at: string): readonly FieldError[] {
  if (versions.length === 0) return [required(at)];
  const errors = versions.flatMap((version, index): readonly FieldError[] => {
    if (versions.indexOf(version) < index)
      return [invalidValue(`${at}[${index}]`, version, 'duplicate version')];
    const bad = badName('dns-label-1035', version);
    return bad === undefined ? [] : [invalidValue(`${at}[${index}]`, version, bad)];
  });
  if (versions.some((it) => reviewVersions.includes(it))) return errors;
  return [
    ...errors,
    invalidValue(at, [...versions], `must include at least one of ${reviewVersions.join(', ')}`),
  ];
}

function approvalErrors(
  { metadata }: KubernetesObject,
  before: KubernetesObject | undefined,
  group: string,
): readonly FieldError[] {
  const given = metadata.annotations?.[approvalAnnotation] ?? '';
  if (!isProtectedGroup(group) || given === before?.metadata.annotations?.[approvalAnnotation]) return [];
  const at = `metadata.annotations[${approvalAnnotation}]`;
  const see = 'see https://github.com/kubernetes/enhancements/pull/1111';
  if (given === '')
    return [
      required(
        at,
        `protected groups must have approval annotation ${JSON.stringify(approvalAnnotation)}, ${see}`,
      ),
    ];
  const isUrl = URL.canParse(given) && new URL(given).host !== '';
  return given.startsWith('unapproved') || isUrl
    ? []
    : [
        invalidValue(
          at,
          given,
          `protected groups must have approval annotation ${JSON.stringify(approvalAnnotation)} with either a URL or a reason starting with "unapproved", ${see}`,
        ),
      ];
}

function storedVersionErrors(object: KubernetesObject): readonly FieldError[] {
  const present = new Set(versionsOf(object).map((it) => textOf(it, 'name')));
  return listOf(memberOf(object, 'status'), 'storedVersions').flatMap((version, index) =>
    present.has(String(version))
      ? []
      : [
          invalidValue(
            `status.storedVersions[${index}]`,
            version,
            `missing from spec.versions; ${version} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${version} and removes ${version} from status.storedVersions`,
          ),
        ],
  );
}

/** What may not change: the place of its objects, and once it is established what they are. */
function changeErrors(object: KubernetesObject, before: KubernetesObject): readonly FieldError[] {
  const [spec, was] = [memberOf(object, 'spec'), memberOf(before, 'spec')];
  const fields = [
    ['group', 'group'],
    ['names.plural', 'plural'],
    ...(hasCondition(before, 'Established')
      ? [
          ['scope', 'scope'],
          ['names.kind', 'kind'],
        ]
      : []),
  ];
  return fields.flatMap(([path = '', name = '']) => {
    const of = (it: JsonObject) => (path.startsWith('names.') ? memberOf(it, 'names') : it)[name];
    return jsonEqual(of(spec), of(was)) ? [] : [invalidValue(`spec.${path}`, of(spec), 'field is immutable')];
  });
}
