import { describe, expect, it } from 'vitest';
import type { NetworkBindingRecord, TaskRecord } from '../records.ts';
import { registryHealth, registryInstance } from './registry-instance.ts';

const registry = { registryArn: 'arn', containerName: 'app', containerPort: 80 };
const surroundings = {
  scope: { accountId: '1', region: 'eu-west-1' },
  ec2InstanceId: 'i-1',
  checkedContainers: new Set<string>(),
};

/** Of a bridge task whose container `app` has these. */
function published(...networkBindings: NetworkBindingRecord[]): TaskRecord {
  const task = {
    ...{ id: 't1', cluster: 'default', launchType: 'EC2', availabilityZone: 'eu-west-1b' },
    ...{ taskDefinition: { family: 'web', revision: 3 }, service: { name: 'web', deploymentId: 'd' } },
    containers: [{ name: 'app', healthStatus: 'UNKNOWN', networkBindings }],
  };
  // Of a task's record only these matter here.
  return task as unknown as TaskRecord;
}

describe('a task in its registry', () => {
  it('without an interface of its own is reached on the port that its machine has for it', () => {
    const task = published(
      { bindIP: '127.0.0.2', containerPort: 81, hostPort: 40_001, protocol: 'tcp' },
      { bindIP: '127.0.0.2', containerPort: 80, hostPort: 40_000, protocol: 'tcp' },
    );
    expect(registryInstance(task, registry, surroundings)).toEqual({
      ...{ registryArn: 'arn', instanceId: 't1', health: 'HEALTHY' },
      attributes: {
        ...{ AWS_INSTANCE_IPV4: '127.0.0.2', AWS_INSTANCE_PORT: '40000', EC2_INSTANCE_ID: 'i-1' },
        ...{ AVAILABILITY_ZONE: 'eu-west-1b', REGION: 'eu-west-1', ECS_SERVICE_NAME: 'web' },
        ...{ ECS_CLUSTER_NAME: 'default', ECS_TASK_DEFINITION_FAMILY: 'web' },
      },
    });
  });

  it('on every address of its machine is reached on the one that it has for certain', () => {
    const task = published({ bindIP: '0.0.0.0', containerPort: 80, hostPort: 80, protocol: 'tcp' });
    expect(registryInstance(task, registry, surroundings)).toMatchObject({
      attributes: { AWS_INSTANCE_IPV4: '127.0.0.1', AWS_INSTANCE_PORT: '80' },
    });
  });

  it('that has not published the port can not be found', () => {
    expect(registryInstance(published(), registry, surroundings)).toBe(
      'The container app has not published its port 80.',
    );
  });

  it('is healthy when its health checks say so, and when there are none', () => {
    expect(registryHealth(published(), new Set())).toBe('HEALTHY');
    expect(registryHealth(published(), new Set(['app']))).toBe('UNHEALTHY');
    const [app] = published().containers;
    const healthy = app && { ...published(), containers: [{ ...app, healthStatus: 'HEALTHY' as const }] };
    expect(healthy && registryHealth(healthy, new Set(['app']))).toBe('HEALTHY');
  });
});
