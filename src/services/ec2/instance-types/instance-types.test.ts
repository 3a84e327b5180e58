import { describe, expect, it } from 'vitest';
import { allTypes, instanceType, maxPodsOf, shareOf } from './instance-types.ts';

const typeOf = (name: string) => instanceType(name) ?? expect.fail(`no ${name}`);

describe('an instance type', () => {
  it.each([
    ['t3.medium', { vcpus: 2, memoryMiB: 4_096, architecture: 'x86_64', hypervisor: 'nitro', baseline: 0.2 }],
    ['t2.xlarge', { vcpus: 4, architecture: 'x86_64', hypervisor: 'xen', baseline: 0.225 }],
    ['t4g.nano', { memoryMiB: 512, architecture: 'arm64', baseline: 0.05 }],
    ['m7i-flex.large', { memoryMiB: 8_192, architecture: 'x86_64' }],
    ['x2gd.medium', { architecture: 'arm64', isAccelerated: false }],
    ['g4dn.xlarge', { architecture: 'x86_64', isAccelerated: true }],
    ['c5n.large', { memoryMiB: 5_376 }],
  ])('is as EC2 sells it: %s', (name, expected) => {
    expect(typeOf(name)).toMatchObject({ name, ...expected });
  });

  it('is in the table once, whole', () => {
    const all = allTypes();
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
    for (const type of all) {
      expect(type.vcpus, type.name).toBeGreaterThan(0);
      expect(type.memoryMiB, type.name).toBeGreaterThanOrEqual(512);
      expect(type.name.startsWith('t'), type.name).toBe(
        type.baseline !== undefined || type.name.startsWith('trn'),
      );
    }
  });

  it.each([
    ['t3.nano', 4, 34],
    ['t3.medium', 17, 110],
    ['m5.large', 29, 110],
    ['t2.medium', 17, 17],
    ['m5.4xlarge', 234, 110],
    ['m5.8xlarge', 234, 250],
  ])('has addresses for so many pods: %s', (name, plain, withPrefixes) => {
    expect([maxPodsOf(typeOf(name)), maxPodsOf(typeOf(name), true)]).toEqual([plain, withPrefixes]);
  });

  it('takes its baseline of a machine, where it has one', () => {
    expect(shareOf(typeOf('t3.medium'))).toEqual({ cpu: 410, memoryMiB: 4_096 });
    expect(shareOf(typeOf('m5.large'))).toEqual({ cpu: 2_048, memoryMiB: 8_192 });
  });

  it('is not known by a name that EC2 has not, or an object has', () => {
    expect([instanceType('t3.huge'), instanceType('constructor')]).toEqual([undefined, undefined]);
  });
});
