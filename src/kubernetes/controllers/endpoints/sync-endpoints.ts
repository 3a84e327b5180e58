import { done, type Outcome } from '../../../reconcile/index.ts';
import { jsonEqual } from '../../../store/index.ts';
import { resourceNamed } from '../../schema/catalogue.ts';
import { endpoints, services, siblingKey } from '../collections.ts';
import type { Work } from '../controller.ts';
import { selectedPods } from '../selected-pods.ts';
import { isTaken, withoutVersion } from '../writer.ts';
import {
  type Endpoints,
  endpointsManager,
  endpointsManagerLabel,
  hasSelector,
  headlessLabel,
  isHeadless,
  type Service,
} from './objects.ts';
import { subsetsOf } from './subsets.ts';
import { triggerOf } from './sync-slices.ts';

const endpointsResource = resourceNamed('', 'endpoints');
const capacityAnnotation = 'endpoints.kubernetes.io/over-capacity';

/** The Endpoints object of a service's pods, which older clients read. */
export async function syncEndpoints({
  key,
  object: service,
  reader,
  writer,
}: Work<Service>): Promise<Outcome> {
  if (!hasSelector(service)) return done;
  const pods = selectedPods(reader, key, { matchLabels: service.spec.selector ?? {} });
  const { subsets, isTruncated } = subsetsOf(service, pods);
  const { name, namespace } = service.metadata;
  const labels = {
    ...service.metadata.labels,
    ...(isHeadless(service) && { [headlessLabel]: '' }),
    [endpointsManagerLabel]: endpointsManager,
  };
  const annotations = {
    ...triggerOf(pods).annotations,
    ...(isTruncated && { [capacityAnnotation]: 'truncated' }),
  };
  const said = subsets.length > 0 ? { subsets } : {};
  const present = reader.get(endpoints, siblingKey(key, endpoints, name));
  if (present === undefined) {
    await writer
      .create(endpointsResource, namespace, { metadata: { name, namespace, labels, annotations }, ...said })
      .catch((error: unknown) => {
        // It is looked at when reads show it.
        if (!isTaken(error)) throw error;
      });
    return done;
  }
  const isSame =
    jsonEqual((present.subsets ?? []) as never, subsets as never) &&
    jsonEqual((present.metadata.labels ?? {}) as never, labels as never);
  if (isSame) return done;
  await writer.change<Endpoints>(endpointsResource, present, ({ metadata, subsets: _, ...others }) => {
    const { [capacityAnnotation]: _2, ...kept } = metadata.annotations ?? {};
    return {
      ...others,
      metadata: { ...withoutVersion(metadata), labels, annotations: { ...kept, ...annotations } },
      ...said,
    };
  });
  return done;
}

/** Endpoints that were made for a service go with it. */
export async function syncAbandoned({ key, object, reader, writer }: Work<Endpoints>): Promise<Outcome> {
  if (reader.get(services, siblingKey(key, services, object.metadata.name)) === undefined)
    await writer.remove(endpointsResource, object);
  return done;
}
