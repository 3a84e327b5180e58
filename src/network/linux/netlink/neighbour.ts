import { Attributes, attribute, flags, ipv4, mac, type Request } from './message.ts';
import type { NetlinkSocket } from './socket.ts';

/** Who is known for good behind a link, so that nobody has to ask. */
export type Neighbour =
  /** An IPv4 address's MAC. */
  | {
      readonly type: 'arp';
      readonly linkIndex: number;
      readonly address: string;
      readonly macAddress: string;
    }
  /** The machine behind which a tunnel finds a MAC. */
  | {
      readonly type: 'tunnel';
      readonly linkIndex: number;
      readonly address: string;
      readonly macAddress: string;
    };

const is = { destination: 1, linkAddress: 2 } as const;
const ipv4Family = 2;
const bridgeFamily = 7;
const permanent = 0x80;
const self = 2;

/** Takes the place of another one of the same address. */
export function setNeighbour(neighbour: Neighbour): Request {
  return {
    type: 28,
    flags: flags.create | flags.replace,
    body: neighbourBody(neighbour),
    what: `set the neighbour ${neighbour.address} of link ${neighbour.linkIndex}`,
    alreadySo: [],
  };
}

export function removeNeighbour(neighbour: Neighbour): Request {
  return {
    type: 29,
    flags: 0,
    body: neighbourBody(neighbour),
    what: `remove the neighbour ${neighbour.address} of link ${neighbour.linkIndex}`,
    alreadySo: ['ENOENT', 'ENODEV'],
  };
}

/** The permanent ones. */
export function readNeighbours(socket: NetlinkSocket): Neighbour[] {
  return [...readFamily(socket, ipv4Family, 'arp'), ...readFamily(socket, bridgeFamily, 'tunnel')];
}

function readFamily(socket: NetlinkSocket, family: number, type: Neighbour['type']): Neighbour[] {
  const header = Buffer.alloc(12);
  header[0] = family;
  return socket.read(30, header, 'list the neighbours').flatMap((body) => {
    const attributes = new Attributes(body, 12);
    const address = attributes.ipv4(is.destination);
    const macAddress = attributes.mac(is.linkAddress);
    const isPermanent = (body.readUInt16LE(8) & permanent) !== 0;
    if (!isPermanent || body[0] !== family || address === undefined || macAddress === undefined) return [];
    return [{ type, linkIndex: body.readInt32LE(4), address, macAddress }];
  });
}

function neighbourBody({ type, linkIndex, address, macAddress }: Neighbour): Buffer {
  const header = Buffer.alloc(12);
  header[0] = type === 'arp' ? ipv4Family : bridgeFamily;
  header.writeInt32LE(linkIndex, 4);
  header.writeUInt16LE(permanent, 8);
  header[10] = type === 'arp' ? 0 : self;
  return Buffer.concat([
    header,
    attribute(is.destination, ipv4(address)),
    attribute(is.linkAddress, mac(macAddress)),
  ]);
}
