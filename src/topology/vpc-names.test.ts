import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findVpcName, privateDnsName, publicDnsName, type VpcNames } from './vpc-names.ts';

const vpc: VpcNames = {
  region: 'us-east-1',
  cidrs: ['10.0.0.0/16', '100.64.0.0/24'],
  privateAddressOf: (publicIpv4) => (publicIpv4 === '198.18.0.7' ? '10.0.1.10' : undefined),
  instanceAddress: (id) => (id === 'i-0123456789abcdef0' ? '10.0.2.2' : undefined),
};
const frankfurt: VpcNames = { ...vpc, region: 'eu-central-1' };

const told = (name: string, type: string, of = vpc): unknown => {
  const found = findVpcName({ name, type }, of);
  return found.kind === 'records' ? found.records.map(({ data }) => data) : found.kind;
};

describe('the names within a VPC', () => {
  it.each<[string, string, unknown, VpcNames?]>([
    ['ip-10-0-1-10.ec2.internal', 'A', ['10.0.1.10']],
    ['ip-100-64-0-255.ec2.internal', 'A', ['100.64.0.255']],
    ['ip-10-0-1-10.ec2.internal', 'AAAA', 'nodata'],
    ['ip-10-1-1-10.ec2.internal', 'A', 'nxdomain'],
    ['ip-10-0-1-010.ec2.internal', 'A', 'nxdomain'],
    ['ip-10-0-1.ec2.internal', 'A', 'nxdomain'],
    ['x.ip-10-0-1-10.ec2.internal', 'A', 'nxdomain'],
    ['ip-10-0-1-10.eu-central-1.compute.internal', 'A', 'not-ours'],
    ['ip-10-0-1-10.eu-central-1.compute.internal', 'A', ['10.0.1.10'], frankfurt],
    ['ip-10-0-1-10.ec2.internal', 'A', 'not-ours', frankfurt],
    ['i-0123456789abcdef0.ec2.internal', 'A', ['10.0.2.2']],
    ['i-0123456789abcdef1.ec2.internal', 'A', 'nxdomain'],
    ['ec2.internal', 'A', 'nodata'],
    ['xec2.internal', 'A', 'not-ours'],
    ['ec2-198-18-0-7.compute-1.amazonaws.com', 'A', ['10.0.1.10']],
    ['ec2-198-18-0-7.compute-1.amazonaws.com', 'AAAA', 'nodata'],
    ['ec2-198-18-0-8.compute-1.amazonaws.com', 'A', 'not-ours'],
    ['ec2-198-18-0-7.eu-central-1.compute.amazonaws.com', 'A', ['10.0.1.10'], frankfurt],
    ['compute-1.amazonaws.com', 'A', 'not-ours'],
    ['10.1.0.10.in-addr.arpa', 'PTR', ['ip-10-0-1-10.ec2.internal']],
    ['10.1.0.10.in-addr.arpa', 'A', 'nodata'],
    ['10.1.1.10.in-addr.arpa', 'PTR', 'nxdomain'],
    ['8.8.8.8.in-addr.arpa', 'PTR', 'not-ours'],
    ['0.10.in-addr.arpa', 'PTR', 'not-ours'],
    ['example.com', 'A', 'not-ours'],
  ])('%s %s is %j', (name, type, expected, of) => {
    expect(told(name, type, of)).toEqual(expected);
  });

  it('lead from an address to its name and back', () => {
    const octet = fc.nat(255);
    fc.assert(
      fc.property(octet, octet, fc.constantFrom('us-east-1', 'us-west-2'), (third, fourth, region) => {
        const address = `10.0.${third}.${fourth}`;
        const name = privateDnsName(address, region);
        expect(told(name, 'A', { ...vpc, region })).toEqual([address]);
        expect(told(`${fourth}.${third}.0.10.in-addr.arpa`, 'PTR', { ...vpc, region })).toEqual([name]);
      }),
    );
  });

  it('are written as EC2 writes them', () => {
    expect(publicDnsName('198.18.0.7', 'us-east-1')).toBe('ec2-198-18-0-7.compute-1.amazonaws.com');
    expect(publicDnsName('198.18.0.7', 'eu-west-1')).toBe('ec2-198-18-0-7.eu-west-1.compute.amazonaws.com');
  });
});
