import type { Flow } from '../../../topology/index.ts';
import { Attributes, attribute, type Request } from './message.ts';
import type { NetlinkSocket } from './socket.ts';

/** NETLINK_NETFILTER. */
export const netfilter = 12;
const getFlow = 0x0101; // NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_GET
const removeFlowType = 0x0102; // IPCTNL_MSG_CT_DELETE
const ipv4Family = Buffer.from([2, 0, 0, 0]);
const cta = { original: 1, reply: 2, id: 12 } as const;
const tuple = { address: 1, protocol: 2 } as const;
const ip = { source: 1, destination: 2 } as const;
const proto = { number: 1, sourcePort: 2, destinationPort: 3 } as const;
const nested = 0x8000;
const protocols: ReadonlyMap<number, Flow['protocol']> = new Map([
  [6, 'tcp'],
  [17, 'udp'],
]);

/** A flow as the kernel tracks it. */
export interface TrackedFlow {
  readonly flow: Flow;
  /** That was asked for at the destination. */
  readonly askedPort: number;
  readonly remove: Request;
}

/** The TCP and UDP flows that are tracked in a namespace. @param socket One of netfilter's. @throws {NetworkError} */
export function readFlows(socket: NetlinkSocket): readonly TrackedFlow[] {
  return socket.read(getFlow, ipv4Family, 'read tracked flows').flatMap((body) => {
    const attributes = new Attributes(body, 4);
    const original = attributes.within(cta.original);
    const reply = attributes.within(cta.reply);
    const protocol = protocols.get(original.within(tuple.protocol).bytes(proto.number)?.[0] ?? 0);
    const source = original.within(tuple.address).ipv4(ip.source);
    const destination = original.within(tuple.address).ipv4(ip.destination);
    const receiver = reply.within(tuple.address).ipv4(ip.source);
    const sentAs = reply.within(tuple.address).ipv4(ip.destination);
    const askedPort = original.within(tuple.protocol).bytes(proto.destinationPort)?.readUInt16BE(0);
    const port = reply.within(tuple.protocol).bytes(proto.sourcePort)?.readUInt16BE(0);
    const isWhole = protocol && source && destination && receiver && sentAs;
    if (!isWhole || askedPort === undefined || port === undefined) return [];
    const flow = { protocol, source, sentAs, destination, receiver, port };
    return [{ flow, askedPort, remove: removal(attributes, `cut the flow of ${source} to ${destination}`) }];
  });
}

function removal(attributes: Attributes, what: string): Request {
  const original = attributes.bytes(cta.original) ?? Buffer.alloc(0);
  const id = attributes.bytes(cta.id);
  const parts = [ipv4Family, attribute(cta.original | nested, original)];
  // Of all that ever have the same addresses and ports, this one.
  if (id !== undefined) parts.push(attribute(cta.id, id));
  return { type: removeFlowType, flags: 0, body: Buffer.concat(parts), what, alreadySo: ['ENOENT'] };
}
