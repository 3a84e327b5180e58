import { done, type Outcome } from '../../../reconcile/index.ts';
import { mayGo } from '../../apiserver/service-ranges.ts';
import { timestamp } from '../../objects/object.ts';
import { resourceNamed } from '../../schema/catalogue.ts';
import { clusterKey, clusterWide, ipAddresses, serviceCidrs } from '../collections.ts';
import type { Work } from '../controller.ts';
import { withoutFinalizer } from '../finalizer.ts';
import type { Kept } from '../objects.ts';
import { isTaken, withoutVersion } from '../writer.ts';
import { defaultName, isOfService, type ServiceCidr, serviceCidrFinalizer } from './objects.ts';

const serviceCidrResource = resourceNamed('networking.k8s.io', 'servicecidrs');

const ready = { status: 'True', reason: '', message: 'Kubernetes Service CIDR is ready' };
const terminating = {
  ...{ status: 'False', reason: 'Terminating' },
  message:
    'There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR',
};

/**
 * Upstream waits ten seconds before it lets a ServiceCIDR go, in which its API servers learn of it. Here whoever takes an
 * address does so only if its ServiceCIDR is as he read it, in one commit: when it is seen to be deleted, all are seen.
 */
export async function syncServiceCidr(work: Work<ServiceCidr>): Promise<Outcome> {
  const { key, object, reader, writer } = work;
  if (object.metadata.deletionTimestamp === undefined) {
    await protect(work);
    await tell(work, ready);
    return done;
  }
  const all = [...reader.list(serviceCidrs, clusterWide(key, serviceCidrs))].map(({ value }) => value);
  const held = [...reader.list(ipAddresses, clusterWide(key, ipAddresses))].flatMap(({ value }) =>
    isOfService(value) ? [value.metadata.name] : [],
  );
  if (mayGo(object, all, held))
    await withoutFinalizer(writer, serviceCidrResource, object, serviceCidrFinalizer);
  else await tell(work, terminating);
  return done;
}

async function protect({ object, writer }: Work<ServiceCidr>): Promise<void> {
  if (object.metadata.finalizers?.includes(serviceCidrFinalizer)) return;
  await writer.change<Kept>(serviceCidrResource, object, ({ metadata, ...present }) => {
    const finalizers = [...(metadata.finalizers ?? []), serviceCidrFinalizer];
    return { ...present, metadata: { ...withoutVersion(metadata), finalizers } };
  });
}

async function tell(
  { object, writer, now }: Work<ServiceCidr>,
  said: { readonly status: string; readonly reason: string; readonly message: string },
): Promise<void> {
  const conditions = object.status?.conditions ?? [];
  const before = conditions.find(({ type }) => type === 'Ready');
  const isSaid =
    before?.status === said.status && before.reason === said.reason && before.message === said.message;
  if (isSaid) return;
  const lastTransitionTime =
    before?.status === said.status ? (before.lastTransitionTime ?? timestamp(now)) : timestamp(now);
  await writer.putStatus(serviceCidrResource, object, {
    conditions: [
      ...conditions.filter(({ type }) => type !== 'Ready'),
      { type: 'Ready', ...said, lastTransitionTime },
    ],
  });
}

/** Makes the ServiceCIDR of the cluster's own range where there is none by its name. */
export async function syncDefault({ key, reader, serviceIpv4Cidr, writer }: Work<Kept>): Promise<Outcome> {
  if (reader.get(serviceCidrs, clusterKey(key, serviceCidrs, defaultName)) !== undefined) return done;
  try {
    const wanted = { metadata: { name: defaultName }, spec: { cidrs: [serviceIpv4Cidr] } };
    await writer.create(serviceCidrResource, undefined, wanted);
  } catch (error) {
    if (!isTaken(error)) throw error;
  }
  return done;
}
