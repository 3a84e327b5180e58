import type { Draft } from '../kinds/kind.ts';
import { ensured } from '../kinds/kind.ts';
import { type KubernetesObject, memberOf, textOf } from '../objects/object.ts';
import { type Alongside, alone, together } from '../objects/object-store.ts';
import { type Resource, resourceNamed } from '../schema/catalogue.ts';
import type { Cluster } from './cluster.ts';
import { allocatedNodePorts, releasedNodePorts } from './node-ports.ts';
import { releasedAddress, takenAddress } from './service-addresses.ts';
import { forbiddenField, invalid } from './status.ts';

const services = resourceNamed('', 'services');

/**
 * What a write takes for its object: an address for a service, held by an IPAddress that is made in the same commit, so
 * that no two services have one, and ports of the nodes in the same way.
 * @throws {ApiError} 422, 500
 */
export async function allocated(
  cluster: Cluster,
  resource: Resource,
  draft: Draft,
  before: KubernetesObject | undefined,
): Promise<Alongside> {
  if (resource !== services) return alone;
  const address = await allocatedAddress(cluster, draft, before);
  return together(address, await allocatedNodePorts(cluster, draft, before));
}

async function allocatedAddress(
  cluster: Cluster,
  draft: Draft,
  before: KubernetesObject | undefined,
): Promise<Alongside> {
  const spec = ensured(draft, 'spec');
  const held = textOf(memberOf(before, 'spec'), 'clusterIP');
  if (spec.type === 'ExternalName') {
    // It has none any more, and may not name one that is another's by now.
    if (spec.clusterIP !== undefined && spec.clusterIP !== '' && spec.clusterIP !== held) {
      throw invalid({ group: '', kind: 'Service' }, String(draft.metadata.name), [
        forbiddenField('spec.clusterIPs', 'may not be set for ExternalName services'),
      ]);
    }
    delete spec.clusterIP;
    delete spec.clusterIPs;
    return isAddress(held) ? releasedAddress(cluster, held) : alone;
  }
  if (held !== '') {
    spec.clusterIP ??= held;
    spec.clusterIPs ??= [held];
    return alone;
  }
  if (spec.clusterIP === 'None') {
    spec.clusterIPs = ['None'];
    return alone;
  }
  const asked = typeof spec.clusterIP === 'string' ? spec.clusterIP : '';
  const { address, alongside } = await takenAddress(cluster, draft, asked);
  spec.clusterIP = address;
  spec.clusterIPs = [address];
  return alongside;
}

/** What goes with a service that goes. */
export function releasedWith(
  cluster: Pick<Cluster, 'objects'>,
  resource: Resource,
  object: KubernetesObject,
): Alongside {
  if (resource !== services) return alone;
  const address = textOf(memberOf(object, 'spec'), 'clusterIP');
  return together(
    isAddress(address) ? releasedAddress(cluster, address) : alone,
    releasedNodePorts(cluster, object),
  );
}

const isAddress = (text: string): boolean => text !== '' && text !== 'None';
