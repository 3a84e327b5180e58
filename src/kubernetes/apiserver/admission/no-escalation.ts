import { type Json, jsonEqual } from '../../../store/index.ts';
import { assertNoEscalation } from '../../authorization/escalation.ts';
import type { Authorizer } from '../../authorization/rbac.ts';
import type { JsonObject, KubernetesObject } from '../../objects/object.ts';
import type { Plugin } from './attributes.ts';

/**
 * Nobody gets more than he may hand out by what webhooks and policies make of his roles and bindings: upstream asks once they
 * have been there. It is no plugin there, and has no name.
 */
export const noEscalation = ({ authorizer }: { readonly authorizer: Authorizer }): Plugin => ({
  name: 'NoEscalation',
  handles: ({ operation, resource }) =>
    operation !== 'DELETE' && resource.group === 'rbac.authorization.k8s.io',
  validate: ({ resource, namespace, before, object, by }) => {
    if (object === undefined) return undefined;
    // Garbage collection changes owners and finalizers alone, and holds nothing of what roles say.
    if (before !== undefined && jsonEqual(granted(before), granted(object))) return undefined;
    assertNoEscalation(authorizer, by.user, { resource, namespace }, object as unknown as JsonObject);
    return undefined;
  },
});

function granted({ metadata: { labels, annotations }, ...rest }: KubernetesObject): Json {
  return { ...rest, labels: labels ?? {}, annotations: annotations ?? {} } as unknown as Json;
}
