import { ensured, type Kind, setDefaults } from '../kinds/kind.ts';
import { isJsonObject, listOf, memberOf } from '../objects/object.ts';
import { cleanupFinalizer, storageVersionOf } from './definition.ts';
import { definitionErrors } from './definition-errors.ts';
import { withConditions } from './definition-status.ts';

/** CustomResourceDefinitions: what they define is served as soon as their names are accepted, which a reconciler decides. */
export const customResourceDefinition: Kind = {
  hasGeneration: true,
  answersDeleted: true,
  onCreate: (draft) => {
    draft.status = { acceptedNames: { kind: '', plural: '' }, conditions: [], storedVersions: [] };
  },
  defaults: (draft) => {
    const spec = ensured(draft, 'spec');
    const names = ensured(spec, 'names');
    const kind = String(names.kind ?? '');
    if (kind !== '') setDefaults(names, { singular: kind.toLowerCase(), listKind: `${kind}List` });
    const conversion = ensured(spec, 'conversion');
    setDefaults(conversion, { strategy: 'None' });
    const { service } = memberOf(memberOf(conversion, 'webhook'), 'clientConfig');
    if (isJsonObject(service)) setDefaults(service, { port: 443 });
    const stored = storageVersionOf(draft);
    const status = ensured(draft, 'status');
    const known = listOf(status, 'storedVersions');
    if (stored !== '' && !known.includes(stored)) status.storedVersions = [...known, stored];
  },
  onDelete: (object, now) => {
    const finalizers = object.metadata.finalizers ?? [];
    if (finalizers.includes(cleanupFinalizer)) return object;
    const marked = withConditions(
      object,
      [
        {
          ...{ type: 'Terminating', status: 'True', reason: 'InstanceDeletionPending' },
          message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
        },
      ],
      now,
      {},
    );
    return { ...marked, metadata: { ...marked.metadata, finalizers: [...finalizers, cleanupFinalizer] } };
  },
  validate: definitionErrors,
};
