import { type Collection, done, type Outcome } from '../../../reconcile/index.ts';
import { jsonEqual } from '../../../store/index.ts';
import { type ApiEndpointRecord, apiEndpointKey, apiEndpoints } from '../../records.ts';
import { type Resource, resourceNamed } from '../../schema/catalogue.ts';
import { endpointSlices, endpoints, parsedKey, siblingKey } from '../collections.ts';
import type { Work } from '../controller.ts';
import { type Service, serviceNameLabel } from '../endpoints/objects.ts';
import type { Kept } from '../objects.ts';
import { withoutVersion } from '../writer.ts';

const endpointsResource = resourceNamed('', 'endpoints');
const sliceResource = resourceNamed('discovery.k8s.io', 'endpointslices');

/** Keeps the endpoints of the Service `kubernetes` as the record of the cluster's API server says. */
export async function syncApiEndpoint(work: Work<Service>): Promise<Outcome> {
  const { key, reader } = work;
  const record = reader.get(apiEndpoints, apiEndpointKey(parsedKey(key).place));
  const isReached = record !== undefined && record.addresses.length > 0;
  await keep(work, endpointsResource, endpoints, isReached ? endpointsOf(record) : undefined);
  await keep(work, sliceResource, endpointSlices, isReached ? sliceOf(record) : undefined);
  return done;
}

interface Wanted {
  readonly labels: Readonly<Record<string, string>>;
  readonly members: object;
}

const portOf = ({ port }: ApiEndpointRecord) => ({ name: 'https', port, protocol: 'TCP' });

const endpointsOf = (record: ApiEndpointRecord): Wanted => ({
  // The slice beside it is no copy of it.
  labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' },
  members: { subsets: [{ addresses: record.addresses.map((ip) => ({ ip })), ports: [portOf(record)] }] },
});

const sliceOf = (record: ApiEndpointRecord): Wanted => ({
  labels: { [serviceNameLabel]: 'kubernetes' },
  members: {
    addressType: 'IPv4',
    endpoints: record.addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
    ports: [portOf(record)],
  },
});

/** Makes, changes or removes the object named as the service is. */
async function keep<T extends Kept>(
  { key, object: { metadata }, reader, writer }: Work<Service>,
  resource: Resource,
  collection: Collection<T, string>,
  wanted: Wanted | undefined,
): Promise<void> {
  const { name, namespace } = metadata;
  const present = reader.get(collection, siblingKey(key, collection, name));
  if (wanted === undefined) {
    if (present !== undefined) await writer.remove(resource, present);
    return;
  }
  const { labels, members } = wanted;
  if (present === undefined) {
    await writer.create(resource, namespace, { metadata: { name, labels }, ...members });
    return;
  }
  const { apiVersion, kind, metadata: _, ...said } = present;
  const isLabelled = Object.entries(labels).every(
    ([label, value]) => present.metadata.labels?.[label] === value,
  );
  if (isLabelled && jsonEqual(said as never, members as never)) return;
  await writer.change<Kept>(resource, present, (it) => ({
    ...{ apiVersion, kind, ...members },
    metadata: { ...withoutVersion(it.metadata), labels: { ...it.metadata.labels, ...labels } },
  }));
}
