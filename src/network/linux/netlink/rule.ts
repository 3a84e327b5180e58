import { Attributes, attribute, flags, ipv4, type Request, text, uint32 } from './message.ts';
import { localTable } from './route.ts';
import type { NetlinkSocket } from './socket.ts';

/** Which table of routes is asked, in the order of priorities. */
export interface Rule {
  readonly priority: number;
  readonly table: number;
  /** Packets from this block. */
  readonly source?: { readonly address: string; readonly prefixLength: number };
  /** Packets to this block. */
  readonly destination?: { readonly address: string; readonly prefixLength: number };
  /** Packets that came in by this link, whether it is there yet or not. */
  readonly inLink?: string;
  /** Packets with this bit in their mark. */
  readonly mark?: number;
  /** Routes of the table up to this prefix length don't count. */
  readonly suppressedPrefixLength?: number;
}

const ours = 196;
const is = {
  ...{ destination: 1, source: 2, inLink: 3, priority: 6, mark: 10, suppressPrefixLength: 14, table: 15 },
  ...{ markMask: 16, protocol: 21 },
} as const;
const ipv4Family = 2;

export function addRule(rule: Rule): Request {
  return {
    type: 32,
    flags: flags.create | flags.exclusive,
    body: ruleBody(rule),
    what: `add the routing rule ${rule.priority}`,
    alreadySo: ['EEXIST'],
  };
}

export function removeRule(rule: Rule): Request {
  return {
    type: 33,
    flags: 0,
    body: ruleBody(rule),
    what: `remove the routing rule ${rule.priority}`,
    alreadySo: ['ENOENT'],
  };
}

/** The kernel's own rule, by which addresses of the namespace itself come before everything else. Absent is success. */
export function removeFirstRule(): Request {
  const header = Buffer.alloc(12);
  header[0] = ipv4Family;
  header[4] = localTable;
  header[7] = 1; // FR_ACT_TO_TBL
  return {
    ...{ type: 33, flags: 0, alreadySo: ['ENOENT'], what: 'remove the first routing rule' },
    body: Buffer.concat([header, attribute(is.priority, uint32(0))]),
  };
}

/** Those that were made by `addRule`. */
export function readRules(socket: NetlinkSocket): Rule[] {
  const header = Buffer.alloc(12);
  header[0] = ipv4Family;
  return socket.read(34, header, 'list the routing rules').flatMap((body) => {
    const attributes = new Attributes(body, 12);
    if (attributes.bytes(is.protocol)?.[0] !== ours) return [];
    const source = attributes.ipv4(is.source);
    const destination = attributes.ipv4(is.destination);
    const inLink = attributes.text(is.inLink);
    const mark = attributes.uint32(is.mark) ?? 0;
    const suppressed = attributes.int32(is.suppressPrefixLength) ?? -1;
    return [
      {
        priority: attributes.uint32(is.priority) ?? 0,
        table: attributes.uint32(is.table) ?? body[4] ?? 0,
        ...(source === undefined ? {} : { source: { address: source, prefixLength: body[2] ?? 0 } }),
        ...(destination === undefined
          ? {}
          : { destination: { address: destination, prefixLength: body[1] ?? 0 } }),
        ...(inLink === undefined ? {} : { inLink }),
        ...(mark === 0 ? {} : { mark }),
        ...(suppressed < 0 ? {} : { suppressedPrefixLength: suppressed }),
      },
    ];
  });
}

function ruleBody({ priority, table, source, destination, inLink, mark, ...rest }: Rule): Buffer {
  const { suppressedPrefixLength } = rest;
  const header = Buffer.alloc(12);
  header[0] = ipv4Family;
  header[1] = destination?.prefixLength ?? 0;
  header[2] = source?.prefixLength ?? 0;
  header[7] = 1; // FR_ACT_TO_TBL
  return Buffer.concat([
    header,
    attribute(is.priority, uint32(priority)),
    attribute(is.table, uint32(table)),
    attribute(is.protocol, Buffer.from([ours])),
    ...(source === undefined ? [] : [attribute(is.source, ipv4(source.address))]),
    ...(destination === undefined ? [] : [attribute(is.destination, ipv4(destination.address))]),
    ...(inLink === undefined ? [] : [attribute(is.inLink, text(inLink))]),
    ...(mark === undefined ? [] : [attribute(is.mark, uint32(mark)), attribute(is.markMask, uint32(mark))]),
    ...(suppressedPrefixLength === undefined
      ? []
      : [attribute(is.suppressPrefixLength, uint32(suppressedPrefixLength))]),
  ]);
}
