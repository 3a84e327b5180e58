import { type KubernetesObject, memberOf, objectsIn, textOf } from '../../objects/object.ts';
import { resourceNamed } from '../../schema/catalogue.ts';
import type { Cluster } from '../cluster.ts';
import { getObject } from '../read.ts';
import { badRequest } from '../status.ts';

const nodes = resourceNamed('', 'nodes');

/** The node that a pod is bound to. @throws {ApiError} 400: to none; 404: the node is gone. */
export function nodeOf(cluster: Cluster, pod: KubernetesObject): Promise<KubernetesObject> {
  const name = textOf(memberOf(pod, 'spec'), 'nodeName');
  if (name === '') throw badRequest(`pod ${pod.metadata.name} does not have a host assigned`);
  return getObject(cluster, { resource: nodes, namespace: undefined, name });
}

/** The container that is meant: the one that is named, or the only one. @throws {ApiError} 400 */
export function containerOf(pod: KubernetesObject, name: string): string {
  const spec = memberOf(pod, 'spec');
  const namesIn = (list: string) => objectsIn(spec, list).map((it) => textOf(it, 'name'));
  const [containers, initContainers] = [namesIn('containers'), namesIn('initContainers')];
  const { name: podName } = pod.metadata;
  if (name !== '') {
    if ([...containers, ...initContainers, ...namesIn('ephemeralContainers')].includes(name)) return name;
    throw badRequest(`container ${name} is not valid for pod ${podName}`);
  }
  const [only] = containers;
  if (only !== undefined && containers.length === 1) return only;
  const others =
    initContainers.length > 0 ? ` or one of the init containers: [${initContainers.join(' ')}]` : '';
  throw badRequest(
    `a container name must be specified for pod ${podName}, choose one of: [${containers.join(' ')}]${others}`,
  );
}
