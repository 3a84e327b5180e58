import type { Collection, Reader, RecordKey, Stored } from '../../reconcile/index.ts';
import type { User } from '../authentication/user.ts';
import { type KubernetesObject, objectsIn, textOf } from '../objects/object.ts';
import type { ClusterPlace } from '../objects/object-records.ts';
import { objectRecords, placeOfObject } from '../objects/object-records.ts';
import { qualifiedName, resourceNamed } from '../schema/catalogue.ts';

type Bindings = Collection<KubernetesObject, 'subject'>;

const bindingsOf = (resource: string): Bindings => ({
  ...objectRecords(qualifiedName(resourceNamed('rbac.authorization.k8s.io', resource))),
  indexes: { subject: subjectsOf },
});

/** Found by whom they bind: most bindings of a cluster have nothing to do with whoever asks. */
const clusterRoleBindings = bindingsOf('clusterrolebindings');
const roleBindings = bindingsOf('rolebindings');

/** In the order of their names. @param namespace `''`: those of the whole cluster. */
export function bindingsTo(
  reader: Reader,
  { id }: ClusterPlace,
  { username, groups }: User,
  namespace: string,
): readonly Stored<KubernetesObject>[] {
  const bindings = namespace === '' ? clusterRoleBindings : roleBindings;
  const found = [
    reader.byIndex(bindings, 'subject', subjectKey(id, namespace, 'User', username)),
    ...groups.map((group) => reader.byIndex(bindings, 'subject', subjectKey(id, namespace, 'Group', group))),
  ].filter(({ length }) => length > 0);
  if (found.length < 2) return found[0] ?? [];
  return [...new Set(found.flat())].sort((one, other) => (one.key < other.key ? -1 : 1));
}

const subjectKey = (clusterId: string, namespace: string, kind: 'Group' | 'User', name: string): string =>
  `${clusterId}/${namespace}/${kind}/${name}`;

function subjectsOf(binding: KubernetesObject, key: RecordKey): readonly string[] {
  const { id } = placeOfObject(key);
  const { namespace: own = '' } = binding.metadata;
  return objectsIn(binding, 'subjects').flatMap((subject) => {
    const name = textOf(subject, 'name');
    switch (subject.kind) {
      case 'User':
      case 'Group':
        return [subjectKey(id, own, subject.kind, name)];
      case 'ServiceAccount': {
        const namespace = textOf(subject, 'namespace') || own;
        return [subjectKey(id, own, 'User', `system:serviceaccount:${namespace}:${name}`)];
      }
      default:
        return [];
    }
  });
}
