import {
  Attributes,
  attribute,
  flags,
  ipv4,
  mac,
  type Request,
  text,
  uint8,
  uint16BigEndian,
  uint32,
} from './message.ts';
import type { NetlinkSocket } from './socket.ts';

/** A network link as the kernel tells it. */
export interface Link {
  readonly index: number;
  readonly name: string;
  readonly isUp: boolean;
  readonly group: number;
  /** `veth`, `vxlan`. */
  readonly kind: string | undefined;
  /** The number by which this namespace knows that of a veth's other end; absent when that is this one. */
  readonly peerNamespace?: number;
  /** This machine's address, of a tunnel's outer packets. */
  readonly tunnelAddress?: string;
}

const newLink = 16;
const deleteLink = 17;
const getLink = 18;
const getNamespaceNumber = 90;
const up = 1;

const is = {
  address: 1,
  name: 3,
  mtu: 4,
  info: 18,
  group: 27,
  namespaceFd: 28,
  extensions: 29,
  peerNamespace: 37,
} as const;

/** One end of a new veth. */
export interface VethEnd {
  readonly name: string;
  /** The kernel takes the other end's only if this end has one as well. Absent: the kernel's choice. */
  readonly index?: number;
  readonly macAddress?: string;
  readonly mtu: number;
  readonly group?: number;
}

/**
 * A pair of links, made where they shall be: `near` in the socket's namespace and up, `far` in the one that
 * `namespaceFd` is open on.
 */
export function addVeth(near: VethEnd, far: VethEnd, namespaceFd: number): Request {
  const peer = Buffer.concat([
    linkHeader({ index: far.index ?? 0 }),
    ...endAttributes(far),
    attribute(is.namespaceFd, uint32(namespaceFd)),
  ]);
  return {
    type: newLink,
    flags: flags.create | flags.exclusive,
    body: Buffer.concat([
      linkHeader({ index: near.index ?? 0, flags: up, change: up }),
      ...endAttributes(near),
      attribute(is.info, [attribute(1, text('veth')), attribute(2, [attribute(1, peer)])]),
    ]),
    what: `add the link ${near.name} with ${far.name} at its other end`,
    alreadySo: [],
  };
}

export interface Vxlan {
  readonly name: string;
  readonly macAddress: string;
  readonly mtu: number;
  /** The VXLAN network identifier. */
  readonly number: number;
  readonly localAddress: string;
  readonly port: number;
}

/** A tunnel whose outer packets travel in the socket's namespace, and which itself is in another one. */
export function addVxlan(vxlan: Vxlan, namespaceFd: number): Request {
  return {
    type: newLink,
    flags: flags.create | flags.exclusive,
    body: Buffer.concat([
      linkHeader({}),
      ...endAttributes(vxlan),
      attribute(is.namespaceFd, uint32(namespaceFd)),
      attribute(is.info, [
        attribute(1, text('vxlan')),
        attribute(2, [
          attribute(1, uint32(vxlan.number)),
          attribute(4, ipv4(vxlan.localAddress)),
          attribute(7, uint8(0)),
          attribute(15, uint16BigEndian(vxlan.port)),
        ]),
      ]),
    ]),
    what: `add the tunnel ${vxlan.name} with number ${vxlan.number}`,
    alreadySo: [],
  };
}

export function setLinkUp(index: number, name: string): Request {
  return {
    type: newLink,
    flags: 0,
    body: linkHeader({ index, flags: up, change: up }),
    what: `bring the link ${name} up`,
    alreadySo: [],
  };
}

/** For `removeLinksOfGroup`. Absent is success. */
export function setLinkGroup(name: string, group: number): Request {
  return {
    type: newLink,
    flags: 0,
    body: Buffer.concat([linkHeader({}), attribute(is.name, text(name)), attribute(is.group, uint32(group))]),
    what: `put the link ${name} into group ${group}`,
    alreadySo: ['ENODEV'],
  };
}

/**
 * All links of a group, in about the time of one. It keeps the caller for some 20 ms: `NetlinkSocket.later` is for
 * this. None is success.
 */
export function removeLinksOfGroup(group: number): Request {
  return {
    type: deleteLink,
    flags: 0,
    body: Buffer.concat([linkHeader({}), attribute(is.group, uint32(group))]),
    what: `remove the links of group ${group}`,
    alreadySo: ['ENODEV'],
  };
}

export function readLinks(socket: NetlinkSocket): Link[] {
  // Without statistics, which are most of what there is to tell.
  const body = Buffer.concat([linkHeader({}), attribute(is.extensions, uint32(8))]);
  return socket.read(getLink, body, 'list the links').map(linkOf);
}

/**
 * Has the kernel finish bringing a link up. It does so some time after the other end came up, and drops what is sent
 * until then; to answer for a single link it finishes at once (from Linux 6.8 on).
 */
export function settleLink(socket: NetlinkSocket, index: number): void {
  socket.read(getLink, linkHeader({ index }), `look at link ${index}`, 0);
}

/** The number by which the socket's namespace knows another one; undefined when it never had to do with it. */
export function namespaceNumber(socket: NetlinkSocket, namespaceFd: number): number | undefined {
  const body = Buffer.concat([Buffer.alloc(4), attribute(3, uint32(namespaceFd))]);
  const [answer = Buffer.alloc(4)] = socket.read(getNamespaceNumber, body, 'look a namespace up', 0);
  const number = new Attributes(answer, 4).int32(1);
  return number === undefined || number < 0 ? undefined : number;
}

function endAttributes({ name, macAddress, mtu, group }: Omit<VethEnd, 'index'>): Buffer[] {
  return [
    attribute(is.name, text(name)),
    attribute(is.mtu, uint32(mtu)),
    ...(macAddress === undefined ? [] : [attribute(is.address, mac(macAddress))]),
    ...(group === undefined ? [] : [attribute(is.group, uint32(group))]),
  ];
}

function linkHeader(header: {
  readonly index?: number;
  readonly flags?: number;
  readonly change?: number;
}): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeInt32LE(header.index ?? 0, 4);
  bytes.writeUInt32LE(header.flags ?? 0, 8);
  bytes.writeUInt32LE(header.change ?? 0, 12);
  return bytes;
}

function linkOf(body: Buffer): Link {
  const attributes = new Attributes(body, 16);
  const peerNamespace = attributes.int32(is.peerNamespace);
  const info = attributes.within(is.info);
  const tunnelAddress = info.text(1) === 'vxlan' ? info.within(2).ipv4(4) : undefined;
  return {
    index: body.readInt32LE(4),
    name: attributes.text(is.name) ?? '',
    isUp: (body.readUInt32LE(8) & up) !== 0,
    group: attributes.uint32(is.group) ?? 0,
    kind: info.text(1),
    ...(peerNamespace === undefined ? {} : { peerNamespace }),
    ...(tunnelAddress === undefined ? {} : { tunnelAddress }),
  };
}
