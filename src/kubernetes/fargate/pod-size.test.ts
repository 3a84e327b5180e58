import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fargatePodSize, sizeText } from './pod-size.ts';
import { unsupportedOnFargate } from './unsupported.ts';

const container = (requests: object, more: object = {}) => ({ name: 'c', resources: { requests }, ...more });
const textOf = (spec: object): string | undefined => {
  const found = fargatePodSize(spec as never);
  return found && sizeText(found.size);
};

describe('a pod on Fargate', () => {
  it.each([
    ['that asks for nothing has the smallest', { containers: [container({})] }, '0.25vCPU 0.5GB'],
    [
      'has memory for Kubernetes besides, and so may have more CPU than it asks for',
      { containers: [container({ cpu: '1', memory: '8Gi' })] },
      '2vCPU 9GB',
    ],
    [
      'has what its containers ask for together',
      { containers: [container({ cpu: '250m', memory: '256Mi' }), container({ cpu: '250m' })] },
      '0.5vCPU 1GB',
    ],
    [
      'has what its largest init container asks for, where that is more',
      {
        containers: [container({ cpu: '100m' })],
        initContainers: [container({ cpu: '3' }), container({ cpu: '2' })],
      },
      '4vCPU 8GB',
    ],
    [
      'has what its sidecars ask for beside the others',
      {
        containers: [container({ cpu: '200m' })],
        initContainers: [container({ cpu: '200m' }, { restartPolicy: 'Always' })],
      },
      '0.5vCPU 1GB',
    ],
    ['is not larger than there is', { containers: [container({ cpu: '17' })] }, undefined],
    [
      'has no more storage than there is',
      { containers: [container({ 'ephemeral-storage': '160Gi' })] },
      undefined,
    ],
  ])('%s', (_, spec, text) => {
    expect(textOf(spec)).toBe(text);
  });

  it('has room for what it asks for, memory for Kubernetes and storage for the system besides', () => {
    const asked = fc.record({
      cpu: fc.integer({ min: 0, max: 8_000 }),
      memory: fc.integer({ min: 0, max: 50_000 }),
      storage: fc.integer({ min: 0, max: 70 }),
    });
    fc.assert(
      fc.property(fc.array(asked, { minLength: 1, maxLength: 3 }), (all) => {
        const containers = all.map(({ cpu, memory, storage }) =>
          container({ cpu: `${cpu}m`, memory: `${memory}Mi`, 'ephemeral-storage': `${storage}Gi` }),
        );
        const sum = (of: (each: (typeof all)[number]) => number): number =>
          all.reduce((total, each) => total + of(each), 0);
        const cpu = sum((each) => each.cpu);
        const memory = sum((each) => each.memory) + 256;
        const storage = sum((each) => each.storage) * 1.1 + 5;
        const found = fargatePodSize({ containers } as never);
        if (found === undefined) {
          expect(cpu > 16_000 || memory > 122_880 || storage > 174).toBe(true);
          return;
        }
        expect((found.size.cpu * 1_000) / 1_024).toBeGreaterThanOrEqual(cpu);
        expect(found.size.memoryMiB).toBeGreaterThanOrEqual(memory);
        expect(found.diskGiB).toBeGreaterThanOrEqual(Math.floor(storage));
      }),
    );
  });
});

describe('Fargate refuses', () => {
  const refused = 'Pod not supported on Fargate: ';
  it.each([
    [
      'nothing of what it has',
      { containers: [container({ cpu: '1' })], volumes: [{ name: 'a', emptyDir: {} }] },
      undefined,
    ],
    [
      'what is of the host, all at once',
      {
        hostNetwork: true,
        containers: [
          { name: 'c', securityContext: { privileged: true }, ports: [{ containerPort: 1, hostPort: 1 }] },
        ],
      },
      `${refused}fields not supported: HostNetwork, invalid SecurityContext fields: Privileged, port contains HostIP or HostPort`,
    ],
    [
      'directories of the host',
      { containers: [container({})], volumes: [{ name: 'logs', hostPath: { path: '/var/log' } }] },
      `${refused}volumes not supported: logs is of an unsupported volume Type`,
    ],
    [
      'accelerators',
      { containers: [{ name: 'c', resources: { limits: { 'nvidia.com/gpu': '1' } } }] },
      `${refused}resources not supported: nvidia.com/gpu`,
    ],
  ])('%s', (_, spec, why) => {
    expect(unsupportedOnFargate(spec as never)).toBe(why);
  });
});
