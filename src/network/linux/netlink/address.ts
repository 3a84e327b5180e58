import { Attributes, attribute, flags, ipv4, type Request, uint32 } from './message.ts';
import type { NetlinkSocket } from './socket.ts';

export interface Address {
  readonly linkIndex: number;
  readonly address: string;
  readonly prefixLength: number;
  /** Reachable from anywhere, not only on its link. */
  readonly isGlobal: boolean;
}

const is = { address: 1, local: 2, flags: 8 } as const;
const noPrefixRoute = 0x200;
const ipv4Family = 2;
const linkScope = 253;

/** @param hasRoute Whether the block's other addresses are on the link. */
export function addAddress(
  linkIndex: number,
  address: string,
  prefixLength: number,
  { hasRoute = true } = {},
): Request {
  const body = addressBody(linkIndex, address, prefixLength);
  return {
    type: 20,
    flags: flags.create | flags.exclusive,
    body: hasRoute ? body : Buffer.concat([body, attribute(is.flags, uint32(noPrefixRoute))]),
    what: `add the address ${address}/${prefixLength} to link ${linkIndex}`,
    alreadySo: ['EEXIST'],
  };
}

export function removeAddress(linkIndex: number, address: string, prefixLength: number): Request {
  return {
    type: 21,
    flags: 0,
    body: addressBody(linkIndex, address, prefixLength),
    what: `remove the address ${address}/${prefixLength} from link ${linkIndex}`,
    alreadySo: ['EADDRNOTAVAIL', 'ENODEV'],
  };
}

export function readAddresses(socket: NetlinkSocket): Address[] {
  const header = Buffer.alloc(8);
  header[0] = ipv4Family;
  return socket.read(22, header, 'list the addresses').map((body) => {
    const attributes = new Attributes(body, 8);
    return {
      linkIndex: body.readUInt32LE(4),
      address: attributes.ipv4(is.local) ?? '',
      prefixLength: body[1] ?? 0,
      isGlobal: (body[3] ?? 0) < linkScope,
    };
  });
}

function addressBody(linkIndex: number, address: string, prefixLength: number): Buffer {
  const header = Buffer.alloc(8);
  header[0] = ipv4Family;
  header[1] = prefixLength;
  header[3] = address.startsWith('169.254.') ? linkScope : 0;
  header.writeUInt32LE(linkIndex, 4);
  return Buffer.concat([header, attribute(is.local, ipv4(address)), attribute(is.address, ipv4(address))]);
}
