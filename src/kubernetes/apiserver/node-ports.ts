import { recordKey } from '../../reconcile/index.ts';
import { type Draft, ensured, itemsOf } from '../kinds/kind.ts';
import {
  isJsonObject,
  type JsonObject,
  type KubernetesObject,
  listOf,
  memberOf,
  textOf,
} from '../objects/object.ts';
import type { ClusterPlace } from '../objects/object-records.ts';
import { type Alongside, alone } from '../objects/object-store.ts';
import type { Cluster } from './cluster.ts';
import { ApiError, type FieldError, invalid, invalidValue } from './status.ts';

/** `--service-node-port-range` of the API server. */
const [firstPort, lastPort] = [30_000, 32_767];
/** Of the range, kept for those who ask for a port: as upstream reckons it, a sixteenth, from 16 to 128. */
const kept = Math.min(Math.max(16, Math.floor((lastPort - firstPort + 1) / 32)), 128);
/** Found by trying, before all are looked at. */
const mostTries = 100;

type Holder = Pick<Cluster, 'objects'>;

/** A port of the nodes that a service has: no other service has it, whatever its own ports are called. */
const collection = { service: 'kubernetes', noun: 'node-ports', indexes: {} } as const;

/** Of all node ports of a cluster: they go with it. */
export function nodePortsPrefix({ accountId, region, id }: ClusterPlace): string {
  return `${recordKey(collection, accountId, region, id)}/`;
}

const keyOf = ({ objects }: Holder, place: string): string => `${nodePortsPrefix(objects.place)}${place}`;
const placeOf = (protocol: string, port: number): string => `${protocol.toLowerCase()}-${port}`;

/**
 * The ports of nodes that a write takes for a service, and those that it gives back. What the type no longer has goes from
 * the draft unless somebody changed it in the same write.
 * @throws {ApiError} 422: a port that another service has, or that is not in the range; 500: the range is full.
 */
export async function allocatedNodePorts(
  cluster: Cluster,
  draft: Draft,
  before: KubernetesObject | undefined,
): Promise<Alongside> {
  const spec = ensured(draft, 'spec');
  const was = memberOf(before, 'spec');
  dropOfOtherType(spec, was);
  const held = heldBy(was);
  const taking = new Taking(cluster, held, String(draft.metadata.name));
  if (needsNodePorts(spec as JsonObject)) {
    const ports = itemsOf(spec, 'ports');
    if (needsNodePorts(was)) keepPorts(ports, listOf(was, 'ports').filter(isJsonObject));
    // Those that are asked for come first, so that none is given to another port of the same service.
    for (const [index, port] of ports.entries())
      if (isPort(port.nodePort))
        await taking.asked(textOf(port, 'protocol'), port.nodePort, `spec.ports[${index}].nodePort`);
    for (const port of ports) {
      if (isPort(port.nodePort)) continue;
      const twin = ports.find(
        (other) => other !== port && other.port === port.port && isPort(other.nodePort),
      );
      port.nodePort = await taking.free(textOf(port, 'protocol'), twin?.nodePort as number | undefined);
    }
  }
  if (needsHealthCheckPort(spec as JsonObject)) {
    const asked = isPort(spec.healthCheckNodePort) ? spec.healthCheckNodePort : was.healthCheckNodePort;
    if (isPort(asked)) await taking.asked('TCP', asked, 'spec.healthCheckNodePort');
    spec.healthCheckNodePort = isPort(asked) ? asked : await taking.free('TCP');
  }
  return taking.alongside(held, draft);
}

/** What goes with a service that goes. */
export function releasedNodePorts(cluster: Holder, object: KubernetesObject): Alongside {
  const held = heldBy(memberOf(object, 'spec'));
  return held.size === 0 ? alone : { preconditions: [], writes: deletions(cluster, held) };
}

function needsNodePorts(spec: JsonObject): boolean {
  const type = textOf(spec, 'type');
  return type === 'NodePort' || (type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false);
}

function needsHealthCheckPort(spec: JsonObject): boolean {
  return textOf(spec, 'type') === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local';
}

/** `tcp-30080` */
function heldBy(spec: JsonObject): ReadonlySet<string> {
  const places = listOf(spec, 'ports')
    .filter(isJsonObject)
    .flatMap((port) => (isPort(port.nodePort) ? [placeOf(textOf(port, 'protocol'), port.nodePort)] : []));
  const { healthCheckNodePort } = spec;
  return new Set([...places, ...(isPort(healthCheckNodePort) ? [placeOf('TCP', healthCheckNodePort)] : [])]);
}

/** Upstream's `dropTypeDependentFields`. */
function dropOfOtherType(spec: Record<string, unknown>, was: JsonObject): void {
  const now = spec as JsonObject;
  if (needsNodePorts(was) && textOf(now, 'type') !== 'NodePort' && textOf(now, 'type') !== 'LoadBalancer') {
    const before = heldBy({ ports: was.ports ?? [] });
    for (const port of itemsOf(spec, 'ports'))
      if (isPort(port.nodePort) && before.has(placeOf(textOf(port as JsonObject, 'protocol'), port.nodePort)))
        delete port.nodePort;
  }
  if (needsHealthCheckPort(was) && !needsHealthCheckPort(now))
    if (spec.healthCheckNodePort === was.healthCheckNodePort) delete spec.healthCheckNodePort;
  const isClusterIp = textOf(now, 'type') === 'ClusterIP' && listOf(now, 'externalIPs').length === 0;
  const wasOutside = textOf(was, 'type') === 'NodePort' || textOf(was, 'type') === 'LoadBalancer';
  if (!wasOutside || !(isClusterIp || textOf(now, 'type') === 'ExternalName')) return;
  if (spec.externalTrafficPolicy === was.externalTrafficPolicy) delete spec.externalTrafficPolicy;
  if (spec.allocateLoadBalancerNodePorts === was.allocateLoadBalancerNodePorts)
    delete spec.allocateLoadBalancerNodePorts;
}

/** Who leaves a port's number out in an update means the one that it has. */
function keepPorts(ports: readonly Record<string, unknown>[], before: readonly JsonObject[]): void {
  const named = new Set(ports.map(({ nodePort }) => nodePort));
  for (const port of ports) {
    if (isPort(port.nodePort)) continue;
    const known = before.find((each) => each.port === port.port && each.protocol === port.protocol)?.nodePort;
    if (isPort(known) && !named.has(known)) port.nodePort = known;
  }
}

/** What one write takes. */
class Taking {
  readonly #cluster: Cluster;
  readonly #held: ReadonlySet<string>;
  readonly #name: string;
  readonly #wanted = new Set<string>();

  constructor(cluster: Cluster, held: ReadonlySet<string>, name: string) {
    this.#cluster = cluster;
    this.#held = held;
    this.#name = name;
  }

  /** @throws {ApiError} 422 */
  async asked(protocol: string, port: number, field: string): Promise<void> {
    const place = placeOf(protocol, port);
    if (this.#held.has(place) && !this.#wanted.has(place)) return void this.#wanted.add(place);
    if (port < firstPort || port > lastPort)
      throw this.#refused(
        invalidValue(
          field,
          port,
          `provided port is not in the valid range. The range of valid ports is ${firstPort}-${lastPort}`,
        ),
      );
    if (this.#wanted.has(place) || (await this.#isTaken(place)))
      throw this.#refused(invalidValue(field, port, 'provided port is already allocated'));
    this.#wanted.add(place);
  }

  /** From the upper part of the range first. @param preferred That one, if it is free. @throws {ApiError} 500 */
  async free(protocol: string, preferred?: number): Promise<number> {
    for (const port of this.#candidates(preferred)) {
      const place = placeOf(protocol, port);
      if (this.#wanted.has(place) || this.#held.has(place) || (await this.#isTaken(place))) continue;
      this.#wanted.add(place);
      return port;
    }
    throw new ApiError(
      500,
      'InternalError',
      'Internal error occurred: failed to allocate a nodePort: range is full',
    );
  }

  alongside(held: ReadonlySet<string>, { metadata }: Draft): Alongside {
    const added = [...this.#wanted].filter((place) => !held.has(place));
    const released = new Set([...held].filter((place) => !this.#wanted.has(place)));
    if (added.length + released.size === 0) return alone;
    const { name = '', namespace = '' } = metadata as { readonly name?: string; readonly namespace?: string };
    return {
      preconditions: added.map((place) => ({ key: keyOf(this.#cluster, place), revision: 0 })),
      writes: [
        ...added.map((place) => ({
          ...{ type: 'put' as const, key: keyOf(this.#cluster, place), value: { namespace, name } },
        })),
        ...deletions(this.#cluster, released),
      ],
    };
  }

  *#candidates(preferred: number | undefined): Generator<number> {
    if (preferred !== undefined) yield preferred;
    const { random } = this.#cluster;
    for (let tries = 0; tries < mostTries; tries += 1)
      yield firstPort + kept + random.integer(lastPort - firstPort - kept + 1);
    for (let port = firstPort + kept; port <= lastPort; port += 1) yield port;
    for (let port = firstPort; port < firstPort + kept; port += 1) yield port;
  }

  #isTaken(place: string): Promise<boolean> {
    return this.#cluster.objects.has(keyOf(this.#cluster, place));
  }

  #refused(error: FieldError): ApiError {
    return invalid({ group: '', kind: 'Service' }, this.#name, [error]);
  }
}

const deletions = (cluster: Holder, places: ReadonlySet<string>): Alongside['writes'] =>
  Array.from(places, (place) => ({ type: 'delete', key: keyOf(cluster, place) }));

const isPort = (value: unknown): value is number => typeof value === 'number' && value > 0;
