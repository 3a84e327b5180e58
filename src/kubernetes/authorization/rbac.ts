import type { Reader, RecordKey } from '../../reconcile/index.ts';
import type { User } from '../authentication/user.ts';
import { mastersGroup } from '../authentication/user.ts';
import {
  type JsonObject,
  type KubernetesObject,
  listOf,
  memberOf,
  objectsIn,
  textOf,
} from '../objects/object.ts';
import type { ClusterPlace } from '../objects/object-records.ts';
import { objectRecords, recordsPrefix } from '../objects/object-records.ts';
import { qualifiedName, resourceNamed } from '../schema/catalogue.ts';
import { bindingsTo } from './bindings.ts';

/** What somebody wants to do. */
export type Attributes =
  | {
      readonly isResource: true;
      readonly verb: string;
      readonly group: string;
      readonly resource: string;
      readonly subresource: string;
      /** `''`: of the whole cluster. */
      readonly namespace: string;
      /** `''`: of all. */
      readonly name: string;
    }
  | { readonly isResource: false; readonly verb: string; readonly path: string };

export interface Authorizer {
  allows(user: User, asked: Attributes): boolean;
  /** What allows it, as reviews tell it; `''` for who may do everything; undefined: nothing. */
  why(user: User, asked: Attributes): string | undefined;
  /** The rules that count for somebody in a namespace. */
  rulesOf(user: User, namespace: string): readonly JsonObject[];
  /** Of a role in a namespace, or of a cluster's role; undefined: there is no such role. */
  rulesOfRole(name: string, namespace: string | undefined): readonly JsonObject[] | undefined;
}

const group = 'rbac.authorization.k8s.io';
const recordsOf = (name: string) => objectRecords(qualifiedName(resourceNamed(group, name)));
const clusterRoles = recordsOf('clusterroles');
const roles = recordsOf('roles');
type Records = ReturnType<typeof recordsOf>;

/** Decides by the cluster's roles and bindings as they are at that moment, which are in memory. */
export function rbacAuthorizer(reader: Reader, place: ClusterPlace): Authorizer {
  const roleNamed = (records: Records, name: string, namespace?: string): KubernetesObject | undefined => {
    const key = `${recordsPrefix(records.noun, place, namespace)}${encodeURIComponent(name)}`;
    return reader.get(records, key as RecordKey);
  };
  const rules = function* (user: User, namespace: string): Generator<JsonObject, void> {
    for (const { value: binding } of bindingsTo(reader, place, user, ''))
      if (bindsClusterRole(binding)) yield* rulesIn(roleNamed(clusterRoles, roleNameOf(binding)));
    if (namespace === '') return;
    for (const { value: binding } of bindingsTo(reader, place, user, namespace)) {
      yield* rulesIn(
        bindsClusterRole(binding)
          ? roleNamed(clusterRoles, roleNameOf(binding))
          : roleNamed(roles, roleNameOf(binding), namespace),
      );
    }
  };
  const why: Authorizer['why'] = (user, asked) => {
    if (user.groups.includes(mastersGroup)) return '';
    for (const rule of rules(user, asked.isResource ? asked.namespace : ''))
      if (covers(rule, asked)) return 'RBAC: allowed';
    return undefined;
  };
  return {
    why,
    allows: (user, asked) => why(user, asked) !== undefined,
    rulesOf: (user, namespace) => [
      ...(user.groups.includes(mastersGroup)
        ? [
            { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
            { verbs: ['*'], nonResourceURLs: ['*'] },
          ]
        : []),
      ...rules(user, namespace),
    ],
    rulesOfRole: (name, namespace) => {
      const role =
        namespace === undefined ? roleNamed(clusterRoles, name) : roleNamed(roles, name, namespace);
      return role === undefined ? undefined : rulesIn(role);
    },
  };
}

const bindsClusterRole = (binding: KubernetesObject): boolean =>
  textOf(memberOf(binding, 'roleRef'), 'kind') === 'ClusterRole';

const roleNameOf = (binding: KubernetesObject): string => textOf(memberOf(binding, 'roleRef'), 'name');

const rulesIn = (role: KubernetesObject | undefined): readonly JsonObject[] => objectsIn(role, 'rules');

/** Whether a rule, as roles have them, allows it. */
export function covers(rule: object, asked: Attributes): boolean {
  const has = (list: string, value: string): boolean => {
    const values = listOf(rule, list);
    return values.includes('*') || values.includes(value);
  };
  if (!has('verbs', asked.verb)) return false;
  if (!asked.isResource) {
    return listOf(rule, 'nonResourceURLs').some((url) =>
      typeof url === 'string' && url.endsWith('*')
        ? asked.path.startsWith(url.slice(0, -1))
        : url === asked.path,
    );
  }
  if (!has('apiGroups', asked.group)) return false;
  const { resource, subresource } = asked;
  const isMeant =
    subresource === '' ? has('resources', resource) : coversSubresource(rule, resource, subresource);
  const names = listOf(rule, 'resourceNames');
  return isMeant && (names.length === 0 || names.includes(asked.name));
}

const coversSubresource = (rule: object, resource: string, subresource: string): boolean =>
  ['*', `${resource}/${subresource}`, `*/${subresource}`].some((it) =>
    listOf(rule, 'resources').includes(it),
  );
