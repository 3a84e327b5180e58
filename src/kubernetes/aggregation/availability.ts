import { type Clock, withTimeout } from '../../clock/index.ts';
import {
  type KubernetesObject,
  memberOf,
  numberOf,
  objectsIn,
  textOf,
  timestamp,
} from '../objects/object.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import type { ObjectsInMemory } from '../objects/objects-in-memory.ts';
import { resourceNamed } from '../schema/catalogue.ts';
import { callErrorText } from '../webhooks/call-errors.ts';
import { readyEndpoints } from '../webhooks/service-address.ts';
import { apiServices, pathOfApi, type RemoteApi, remoteApiOf } from './api-services.ts';
import type { RemoteApis } from './remote-apis.ts';
import { openApiHash, readResources } from './remote-resources.ts';

const services = resourceNamed('', 'services');
const endpointSlices = resourceNamed('discovery.k8s.io', 'endpointslices');
const endpoints = resourceNamed('', 'endpoints');

/** As upstream's: of one look at what a server says of itself. */
const checkTimeoutMs = 6_000;

interface Availability {
  readonly status: 'False' | 'True';
  readonly reason: string;
  readonly message: string;
}

const missing = (reason: string, message: string): Availability => ({ status: 'False', reason, message });

/** What stands in the way of an API, of what the cluster knows; undefined: nothing. */
function obstacleOf(objects: ObjectsInMemory, { service }: RemoteApi): Availability | undefined {
  const { namespace, name, port } = service;
  const of = `service/${name} in ${JSON.stringify(namespace)}`;
  const found = objects.get(services, namespace, name);
  if (found === undefined) return missing('ServiceNotFound', `${of} is not present`);
  const spec = memberOf(found, 'spec');
  if ((textOf(spec, 'type') || 'ClusterIP') !== 'ClusterIP') return undefined;
  const own = objectsIn(spec, 'ports').find((it) => numberOf(it, 'port') === port);
  if (own === undefined) return missing('ServicePortError', `${of} is not listening on port ${port}`);
  const isThere =
    objects.get(endpoints, namespace, name) !== undefined ||
    [...objects.list(endpointSlices, namespace)].some(
      ({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === name,
    );
  if (!isThere) return missing('EndpointsNotFound', `cannot find endpoints for ${of}`);
  const portName = textOf(own, 'name');
  if (readyEndpoints(objects, namespace, name, portName).length > 0) return undefined;
  return missing(
    'MissingEndpoints',
    `endpoints for ${of} have no addresses with port name ${JSON.stringify(portName)}`,
  );
}

/** Looks whether a remote API answers, and notes what it says of itself. */
async function lookAt(
  apis: RemoteApis,
  objects: ObjectsInMemory,
  api: RemoteApi,
  clock: Clock,
  signal: AbortSignal,
): Promise<Availability> {
  const obstacle = obstacleOf(objects, api);
  if (obstacle !== undefined) return obstacle;
  const path = pathOfApi(api);
  using deadline = withTimeout(clock, checkTimeoutMs, signal);
  let where = path;
  try {
    const address = apis.addressOf(api);
    where = `https://${address.host}:${address.port}${path}`;
    try {
      const resources = readResources(await apis.fetch(api, address, path, deadline.signal));
      const index = await apis.fetch(api, address, '/openapi/v3', deadline.signal).catch(() => undefined);
      apis.note(api, { resources, openApi: openApiHash(index, path) });
    } catch (error) {
      const told = deadline.signal.aborted ? deadline.signal.reason : error;
      throw new Error(callErrorText(told, address), { cause: error });
    }
  } catch (error) {
    signal.throwIfAborted();
    const told = error instanceof Error ? error.message : String(error);
    return missing('FailedDiscoveryCheck', `failing or missing response from ${where}: ${told}`);
  }
  return { status: 'True', reason: 'Passed', message: 'all checks passed' };
}

/**
 * Says in an APIService's condition `Available` whether the API that it names answers.
 * @returns whether it is one of another server, to be looked at again.
 */
export async function checkAvailability(
  {
    objects,
    inMemory,
    remoteApis,
    clock,
  }: {
    readonly objects: ObjectStore;
    readonly inMemory: ObjectsInMemory;
    readonly remoteApis: RemoteApis;
    readonly clock: Clock;
  },
  name: string,
  signal: AbortSignal,
): Promise<boolean> {
  const before = await objects.get(apiServices, undefined, name);
  const api = before && remoteApiOf(before.object);
  if (api === undefined) return false;
  const availability = await lookAt(remoteApis, inMemory, api, clock, signal);
  const present = await objects.get(apiServices, undefined, name);
  if (present === undefined) return false;
  const object = withAvailability(present.object, availability, clock.now());
  if (object !== present.object) await objects.update(present, object);
  return true;
}

function withAvailability(object: KubernetesObject, is: Availability, now: number): KubernetesObject {
  const conditions = objectsIn(memberOf(object, 'status'), 'conditions');
  const was = conditions.find(({ type }) => type === 'Available');
  if (was?.status === is.status && was.reason === is.reason && was.message === is.message) return object;
  const lastTransitionTime = was?.status === is.status ? was.lastTransitionTime : timestamp(now);
  const others = conditions.filter((it) => it !== was);
  return {
    ...object,
    status: {
      ...memberOf(object, 'status'),
      conditions: [...others, { type: 'Available', lastTransitionTime, ...is }],
    },
  } as KubernetesObject;
}
