import { matchesLabels } from '../../../objects/label-selector.ts';
import {
  isJsonObject,
  type KubernetesObject,
  memberOf,
  objectsIn,
  textOf,
  textsIn,
} from '../../../objects/object.ts';
import { apiVersionOf, type Catalogue, qualifiedName, type Resource } from '../../../schema/catalogue.ts';
import { ApiError } from '../../status.ts';
import type { Attributes } from '../attributes.ts';
import type { AdmissionContext } from '../context.ts';
import { matchPolicyOf, wantedVersion } from '../versions.ts';
import { covers, type Labelled, selects } from '../webhooks/matching.ts';
import { ruleOf } from '../webhooks/webhook.ts';
import { type Policy, policyOf } from './policy.ts';

/** A policy where a binding puts it to work. */
export interface Bound {
  readonly policy: Policy;
  readonly binding: KubernetesObject;
  /** In which the policy wants to see the write. */
  readonly version: Resource;
}

/** The policies that have a say about a write, each with a binding of its own, in the order of their names. */
export function boundPolicies(
  { inMemory, catalogue }: Pick<AdmissionContext, 'catalogue' | 'inMemory'>,
  resources: { readonly policies: Resource; readonly bindings: Resource },
  attributes: Attributes,
  labels: Labelled,
): readonly Bound[] {
  const bindings = inMemory.all(resources.bindings);
  if (bindings.length === 0) return [];
  return inMemory.all(resources.policies).flatMap((object) => {
    const policy = policyOf(object);
    const version = versionMeantBy(catalogue(), policy.matchConstraints, attributes, labels);
    if (version === undefined) return [];
    return bindings
      .filter((binding) => {
        const { policyName, matchResources } = memberOf(binding, 'spec');
        return (
          policyName === policy.name &&
          (!isJsonObject(matchResources) ||
            versionMeantBy(catalogue(), matchResources, attributes, labels) !== undefined)
        );
      })
      .map((binding) => ({ policy, binding, version }));
  });
}

/**
 * In which version a write is among `MatchResources`, of a policy or of a binding, which may leave out the rules; undefined: it is
 * not among them.
 */
function versionMeantBy(
  catalogue: Catalogue,
  match: object,
  attributes: Attributes,
  labels: Labelled,
): Resource | undefined {
  const matchPolicy = matchPolicyOf(textOf(match, 'matchPolicy'));
  const versionIn = (list: string): Resource | undefined =>
    wantedVersion(catalogue, matchPolicy, attributes, (asked) =>
      objectsIn(match, list).some((rule) => {
        const names = textsIn(rule, 'resourceNames');
        return covers(ruleOf(rule), asked) && (names.length === 0 || names.includes(asked.name));
      }),
    );
  if (versionIn('excludeResourceRules') !== undefined) return undefined;
  const hasRules = objectsIn(match, 'resourceRules').length > 0;
  const version = hasRules ? versionIn('resourceRules') : attributes.resource;
  const selectors = {
    namespaceSelector: memberOf(match, 'namespaceSelector'),
    objectSelector: memberOf(match, 'objectSelector'),
  };
  return selects(selectors, labels) ? version : undefined;
}

/** Why a binding has no parameters. */
export class NoParamsError extends Error {
  override readonly name = 'NoParamsError';
}

/**
 * What a policy is evaluated with: once for each object that its binding names, or once with none.
 * @throws {NoParamsError} there is none, and there has to be one.
 */
export async function paramsOf(
  { inMemory, catalogue, objects }: Pick<AdmissionContext, 'catalogue' | 'inMemory' | 'objects'>,
  { policy, binding }: Bound,
  { namespace }: Attributes,
): Promise<readonly (KubernetesObject | undefined)[]> {
  const { paramKind } = policy;
  const ref = memberOf(binding, 'spec').paramRef;
  if (paramKind === undefined) return [undefined];
  const kind = `${textOf(paramKind, 'apiVersion')}, Kind=${textOf(paramKind, 'kind')}`;
  const resource = resourceOfKind(catalogue(), textOf(paramKind, 'apiVersion'), textOf(paramKind, 'kind'));
  if (resource === undefined)
    throw new NoParamsError(`failed to find resource referenced by paramKind: '${kind}'`);
  if (!isJsonObject(ref)) return [undefined];
  const within = resource.isNamespaced ? textOf(ref, 'namespace') || namespace : undefined;
  if (resource.isNamespaced && within === undefined)
    throw new NoParamsError(
      'cannot use namespaced paramRef in policy binding that matches cluster-scoped resources',
    );
  const name = textOf(ref, 'name');
  const all = await named({ inMemory, objects }, resource, within, name);
  const found =
    name === '' ? all.filter((it) => matchesLabels(memberOf(ref, 'selector'), it.metadata.labels)) : all;
  if (found.length > 0) {
    const kept = found.map((object) => ({ key: '', object, revision: 0 }));
    try {
      return (await objects.served(resource, kept)).map(({ object }) => object);
    } catch (error) {
      if (error instanceof ApiError) throw new NoParamsError(error.message);
      throw error;
    }
  }
  if (ref.parameterNotFoundAction === 'Allow') return [];
  throw new NoParamsError('no params found for policy binding with `Deny` parameterNotFoundAction');
}

/**
 * The object of a name, or all. Memory has Secrets as they are kept, which may be sealed: those are read from the store.
 * @throws {NoParamsError} they can't be opened.
 */
async function named(
  { inMemory, objects }: Pick<AdmissionContext, 'inMemory' | 'objects'>,
  resource: Resource,
  within: string | undefined,
  name: string,
): Promise<readonly KubernetesObject[]> {
  if (qualifiedName(resource) !== 'secrets')
    return name === '' ? [...inMemory.list(resource, within)] : present(inMemory.get(resource, within, name));
  try {
    if (name === '') return (await objects.list(resource, within)).items.map(({ object }) => object);
    return present((await objects.get(resource, within, name))?.object);
  } catch (error) {
    if (error instanceof ApiError) throw new NoParamsError(error.message);
    throw error;
  }
}

const present = (object: KubernetesObject | undefined): readonly KubernetesObject[] =>
  object === undefined ? [] : [object];

const resourceOfKind = (catalogue: Catalogue, apiVersion: string, kind: string): Resource | undefined =>
  catalogue.resources.find((it) => it.kind === kind && !it.isReview && apiVersionOf(it) === apiVersion);
