import { describe, expect, it } from 'vitest';
import { freePrivateCidr, privateNetworkPlan, routedCidrs } from './private-network.ts';

describe('the private network', () => {
  it('avoids every network that the machine uses already', () => {
    expect(freePrivateCidr([])).toBe('10.231.0.0/16');
    expect(freePrivateCidr(['172.17.0.0/16', '10.231.4.0/24'])).toBe('10.232.0.0/16');
    expect(freePrivateCidr(['10.231.0.0/16', '10.232.0.0/15'])).toBe('10.234.0.0/16');
  });

  it('says so when there is none left', () => {
    expect(() => freePrivateCidr(['10.0.0.0/8'])).toThrow(/every network from 10\.231/);
  });

  it("reads the machine's routes", () => {
    const table = [
      'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT',
      'eth0\t00000000\t0100A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0',
      'docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0',
      'eth0\t0002A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0',
    ].join('\n');
    expect(routedCidrs(table)).toEqual(['172.17.0.0/16', '192.168.2.0/24']);
  });

  it('has the same ids on every start and others for another installation', () => {
    const plan = privateNetworkPlan('a', '10.231.0.0/16');
    expect(plan).toEqual(privateNetworkPlan('a', '10.231.0.0/16'));
    expect(plan).toMatchObject({ gateway: '10.231.0.1', cidr: '10.231.0.0/16' });
    expect(plan.subnetId).toMatch(/^subnet-[0-9a-f]{17}$/);
    expect(plan.subnetId).not.toBe(privateNetworkPlan('b', '10.231.0.0/16').subnetId);
  });
});
