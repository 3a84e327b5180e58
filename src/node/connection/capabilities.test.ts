import { describe, expect, test } from 'vitest';
import type { RuntimeInfo } from '../../runtime/index.ts';
import { capabilityAttributes } from './capabilities.ts';

const info: RuntimeInfo = {
  engine: 'docker',
  version: '20.10.24',
  apiVersion: '1.24',
  cpus: 2,
  memoryBytes: 1,
  architecture: 'x86_64',
  kernel: '6.1',
  cgroupVersion: 1,
  logDrivers: ['json-file', 'syslog', 'local'],
  runtimes: ['runc'],
  limits: [],
};
const names = (of: RuntimeInfo, offers = { awslogs: false, taskRoles: false, serviceConnect: false }) =>
  capabilityAttributes(of, offers).map(({ name = '' }) => name);

describe('capabilityAttributes', () => {
  test('names the remote API versions up to the engine’s own', () => {
    expect(
      names(info)
        .filter((name) => name.includes('docker-remote-api'))
        .at(-1),
    ).toMatch(/1\.24$/);
    expect(names({ ...info, apiVersion: '1.41' })).not.toContain(
      'com.amazonaws.ecs.capability.docker-remote-api.1.26',
    );
  });

  test('names the log drivers that the engine and ECS both know', () => {
    expect(names(info).filter((name) => name.includes('logging-driver'))).toEqual(
      ['json-file', 'syslog', 'none'].map(
        (driver) => `com.amazonaws.ecs.capability.logging-driver.${driver}`,
      ),
    );
    expect(names(info, { awslogs: true, taskRoles: false, serviceConnect: false })).toContain(
      'com.amazonaws.ecs.capability.logging-driver.awslogs',
    );
  });

  test('says Service Connect only with a proxy and tasks that have a namespace for it', () => {
    const offers = { awslogs: false, taskRoles: false, serviceConnect: true };
    expect(names(info, offers)).toContain('ecs.capability.service-connect-v1');
    expect(names(info)).not.toContain('ecs.capability.service-connect-v1');
    const limits = [{ feature: 'private-network', message: 'not here' }] as const;
    expect(names({ ...info, limits }, offers)).not.toContain('ecs.capability.service-connect-v1');
  });

  test.each([
    ['private-network', 'ecs.capability.task-eni'],
    ['sandbox-cgroup', 'ecs.capability.task-cpu-mem-limit'],
    ['privileged', 'com.amazonaws.ecs.capability.privileged-container'],
  ] as const)('a machine without %s does not claim %s', (feature, capability) => {
    expect(names(info)).toContain(capability);
    expect(names({ ...info, limits: [{ feature, message: 'not here' }] })).not.toContain(capability);
  });
});
