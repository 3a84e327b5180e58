import { describe, expect, it } from 'vitest';
import { ipv6Block } from '../input/ipv6-block.ts';
import { ruleTraffic } from './rule-traffic.ts';

describe("a rule's protocol and ports", () => {
  it.each([
    ['tcp 80 81', 'tcp 80 81'],
    ['6 0 65535', 'tcp 0 65535'],
    ['UDP 53 53', 'udp 53 53'],
    ['017 53 53', 'udp 53 53'],
    ['icmp 8 0', 'icmp 8 0'],
    ['1 -1 -1', 'icmp -1 -1'],
    ['icmpv6', 'icmpv6 -1 -1'],
    ['58 128 0', 'icmpv6 128 0'],
    ['-1', '-1 -1 -1'],
    ['-1 80 81', '-1 -1 -1'],
    ['50', '50 -1 -1'],
    ['0', '0 -1 -1'],
    ['255 1 2', '255 -1 -1'],
  ])('%s is kept as %s', (asked, kept) => {
    const { protocol, fromPort, toPort } = ruleTraffic(input(asked));
    expect(`${protocol} ${fromPort} ${toPort}`).toBe(kept);
  });

  it.each([
    ['tcp', "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange."],
    ['udp 80', "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange."],
    ['icmp', "Invalid value 'Must specify both from and to ports with ICMP.' for portRange."],
    ['icmpv6 8', "Invalid value 'Must specify both from and to ports with ICMP.' for portRange."],
    ['tcp -1 -1', 'TCP/UDP (from) port (-1) out of range'],
    ['tcp 0 65536', 'TCP/UDP (to) port (65536) out of range'],
    ['tcp 81 80', 'Invalid TCP/UDP port range (81:80)'],
    ['icmp 256 0', 'ICMP type (256) out of range'],
    ['icmp 0 65535', 'ICMP code (65535) out of range'],
    ['icmp -1 0', 'ICMP code (0) out of range'],
    ['all', "Invalid value 'all' for IP protocol. Unknown protocol."],
    ['256', "Invalid value '256' for IP protocol. Unknown protocol."],
    ['esp', "Invalid value 'esp' for IP protocol. Unknown protocol."],
    ['', 'The request must contain the parameter ipProtocol'],
  ])('%s is refused', (asked, message) => {
    expect(() => ruleTraffic(input(asked))).toThrow(message);
  });
});

function input(text: string) {
  const [IpProtocol, from, to] = text.split(' ');
  const port = (each: string | undefined) => (each === undefined ? undefined : Number(each));
  return { IpProtocol, FromPort: port(from), ToPort: port(to) };
}

describe('an IPv6 block', () => {
  it.each([
    ['::/0', '::/0'],
    ['::1/128', '::1/128'],
    ['2001:DB8:0:0:0:0:0:1/32', '2001:db8::/32'],
    ['2001:db8:ffff:ffff::/36', '2001:db8:f000::/36'],
    ['fe80::ffff:1/121', 'fe80::ffff:0/121'],
    ['::ffff:10.1.2.3/112', '::ffff:a01:0/112'],
    ['1:2:3:4:5:6:7:8/127', '1:2:3:4:5:6:7:8/127'],
  ])('%s is shown as %s', (asked, shown) => {
    expect(ipv6Block(asked)).toBe(shown);
  });

  it.each(['::', '::/129', '::/', '10.0.0.0/8', 'fe80::1%eth0/64', '1:2:3/64', '::/-1', '::/8/8', ''])(
    '%s is none',
    (asked) => expect(ipv6Block(asked)).toBeUndefined(),
  );
});
