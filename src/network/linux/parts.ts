import { cidrBlock, ipv4Text } from '../../topology/index.ts';
import { type Address, addAddress, removeAddress } from './netlink/address.ts';
import type { Request } from './netlink/message.ts';
import { type Neighbour, removeNeighbour, setNeighbour } from './netlink/neighbour.ts';
import { type Route, removeRoute, setRoute } from './netlink/route.ts';
import { addRule, type Rule, removeRule } from './netlink/rule.ts';

/**
 * What is in a namespace beside its links, as data: what is wanted and what is there are told in the same words, so one
 * comparison serves for a change of the topology, for what somebody broke, and for what an earlier process left. Links
 * go by their names, for their indexes change when they are made again.
 */
export type Part =
  | {
      readonly type: 'address';
      readonly link: string;
      readonly address: string;
      readonly prefixLength: number;
    }
  | {
      readonly type: 'neighbour';
      readonly of: Neighbour['type'];
      readonly link: string;
      readonly address: string;
      readonly macAddress: string;
    }
  | { readonly type: 'route'; readonly table: number; readonly destination: string; readonly way: Way }
  | ({ readonly type: 'rule' } & Rule);

/** Where packets go. */
export type Way =
  | { readonly type: 'blackhole' }
  | { readonly type: 'link'; readonly link: string; readonly gateway?: string; readonly source?: string };

/** By identity: of two parts with the same one, the later takes the earlier's place. */
export type Parts = ReadonlyMap<string, Part>;

export function partsOf(parts: Iterable<Part>): Parts {
  return new Map(Array.from(parts, (part) => [identityOf(part), part]));
}

export interface PartChanges {
  readonly set: readonly Part[];
  readonly removed: readonly Part[];
}

/** Rules last, so that no table is asked before its routes are in it. */
const order: readonly Part['type'][] = ['address', 'neighbour', 'route', 'rule'];

export function partChanges(before: Parts, after: Parts): PartChanges {
  const set: Part[] = [];
  for (const [identity, part] of after) {
    const known = before.get(identity);
    if (known !== part && (known === undefined || contentOf(known) !== contentOf(part))) set.push(part);
  }
  const removed: Part[] = [];
  for (const [identity, part] of before) if (!after.has(identity)) removed.push(part);
  const place = ({ type }: Part): number => order.indexOf(type);
  return {
    set: set.sort((one, other) => place(one) - place(other)),
    removed: removed.sort((one, other) => place(other) - place(one)),
  };
}

/**
 * @param indexOf Of a link by name. What is on a link that is gone is gone with it: there is nothing to remove, and
 * what should be set there waits until it is back.
 */
export function requestsFor(
  { set, removed }: PartChanges,
  indexOf: (link: string) => number | undefined,
): Request[] {
  return [
    ...set.map((part) => setting(part, indexOf)),
    ...removed.map((part) => removing(part, indexOf)),
  ].filter((request) => request !== undefined);
}

/** Whether a part goes when a link goes. */
export function isOnLink(part: Part, link: string): boolean {
  if (part.type === 'route') return part.way.type === 'link' && part.way.link === link;
  return part.type !== 'rule' && part.link === link;
}

/** What was read from the kernel, in these words. @param nameOf Of a link by index. */
export function partsRead(
  read: {
    readonly addresses: readonly Address[];
    readonly neighbours: readonly Neighbour[];
    readonly routes: readonly Route[];
    readonly rules: readonly Rule[];
  },
  nameOf: (linkIndex: number) => string | undefined,
): Part[] {
  const parts: Part[] = read.rules.map((rule) => ({ type: 'rule', ...rule }));
  for (const { linkIndex, address, prefixLength } of read.addresses) {
    const link = nameOf(linkIndex);
    if (link !== undefined) parts.push({ type: 'address', link, address, prefixLength });
  }
  for (const { type, linkIndex, address, macAddress } of read.neighbours) {
    const link = nameOf(linkIndex);
    if (link !== undefined) parts.push({ type: 'neighbour', of: type, link, address, macAddress });
  }
  for (const { table, destination: first, prefixLength, type, linkIndex, gateway, source } of read.routes) {
    const destination = `${first}/${prefixLength}`;
    const link = linkIndex === undefined ? undefined : nameOf(linkIndex);
    if (type === 'blackhole') parts.push({ type: 'route', table, destination, way: { type } });
    else if (link !== undefined) {
      const way: Way = {
        type: 'link',
        link,
        ...(gateway === undefined ? {} : { gateway }),
        ...(source === undefined ? {} : { source }),
      };
      parts.push({ type: 'route', table, destination, way });
    }
  }
  return parts;
}

function identityOf(part: Part): string {
  switch (part.type) {
    case 'address':
      return `address ${part.link} ${part.address}/${part.prefixLength}`;
    case 'neighbour':
      return part.of === 'arp'
        ? `neighbour ${part.link} ${part.address}`
        : `tunnel ${part.link} ${part.macAddress}`;
    case 'route':
      return `route ${part.table} ${part.destination}`;
    case 'rule':
      return [
        'rule',
        part.priority,
        part.table,
        part.source === undefined ? '' : `${part.source.address}/${part.source.prefixLength}`,
        part.destination === undefined ? '' : `${part.destination.address}/${part.destination.prefixLength}`,
        part.inLink,
        part.mark,
        part.suppressedPrefixLength,
      ].join(' ');
  }
}

function contentOf(part: Part): string {
  switch (part.type) {
    case 'neighbour':
      return `${part.address} ${part.macAddress}`;
    case 'route':
      return part.way.type === 'link'
        ? `${part.way.link} ${part.way.gateway} ${part.way.source}`
        : part.way.type;
    default:
      return '';
  }
}

function setting(part: Part, indexOf: (link: string) => number | undefined): Request | undefined {
  if (part.type === 'rule') return addRule(part);
  if (part.type === 'route') {
    const route = routeOf(part, indexOf);
    return route === undefined ? undefined : setRoute(route);
  }
  const linkIndex = indexOf(part.link);
  if (linkIndex === undefined) return undefined;
  if (part.type === 'address') return addAddress(linkIndex, part.address, part.prefixLength);
  return setNeighbour({ ...part, type: part.of, linkIndex });
}

function removing(part: Part, indexOf: (link: string) => number | undefined): Request | undefined {
  if (part.type === 'rule') return removeRule(part);
  if (part.type === 'route') {
    const route = routeOf(part, indexOf);
    return route === undefined ? undefined : removeRoute(route);
  }
  const linkIndex = indexOf(part.link);
  if (linkIndex === undefined) return undefined;
  if (part.type === 'address') return removeAddress(linkIndex, part.address, part.prefixLength);
  return removeNeighbour({ ...part, type: part.of, linkIndex });
}

function routeOf(
  { table, destination, way }: Extract<Part, { type: 'route' }>,
  indexOf: (link: string) => number | undefined,
): Route | undefined {
  const { first, prefixLength } = cidrBlock(destination);
  const place = { table, destination: ipv4Text(first), prefixLength };
  if (way.type === 'blackhole') return { ...place, type: 'blackhole' };
  const linkIndex = indexOf(way.link);
  if (linkIndex === undefined) return undefined;
  return {
    ...place,
    type: 'unicast',
    linkIndex,
    ...(way.gateway === undefined ? {} : { gateway: way.gateway, isOnLink: true }),
    ...(way.source === undefined ? {} : { source: way.source }),
  };
}
