import type { Random } from '../../clock/index.ts';
import { memberOf, numberOf, objectsIn, textOf, textsIn } from '../objects/object.ts';
import type { ObjectsInMemory } from '../objects/objects-in-memory.ts';
import { resourceNamed } from '../schema/catalogue.ts';

const services = resourceNamed('', 'services');
const endpoints = resourceNamed('', 'endpoints');
const endpointSlices = resourceNamed('discovery.k8s.io', 'endpointslices');

/** A `ServiceReference` of a webhook or an APIService. */
export interface ServiceReference {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** A service that leads nowhere; the message is upstream's. */
class ServiceResolutionError extends Error {
  override readonly name = 'ServiceResolutionError';
  /** As the condition of an APIService names it. */
  readonly reason: 'EndpointsNotFound' | 'MissingEndpoints' | 'ServiceNotFound' | 'ServicePortError';

  constructor(reason: ServiceResolutionError['reason'], message: string) {
    super(message);
    this.reason = reason;
  }
}

/**
 * One address behind a service, chosen by chance: the host that an ExternalName stands for, or an endpoint that is ready.
 * @throws {ServiceResolutionError}
 */
export function resolveService(
  objects: ObjectsInMemory,
  random: Random,
  { namespace, name, port }: ServiceReference,
): Address {
  const service = objects.get(services, namespace, name);
  if (service === undefined)
    throw new ServiceResolutionError('ServiceNotFound', `service ${JSON.stringify(name)} not found`);
  const spec = memberOf(service, 'spec');
  if (textOf(spec, 'type') === 'ExternalName') return { host: textOf(spec, 'externalName'), port };
  const own = objectsIn(spec, 'ports').find((it) => numberOf(it, 'port') === port);
  if (own === undefined) {
    throw new ServiceResolutionError(
      'ServicePortError',
      `no service port ${port} found for service ${JSON.stringify(name)}`,
    );
  }
  const found = readyEndpoints(objects, namespace, name, textOf(own, 'name'));
  const chosen = found[random.integer(Math.max(1, found.length))];
  if (chosen !== undefined) return chosen;
  throw new ServiceResolutionError(
    'MissingEndpoints',
    `no endpoints available for service ${JSON.stringify(name)}`,
  );
}

/** The addresses behind a port of a service that are ready. */
export function readyEndpoints(
  objects: ObjectsInMemory,
  namespace: string,
  name: string,
  portName: string,
): readonly Address[] {
  const found: Address[] = [];
  const add = (hosts: readonly string[], ports: readonly object[]) => {
    const port = ports.find((it) => textOf(it, 'name') === portName);
    if (port === undefined) return;
    for (const host of hosts) found.push({ host, port: numberOf(port, 'port') });
  };
  for (const slice of objects.list(endpointSlices, namespace)) {
    if (slice.metadata.labels?.['kubernetes.io/service-name'] !== name) continue;
    for (const endpoint of objectsIn(slice, 'endpoints'))
      if (memberOf(endpoint, 'conditions').ready !== false)
        add(textsIn(endpoint, 'addresses'), objectsIn(slice, 'ports'));
  }
  if (found.length > 0) return found;
  for (const subset of objectsIn(objects.get(endpoints, namespace, name), 'subsets'))
    add(
      objectsIn(subset, 'addresses').map((it) => textOf(it, 'ip')),
      objectsIn(subset, 'ports'),
    );
  return found;
}
