import type { Reader } from '../../reconcile/index.ts';
import { nodeOf, type User } from '../authentication/user.ts';
import { mirrorOf } from '../objects/mirror-pods.ts';
import {
  isJsonObject,
  type JsonObject,
  type KubernetesObject,
  listOf,
  memberOf,
  textOf,
} from '../objects/object.ts';
import type { ClusterPlace } from '../objects/object-records.ts';
import { objectRecords, recordsPrefix } from '../objects/object-records.ts';
import { nodeRules } from './component-roles.ts';
import { type Attributes, type Authorizer, covers } from './rbac.ts';

const pods = objectRecords('pods');
const claims = objectRecords('persistentvolumeclaims');

/**
 * The node authorizer: a kubelet may do what kubelets do, and of what pods use it reads only what the pods on its own
 * node use. So one that is taken over gives away no other node's secrets. Everybody else is judged by `others` alone, and
 * a node by them too, where this does not allow it.
 */
export function withNodes(others: Authorizer, reader: Reader, place: ClusterPlace): Authorizer {
  const isOwn = (user: User, asked: Attributes): boolean => {
    const node = nodeOf(user);
    return node !== undefined && isNodesOwn(reader, place, node, asked);
  };
  return {
    ...others,
    why: (user, asked) => (isOwn(user, asked) ? 'Node authorizer: allowed' : others.why(user, asked)),
    allows: (user, asked) => isOwn(user, asked) || others.allows(user, asked),
  };
}

const readOne = ['get', 'list', 'watch'];

function isNodesOwn(reader: Reader, place: ClusterPlace, node: string, asked: Attributes): boolean {
  if (!asked.isResource || !nodeRules.some((rule) => covers(rule, asked))) return false;
  const { group, resource, subresource, verb, namespace, name } = asked;
  const used = (by: (pod: KubernetesObject) => readonly string[]): boolean =>
    name !== '' &&
    namespace !== '' &&
    podsOn(reader, place, node, namespace).some((pod) => by(pod).includes(name));
  switch (group === '' ? resource : `${resource}.${group}`) {
    case 'secrets':
      return readOne.includes(verb) && used(secretsOf);
    case 'configmaps':
      return readOne.includes(verb) && used(configMapsOf);
    case 'persistentvolumeclaims':
      return used(claimsOf);
    case 'persistentvolumes':
      return name !== '' && volumesOf(reader, place, node).includes(name);
    case 'serviceaccounts':
      return subresource === 'token' && used((pod) => [textOf(memberOf(pod, 'spec'), 'serviceAccountName')]);
    case 'leases.coordination.k8s.io':
      return namespace === 'kube-node-lease' && (verb === 'create' || name === node);
    case 'csinodes.storage.k8s.io':
      return verb === 'create' || name === node;
    default:
      return true;
  }
}

/** Without those that the node itself has made: what they use would be whatever it likes to read. */
function podsOn(
  reader: Reader,
  place: ClusterPlace,
  node: string,
  namespace?: string,
): readonly KubernetesObject[] {
  const found: KubernetesObject[] = [];
  for (const { value } of reader.list(pods, recordsPrefix(pods.noun, place, namespace)))
    if (textOf(memberOf(value, 'spec'), 'nodeName') === node && mirrorOf(value) === undefined)
      found.push(value);
  return found;
}

const objectsIn = (of: object, name: string): readonly JsonObject[] => listOf(of, name).filter(isJsonObject);

function containersOf(pod: KubernetesObject): readonly JsonObject[] {
  const spec = memberOf(pod, 'spec');
  return ['containers', 'initContainers', 'ephemeralContainers'].flatMap((list) => objectsIn(spec, list));
}

/** Volumes themselves, and the sources of projected ones. */
function sourcesOf(pod: KubernetesObject): readonly JsonObject[] {
  const volumes = objectsIn(memberOf(pod, 'spec'), 'volumes');
  return volumes.flatMap((volume) => [volume, ...objectsIn(memberOf(volume, 'projected'), 'sources')]);
}

function fromEnvironment(pod: KubernetesObject, ref: string, keyRef: string): readonly string[] {
  return containersOf(pod).flatMap((container) => [
    ...objectsIn(container, 'envFrom').map((source) => textOf(memberOf(source, ref), 'name')),
    ...objectsIn(container, 'env').map((variable) =>
      textOf(memberOf(memberOf(variable, 'valueFrom'), keyRef), 'name'),
    ),
  ]);
}

const secretsOf = (pod: KubernetesObject): readonly string[] => [
  ...objectsIn(memberOf(pod, 'spec'), 'imagePullSecrets').map((it) => textOf(it, 'name')),
  ...sourcesOf(pod).flatMap((source) => [
    textOf(memberOf(source, 'secret'), 'secretName'),
    textOf(memberOf(source, 'secret'), 'name'),
    textOf(memberOf(memberOf(source, 'csi'), 'nodePublishSecretRef'), 'name'),
  ]),
  ...fromEnvironment(pod, 'secretRef', 'secretKeyRef'),
];

/** The certificates that every pod's token comes with are of its namespace. */
const configMapsOf = (pod: KubernetesObject): readonly string[] => [
  ...sourcesOf(pod).map((source) => textOf(memberOf(source, 'configMap'), 'name')),
  ...fromEnvironment(pod, 'configMapRef', 'configMapKeyRef'),
];

const claimsOf = (pod: KubernetesObject): readonly string[] =>
  objectsIn(memberOf(pod, 'spec'), 'volumes').flatMap((volume) => [
    textOf(memberOf(volume, 'persistentVolumeClaim'), 'claimName'),
    ...(volume.ephemeral === undefined ? [] : [`${pod.metadata.name}-${textOf(volume, 'name')}`]),
  ]);

function volumesOf(reader: Reader, place: ClusterPlace, node: string): readonly string[] {
  return podsOn(reader, place, node).flatMap((pod) => {
    const used = claimsOf(pod);
    const prefix = recordsPrefix(claims.noun, place, pod.metadata.namespace);
    return [...reader.list(claims, prefix)]
      .filter(({ value }) => used.includes(value.metadata.name))
      .map(({ value }) => textOf(memberOf(value, 'spec'), 'volumeName'));
  });
}
