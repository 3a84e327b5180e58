import { describe, expect, it } from 'vitest';
import { freePublicCidr, routedCidrs } from './public-cidr.ts';

describe('the block of public addresses', () => {
  it('is the same for an installation every time, and avoids what the machine uses', () => {
    const free = freePublicCidr('a', []);
    expect(free).toMatch(/^198\.18\.\d+\.0\/24$/);
    expect(freePublicCidr('a', ['172.17.0.0/16'])).toBe(free);
    const next = freePublicCidr('a', [free]);
    expect(next).not.toBe(free);
    expect(freePublicCidr('a', [free.replace('.0/24', '.7/32')])).toBe(next);
    expect(freePublicCidr('b', [])).not.toBe(free);
  });

  it('says so when there is none left', () => {
    expect(() => freePublicCidr('a', ['198.18.0.0/15'])).toThrow(/take all of 198\.18\.0\.0\/16/);
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
});
