import { uuid } from '../../clock/index.ts';
import type { Draft } from '../kinds/kind.ts';
import { timestamp } from '../objects/object.ts';
import { type Alongside, type StoredObject, together } from '../objects/object-store.ts';
import { resourceNamed } from '../schema/catalogue.ts';
import type { Cluster } from './cluster.ts';
import {
  type AddressRange,
  givesAddresses,
  isInRange,
  isUsable,
  numberOfAddress,
  type Part,
  partsOf,
  rangesOf,
  type ServiceRanges,
  textOfAddress,
} from './service-ranges.ts';
import { ApiError, invalid, invalidValue } from './status.ts';

const addresses = resourceNamed('networking.k8s.io', 'ipaddresses');
const serviceCidrs = resourceNamed('networking.k8s.io', 'servicecidrs');

/** Found by trying; where few are free, by looking at all that are taken. */
const mostTries = 20;

/** A range of a ServiceCIDR, which must not go in the moment that an address is taken from it. */
interface Giver extends AddressRange {
  readonly source: StoredObject;
}

/**
 * The address that a service asks for, or one that is free, and what takes it.
 * @throws {ApiError} 422, 500: `range is full`
 */
export async function takenAddress(
  cluster: Cluster,
  draft: Draft,
  asked: string,
): Promise<{ readonly address: string; readonly alongside: Alongside }> {
  const givers = await giversOf(cluster);
  const { address, giver } =
    asked === '' ? await free(cluster, givers) : await named(cluster, givers, draft, asked);
  const { key, revision } = giver.source;
  const stays = { preconditions: [{ key, revision }], writes: [] };
  return { address, alongside: together(heldBy(cluster, address, draft), stays) };
}

/** @param address One that a service had. */
export const releasedAddress = ({ objects }: Pick<Cluster, 'objects'>, address: string): Alongside => ({
  preconditions: [],
  writes: [{ type: 'delete', key: objects.key(addresses, undefined, address) }],
});

/** The cluster's own range first. */
async function giversOf({ objects, serviceIpv4Cidr }: Cluster): Promise<readonly Giver[]> {
  const { items } = await objects.list(serviceCidrs, undefined);
  return items
    .flatMap((source) => {
      const found = source.object as unknown as ServiceRanges;
      return givesAddresses(found) ? rangesOf(found).map((range) => ({ ...range, source })) : [];
    })
    .sort((a, b) => Number(b.cidr === serviceIpv4Cidr) - Number(a.cidr === serviceIpv4Cidr));
}

interface Found {
  readonly address: string;
  readonly giver: Giver;
}

async function named(
  cluster: Cluster,
  givers: readonly Giver[],
  { metadata }: Draft,
  asked: string,
): Promise<Found> {
  const refused = (why: string): ApiError =>
    invalid({ group: '', kind: 'Service' }, String(metadata.name), [
      invalidValue('spec.clusterIPs', [asked], `failed to allocate IP ${asked}: ${why}`),
    ]);
  const number = numberOfAddress(asked) ?? Number.NaN;
  const around = givers.filter((range) => isInRange(number, range));
  const giver = around.find((range) => isUsable(number, range));
  if (giver !== undefined) {
    if (await isTaken(cluster, asked)) throw refused('provided IP is already allocated');
    return { address: asked, giver };
  }
  if (around[0] === undefined) throw refused('the provided network does not match the current range');
  throw refused(
    `the provided IP (${asked}) is not in the valid range. The range of valid IPs is ${around[0].cidr}`,
  );
}

async function free(cluster: Cluster, givers: readonly Giver[]): Promise<Found> {
  for (const giver of givers) {
    const address = await triedIn(cluster, giver, partsOf(giver)[0]);
    if (address !== undefined) return { address, giver };
  }
  const taken = await allTaken(cluster);
  for (const giver of givers) {
    for (const part of partsOf(giver)) {
      const address = firstFree(cluster, giver, part, taken);
      if (address !== undefined) return { address, giver };
    }
  }
  throw new ApiError(
    500,
    'InternalError',
    'Internal error occurred: failed to allocate a serviceIP: range is full',
  );
}

async function triedIn(cluster: Cluster, { first }: Giver, { from, to }: Part): Promise<string | undefined> {
  if (from >= to) return undefined;
  for (let attempt = 0; attempt < mostTries; attempt++) {
    const address = textOfAddress(first + from + cluster.random.integer(to - from));
    if (!(await isTaken(cluster, address))) return address;
  }
  return undefined;
}

/** From anywhere in the part on, so that those who look at once do not all find the same. */
function firstFree(
  { random }: Cluster,
  { first }: Giver,
  { from, to }: Part,
  taken: ReadonlySet<string>,
): string | undefined {
  if (from >= to) return undefined;
  const begin = random.integer(to - from);
  for (let step = 0; step < to - from; step++) {
    const address = textOfAddress(first + from + ((begin + step) % (to - from)));
    if (!taken.has(address)) return address;
  }
  return undefined;
}

const isTaken = async ({ objects }: Cluster, address: string): Promise<boolean> =>
  (await objects.get(addresses, undefined, address)) !== undefined;

async function allTaken({ objects }: Cluster): Promise<ReadonlySet<string>> {
  const { items } = await objects.list(addresses, undefined);
  return new Set(items.map(({ object }) => object.metadata.name));
}

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
