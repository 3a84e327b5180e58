import { matchesLabels } from '../../../objects/label-selector.ts';
import { type Resource, resourceNamed } from '../../../schema/catalogue.ts';
import type { Attributes } from '../attributes.ts';
import type { AdmissionContext } from '../context.ts';
import { wantedVersion } from '../versions.ts';
import type { Rule, Webhook } from './webhook.ts';

const namespaces = resourceNamed('', 'namespaces');

type Labels = Readonly<Record<string, string>>;

/** Of what is written and where: what selectors look at. */
export interface Labelled {
  readonly object: Labels | undefined;
  readonly before: Labels | undefined;
  /** Of the object's namespace, or of itself if it is one; undefined: it is in none. */
  readonly namespace: Labels | undefined;
}

/** Nobody may be locked out by a webhook from taking it away: what configures admission is never asked about. */
export const isExempt = ({ resource }: Attributes): boolean =>
  resource.group === 'admissionregistration.k8s.io';

/** In which version a webhook is to be asked about a write, by its rules and selectors; undefined: it is not to be asked. */
export function versionMeant(
  { catalogue }: Pick<AdmissionContext, 'catalogue'>,
  webhook: Webhook,
  attributes: Attributes,
  labels: Labelled,
): Resource | undefined {
  const isCovered = (asked: Attributes): boolean => webhook.rules.some((rule) => covers(rule, asked));
  const version = wantedVersion(catalogue(), webhook.matchPolicy, attributes, isCovered);
  return version !== undefined && selects(webhook, labels) ? version : undefined;
}

/** Whether a write is of the namespaces and objects that are selected. */
export function selects(
  { namespaceSelector, objectSelector }: Pick<Webhook, 'namespaceSelector' | 'objectSelector'>,
  labels: Labelled,
): boolean {
  if (labels.namespace !== undefined && !matchesLabels(namespaceSelector, labels.namespace)) return false;
  return [labels.object, labels.before].some(
    (own) => own !== undefined && matchesLabels(objectSelector, own),
  );
}

/** Whether a rule is about a write. */
export function covers(rule: Rule, { operation, resource, subresource, namespace }: Attributes): boolean {
  const isAny = (values: readonly string[], value: string): boolean =>
    values.includes('*') || values.includes(value);
  return (
    isAny(rule.operations, operation) &&
    isAny(rule.apiGroups, resource.group) &&
    isAny(rule.apiVersions, resource.version) &&
    rule.resources.some((it) => coversResource(it, resource.name, subresource ?? '')) &&
    coversScope(rule.scope, namespace !== undefined && resource !== namespaces)
  );
}

/** `*` means no subresource; the subresource `*` means also none. */
function coversResource(wanted: string, name: string, subresource: string): boolean {
  const [resource = '', sub = ''] = wanted.split('/');
  return (resource === '*' || resource === name) && (sub === '*' || sub === subresource);
}

const coversScope = (scope: string, isNamespaced: boolean): boolean =>
  scope === '*' || (scope === 'Namespaced') === isNamespaced;
