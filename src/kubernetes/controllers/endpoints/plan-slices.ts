import { jsonEqual } from '../../../store/index.ts';
import type { ObjectMeta } from '../../objects/object.ts';
import type { Endpoint, EndpointPort, EndpointSlice } from './objects.ts';
import type { PortGroup } from './pod-endpoints.ts';

/** A slice that is to be made. */
export interface NewSlice {
  readonly metadata: Partial<ObjectMeta>;
  readonly addressType: string;
  readonly endpoints: readonly Endpoint[];
  readonly ports: readonly EndpointPort[];
}

export interface SlicePlan {
  readonly create: readonly NewSlice[];
  readonly update: readonly { readonly slice: EndpointSlice; readonly endpoints: readonly Endpoint[] }[];
  readonly remove: readonly EndpointSlice[];
}

/** What all slices of one owner have. */
export interface SliceMeta {
  readonly metadata: Partial<ObjectMeta>;
  readonly addressType: string;
}

/** Endpoints in one slice at most. */
const mostEndpoints = 100;

/**
 * Brings endpoints into slices by few writes: those that are there stay in their slice, new ones fill slices that change
 * anyway, then one that has room for all that is left, and only then slices of their own.
 * @param most Endpoints in one slice.
 */
export function planSlices(
  { metadata, addressType }: SliceMeta,
  groups: readonly PortGroup[],
  present: readonly EndpointSlice[],
  most = mostEndpoints,
): SlicePlan {
  const create: NewSlice[] = [];
  const slices = new Map<EndpointSlice, readonly Endpoint[]>();
  for (const { ports, endpoints } of groups) {
    const own = present.filter(
      (slice) => slice.addressType === addressType && jsonEqual((slice.ports ?? []) as never, ports as never),
    );
    const { kept, left } = distributed(own, endpoints, most);
    for (const [slice, inside] of kept) slices.set(slice, inside);
    for (let at = 0; at < left.length; at += most)
      create.push({ metadata, addressType, ports, endpoints: left.slice(at, at + most) });
  }
  const empty = present.filter((slice) => (slices.get(slice) ?? []).length === 0);
  const filled = [...slices].filter(([, inside]) => inside.length > 0);
  // One says that there is nothing, rather than nobody having looked.
  const placeholder =
    create.length + filled.length === 0
      ? empty.find(({ endpoints = [], ports = [] }) => endpoints.length + ports.length === 0)
      : undefined;
  if (create.length + filled.length === 0 && placeholder === undefined)
    create.push({ metadata, addressType, ports: [], endpoints: [] });
  const update = filled
    .filter(([slice, inside]) => needsUpdate(slice, inside, metadata))
    .map(([slice, endpoints]) => ({ slice, endpoints }));
  const remove = empty.filter((slice) => slice !== placeholder);
  return { create, update, remove };
}

function needsUpdate(
  slice: EndpointSlice,
  endpoints: readonly Endpoint[],
  metadata: Partial<ObjectMeta>,
): boolean {
  const isSameLabelled = Object.entries(metadata.labels ?? {}).every(
    ([name, value]) => slice.metadata.labels?.[name] === value,
  );
  return !isSameLabelled || !jsonEqual((slice.endpoints ?? []) as never, endpoints as never);
}

/** Names an endpoint over its changes. */
const keyOf = ({ addresses, targetRef }: Endpoint): string => `${targetRef?.uid ?? ''} ${addresses[0]}`;

function distributed(
  own: readonly EndpointSlice[],
  endpoints: readonly Endpoint[],
  most: number,
): { readonly kept: ReadonlyMap<EndpointSlice, readonly Endpoint[]>; readonly left: readonly Endpoint[] } {
  const waiting = new Map(endpoints.map((endpoint) => [keyOf(endpoint), endpoint]));
  const kept = new Map<EndpointSlice, Endpoint[]>();
  for (const slice of own) {
    const inside: Endpoint[] = [];
    for (const endpoint of slice.endpoints ?? []) {
      const wanted = waiting.get(keyOf(endpoint));
      if (wanted === undefined) continue;
      waiting.delete(keyOf(endpoint));
      inside.push(wanted);
    }
    kept.set(slice, inside);
  }
  const left = [...waiting.values()];
  const room = (slice: EndpointSlice): number => most - (kept.get(slice)?.length ?? 0);
  const fill = (slice: EndpointSlice): void => {
    kept.get(slice)?.push(...left.splice(0, Math.max(0, room(slice))));
  };
  const isChanging = (slice: EndpointSlice): boolean =>
    !jsonEqual((slice.endpoints ?? []) as never, (kept.get(slice) ?? []) as never);
  const changing = own.filter((slice) => isChanging(slice) && (kept.get(slice) ?? []).length > 0);
  for (const slice of changing.toSorted((one, other) => room(one) - room(other))) fill(slice);
  if (left.length === 0) return { kept, left };
  const roomy = own
    .filter((slice) => room(slice) >= left.length)
    .toSorted((one, other) => room(one) - room(other))[0];
  if (roomy !== undefined) fill(roomy);
  return { kept, left };
}
