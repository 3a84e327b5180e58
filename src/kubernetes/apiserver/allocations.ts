import { uuid } from '../../clock/index.ts';
import type { Draft } from '../kinds/kind.ts';
import { ensured } from '../kinds/kind.ts';
import { type KubernetesObject, memberOf, textOf, timestamp } from '../objects/object.ts';
import { type Alongside, alone, together } from '../objects/object-store.ts';
import { type Resource, resourceNamed } from '../schema/catalogue.ts';
import type { Cluster } from './cluster.ts';
import { allocatedNodePorts, releasedNodePorts } from './node-ports.ts';
import { ApiError, forbiddenField, invalid, invalidValue } from './status.ts';

const services = resourceNamed('', 'services');
const addresses = resourceNamed('networking.k8s.io', 'ipaddresses');

/** Found by trying; a range that is nearly full is given up on. */
const mostTries = 200;

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
    return isAddress(held) ? released(cluster, held) : alone;
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
  const address = asked === '' ? await freeAddress(cluster) : asked;
  const at = indexIn(cluster.serviceIpv4Cidr, address);
  const isTaken = (await cluster.objects.get(addresses, undefined, address)) !== undefined;
  if (at === undefined || isTaken) {
    const why = isTaken
      ? 'provided IP is already allocated'
      : `the provided network does not match the current range ${cluster.serviceIpv4Cidr}`;
    throw invalid({ group: '', kind: 'Service' }, String(draft.metadata.name), [
      invalidValue('spec.clusterIPs', [address], `failed to allocate IP ${address}: ${why}`),
    ]);
  }
  spec.clusterIP = address;
  spec.clusterIPs = [address];
  return heldBy(cluster, address, draft);
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
    isAddress(address) ? released(cluster, address) : alone,
    releasedNodePorts(cluster, object),
  );
}

const isAddress = (text: string): boolean => text !== '' && text !== 'None';

const released = (cluster: Pick<Cluster, 'objects'>, address: string): Alongside => ({
  preconditions: [],
  writes: [{ type: 'delete', key: cluster.objects.key(addresses, undefined, address) }],
});

function heldBy(cluster: Cluster, address: string, { metadata }: Draft): Alongside {
  const key = cluster.objects.key(addresses, undefined, address);
  const { name = '', namespace = '' } = metadata as { readonly name?: string; readonly namespace?: string };
  const value = {
    ...{ apiVersion: 'networking.k8s.io/v1', kind: 'IPAddress' },
    metadata: {
      ...{ name: address, uid: uuid(cluster.random), creationTimestamp: timestamp(cluster.clock.now()) },
      labels: {
        'ipaddress.kubernetes.io/ip-family': 'IPv4',
        'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io',
      },
    },
    spec: { parentRef: { group: '', resource: 'services', namespace, name } },
  };
  return { preconditions: [{ key, revision: 0 }], writes: [{ type: 'put', key, value }] };
}

/** From the upper part of the range first: the lower one is for those who ask for an address by name. */
async function freeAddress(cluster: Cluster): Promise<string> {
  const { first, size } = rangeOf(cluster.serviceIpv4Cidr);
  const kept = Math.min(Math.max(16, Math.floor(size / 16)), 256);
  for (let attempt = 0; attempt < mostTries; attempt++) {
    const index = kept + cluster.random.integer(Math.max(1, size - kept - 1));
    const address = textOfAddress(first + index);
    if ((await cluster.objects.get(addresses, undefined, address)) === undefined) return address;
  }
  throw new ApiError(
    500,
    'InternalError',
    'Internal error occurred: failed to allocate a serviceIP: range is full',
  );
}

function rangeOf(cidr: string): { readonly first: number; readonly size: number } {
  const [address = '', length = ''] = cidr.split('/');
  const size = 2 ** (32 - Number(length));
  return { first: Math.floor(numberOfAddress(address) / size) * size, size };
}

/** Undefined: it is not in the range, or is its first or last. */
function indexIn(cidr: string, address: string): number | undefined {
  const { first, size } = rangeOf(cidr);
  const index = numberOfAddress(address) - first;
  return index > 0 && index < size - 1 ? index : undefined;
}

const numberOfAddress = (address: string): number =>
  /^(\d{1,3}\.){3}\d{1,3}$/.test(address)
    ? address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
    : Number.NaN;

const textOfAddress = (number: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
