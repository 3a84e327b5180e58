import { resourceNamed } from '../../schema/catalogue.ts';
import { forbidden, notFound } from '../status.ts';
import type { Attributes, Plugin } from './attributes.ts';
import type { AdmissionContext } from './context.ts';

const namespaces = resourceNamed('', 'namespaces');
/** Every cluster has them. */
const keptNamespaces = new Set(['default', 'kube-public', 'kube-system']);

/**
 * An object needs a namespace that is there and that nobody is about to take away, and that stays so until the write. Some
 * namespaces stay for good.
 */
export function namespaceLifecycle({ objects }: Pick<AdmissionContext, 'objects'>): Plugin {
  const guard = async (attributes: Attributes) => {
    const { resource, namespace = '', name } = attributes;
    const found = await objects.get(namespaces, undefined, namespace);
    if (found === undefined) throw notFound(namespaces, namespace);
    if (found.object.metadata.deletionTimestamp !== undefined) {
      throw forbidden(
        resource,
        name,
        `unable to create new content in namespace ${namespace} because it is being terminated`,
        [
          {
            reason: 'NamespaceTerminating',
            message: `namespace ${namespace} is being terminated`,
            field: 'metadata.namespace',
          },
        ],
      );
    }
    return { preconditions: [{ key: found.key, revision: found.revision }], writes: [] };
  };
  return {
    name: 'NamespaceLifecycle',
    handles: ({ operation, resource, namespace }) =>
      (operation === 'CREATE' && namespace !== undefined) ||
      (operation === 'DELETE' && resource === namespaces),
    // Before anything else looks for what such a namespace would have.
    mutate: (attributes) => {
      if (attributes.operation !== 'DELETE') return guard(attributes);
      const { resource, name } = attributes;
      if (keptNamespaces.has(name)) throw forbidden(resource, name, 'this namespace may not be deleted');
      return undefined;
    },
  };
}
