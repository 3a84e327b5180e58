import { Attributes, attribute, flags, ipv4, type Request, uint32 } from './message.ts';
import type { NetlinkSocket } from './socket.ts';

export interface Route {
  readonly table: number;
  /** Without host bits; `0.0.0.0` with length 0 is everything. */
  readonly destination: string;
  readonly prefixLength: number;
  readonly type: 'unicast' | 'blackhole';
  readonly linkIndex?: number;
  readonly gateway?: string;
  /** The gateway is on the link, whatever other routes say. */
  readonly isOnLink?: boolean;
  /** The address that this namespace's own packets get. */
  readonly source?: string;
}

export const mainTable = 254;
/** What the namespace itself is. */
export const localTable = 255;

/** Says in listings who made a route (RTPROT_*; 192 and up are anybody's). */
const ours = 196;
const is = { destination: 1, outLink: 4, gateway: 5, priority: 6, preferredSource: 7, table: 15 } as const;
const types = { unicast: 1, local: 2, blackhole: 6 } as const;
const ipv4Family = 2;
const onLink = 4;

/** Takes the place of another one of the same table and destination. */
export function setRoute(route: Route): Request {
  return {
    type: 24,
    flags: flags.create | flags.replace,
    body: routeBody(route),
    what: `set the route ${routeText(route)}`,
    alreadySo: [],
  };
}

export function removeRoute(route: Pick<Route, 'table' | 'destination' | 'prefixLength'>): Request {
  const header = Buffer.alloc(12);
  header[0] = ipv4Family;
  header[1] = route.prefixLength;
  header[6] = 255; // of any scope
  header[5] = ours;
  return {
    type: 25,
    flags: 0,
    body: Buffer.concat([header, ...routeAttributes(route)]),
    what: `remove the route ${route.destination}/${route.prefixLength} of table ${route.table}`,
    alreadySo: ['ESRCH', 'ENOENT', 'ENODEV'],
  };
}

export interface RoutesRead {
  /** Those that were made by `setRoute`. */
  readonly routes: readonly Route[];
  /** What the kernel takes for itself: one for each address that works. */
  readonly localAddresses: ReadonlySet<string>;
}

export function readRoutes(socket: NetlinkSocket): RoutesRead {
  const header = Buffer.alloc(12);
  header[0] = ipv4Family;
  const routes: Route[] = [];
  const localAddresses = new Set<string>();
  for (const body of socket.read(26, header, 'list the routes')) {
    const attributes = new Attributes(body, 12);
    const destination = attributes.ipv4(is.destination) ?? '0.0.0.0';
    if (body[5] === ours) routes.push(routeOf(body, attributes, destination));
    else if (body[7] === types.local && body[1] === 32) localAddresses.add(destination);
  }
  return { routes, localAddresses };
}

function routeOf(body: Buffer, attributes: Attributes, destination: string): Route {
  const linkIndex = attributes.uint32(is.outLink);
  const gateway = attributes.ipv4(is.gateway);
  const source = attributes.ipv4(is.preferredSource);
  return {
    table: attributes.uint32(is.table) ?? body[4] ?? 0,
    destination,
    prefixLength: body[1] ?? 0,
    type: body[7] === types.blackhole ? 'blackhole' : 'unicast',
    ...(linkIndex === undefined ? {} : { linkIndex }),
    ...(gateway === undefined ? {} : { gateway }),
    ...((body.readUInt32LE(8) & onLink) !== 0 ? { isOnLink: true } : {}),
    ...(source === undefined ? {} : { source }),
  };
}

function routeBody(route: Route): Buffer {
  const header = Buffer.alloc(12);
  header[0] = ipv4Family;
  header[1] = route.prefixLength;
  header[5] = ours;
  header[6] = route.type === 'unicast' && route.gateway === undefined ? 253 : 0; // on the link, or farther
  header[7] = types[route.type];
  header.writeUInt32LE(route.isOnLink ? onLink : 0, 8);
  return Buffer.concat([
    header,
    ...routeAttributes(route),
    ...(route.linkIndex === undefined ? [] : [attribute(is.outLink, uint32(route.linkIndex))]),
    ...(route.gateway === undefined ? [] : [attribute(is.gateway, ipv4(route.gateway))]),
    ...(route.source === undefined ? [] : [attribute(is.preferredSource, ipv4(route.source))]),
  ]);
}

function routeAttributes(route: Pick<Route, 'table' | 'destination' | 'prefixLength'>): Buffer[] {
  return [
    attribute(is.table, uint32(route.table)),
    ...(route.prefixLength === 0 ? [] : [attribute(is.destination, ipv4(route.destination))]),
  ];
}

function routeText({ destination, prefixLength, type, gateway, linkIndex, table }: Route): string {
  const way = type === 'blackhole' ? 'nowhere' : `${gateway ?? ''} by link ${linkIndex}`.trim();
  return `${destination}/${prefixLength} to ${way} in table ${table}`;
}
