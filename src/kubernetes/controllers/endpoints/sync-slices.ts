import { done, type Outcome, type Reader } from '../../../reconcile/index.ts';
import type { ObjectMeta } from '../../objects/object.ts';
import { type Resource, resourceNamed } from '../../schema/catalogue.ts';
import { endpointSlices, nodeKey, nodes, services, siblingKey } from '../collections.ts';
import type { Work } from '../controller.ts';
import { controllerReference, type Kept, type Pod } from '../objects.ts';
import { readySince } from '../pods.ts';
import { selectedPods } from '../selected-pods.ts';
import { withoutVersion } from '../writer.ts';
import { mirrored } from './mirror.ts';
import {
  type EndpointSlice,
  type Endpoints,
  hasSelector,
  headlessLabel,
  isHeadless,
  labelOf,
  mirrorManager,
  type Service,
  serviceNameLabel,
  sliceManager,
  sliceManagerLabel,
  triggerAnnotation,
} from './objects.ts';
import { planSlices, type SlicePlan } from './plan-slices.ts';
import { portGroups } from './pod-endpoints.ts';

const sliceResource: Resource = resourceNamed('discovery.k8s.io', 'endpointslices');

/** The slices of a service's pods. */
export async function syncSlices(work: Work<Service>): Promise<Outcome> {
  const { key, object: service, reader } = work;
  const present = slicesOf(reader, key, service.metadata.name, sliceManager);
  if (!hasSelector(service)) {
    for (const slice of present) await work.writer.remove(sliceResource, slice);
    return done;
  }
  const pods = selectedPods(reader, key, { matchLabels: service.spec.selector ?? {} });
  const zoneOf = (name: string): string | undefined =>
    reader.get(nodes, nodeKey(key, name))?.metadata.labels?.['topology.kubernetes.io/zone'];
  const metadata = {
    ...metaOf(service, sliceManager, service.metadata.name),
    ...triggerOf(pods),
  };
  const headless = isHeadless(service) ? { [headlessLabel]: '' } : {};
  const labelled = { ...metadata, labels: { ...service.metadata.labels, ...metadata.labels, ...headless } };
  const groups = portGroups(service, pods, zoneOf);
  await write(work, planSlices({ metadata: labelled, addressType: 'IPv4' }, groups, present), labelled);
  return done;
}

/** The slices of what somebody says himself of a service without a selector. */
export async function syncMirror(work: Work<Endpoints>): Promise<Outcome> {
  const { key, object, reader } = work;
  const { name } = object.metadata;
  const present = slicesOf(reader, key, name, mirrorManager);
  const service = reader.get(services, siblingKey(key, services, name));
  const isMirrored =
    service !== undefined &&
    !hasSelector(service) &&
    service.spec.type !== 'ExternalName' &&
    labelOf(object, 'endpointslice.kubernetes.io/skip-mirror') !== 'true' &&
    object.metadata.annotations?.['control-plane.alpha.kubernetes.io/leader'] === undefined;
  const own = metaOf(object, mirrorManager, name);
  const metadata = { ...own, labels: { ...object.metadata.labels, ...own.labels } };
  for (const addressType of ['IPv4', 'IPv6']) {
    const slices = present.filter((slice) => slice.addressType === addressType);
    const groups = isMirrored ? mirrored(object, addressType) : [];
    const plan = planSlices({ metadata, addressType }, groups, slices);
    await write(work, groups.length === 0 ? { ...plan, create: [], remove: slices } : plan, metadata);
  }
  return done;
}

/** By its controller, for whom the API server is the place to keep it. */
function slicesOf(reader: Reader, key: string, name: string, manager: string): readonly EndpointSlice[] {
  return reader
    .byIndex(endpointSlices, 'service', siblingKey(key, services, name))
    .map(({ value }) => value)
    .filter((slice) => labelOf(slice, sliceManagerLabel) === manager);
}

function metaOf(
  owner: Kept,
  manager: string,
  service: string,
): Partial<ObjectMeta> & { labels: Record<string, string> } {
  const { name, namespace } = owner.metadata;
  return {
    ...{ generateName: `${name}-`, ...(namespace !== undefined && { namespace }) },
    labels: { [serviceNameLabel]: service, [sliceManagerLabel]: manager },
    ownerReferences: [controllerReference(owner)],
  };
}

/** When the last of the pods became ready: how long it takes until traffic flows is measured from then. */
export function triggerOf(pods: readonly Pod[]): { annotations?: Record<string, string> } {
  const times = pods.map((pod) => readySince(pod)).filter((since) => since !== undefined);
  if (times.length === 0) return {};
  const at = `${new Date(Math.max(...times)).toISOString().slice(0, 19)}Z`;
  return { annotations: { [triggerAnnotation]: at } };
}

async function write(
  { object, writer }: Work<Kept>,
  { create, update, remove }: SlicePlan,
  { labels, annotations }: Partial<ObjectMeta>,
): Promise<void> {
  for (const slice of create) await writer.create(sliceResource, object.metadata.namespace, slice);
  for (const { slice, endpoints: inside } of update) {
    await writer.change<EndpointSlice>(sliceResource, slice, ({ metadata, ...present }) => ({
      ...present,
      metadata: {
        ...withoutVersion(metadata),
        ...(labels && { labels: { ...metadata.labels, ...labels } }),
        ...(annotations && { annotations: { ...metadata.annotations, ...annotations } }),
      },
      endpoints: inside,
    }));
  }
  for (const slice of remove) await writer.remove(sliceResource, slice);
}
