import type { ContainerDefinition, RegisterTaskDefinitionCommandInput } from '@aws-sdk/client-ecs';
import { describe, expect, test } from 'vitest';
import { compatibilitiesOf } from './launch-types.ts';
import { normaliseTaskDefinition } from './normalisation.ts';
import { requiredAttributes } from './requires-attributes.ts';

const normalise = (task: Partial<RegisterTaskDefinitionCommandInput>, ...containers: ContainerDefinition[]) =>
  normaliseTaskDefinition({
    family: 'web',
    containerDefinitions: containers.length > 0 ? containers : [{}],
    ...task,
  });

describe('normalisation', () => {
  test.each([
    [undefined, 0],
    ['bridge', 0],
    ['awsvpc', 80],
    ['host', 80],
  ] as const)('in network mode %s the host port of container port 80 becomes %d', (networkMode, hostPort) => {
    const mode = networkMode === undefined ? {} : { networkMode };
    const { containerDefinitions } = normalise(mode, { portMappings: [{ containerPort: 80 }] });
    expect(containerDefinitions[0]?.portMappings).toEqual([{ containerPort: 80, hostPort, protocol: 'tcp' }]);
  });

  test('a port range gets no host port, and an unknown protocol is tcp', () => {
    const mapping = { containerPortRange: '1-2', protocol: 'sctp' as never };
    const { containerDefinitions } = normalise({}, { portMappings: [mapping] });
    expect(containerDefinitions[0]?.portMappings).toEqual([{ containerPortRange: '1-2', protocol: 'tcp' }]);
  });

  test('health checks get their intervals, but no start period', () => {
    const { containerDefinitions } = normalise({}, { healthCheck: { command: ['CMD', 'x'], retries: 1 } });
    expect(containerDefinitions[0]?.healthCheck).toEqual({
      command: ['CMD', 'x'],
      interval: 30,
      timeout: 5,
      retries: 1,
    });
  });

  test('volumes that say only their name are of the host, Docker volumes of the task', () => {
    const { volumes } = normalise({
      volumes: [
        { name: 'a' },
        { name: 'b', dockerVolumeConfiguration: {} },
        { name: 'c', configuredAtLaunch: true },
      ],
    });
    expect(volumes).toEqual([
      { name: 'a', host: {} },
      { name: 'b', dockerVolumeConfiguration: { scope: 'task' } },
      { name: 'c', configuredAtLaunch: true },
    ]);
  });

  test('sizes become numbers of units and MiB, as text', () => {
    expect(normalise({ cpu: '.25 vCPU', memory: '0.5GB' })).toMatchObject({ cpu: '256', memory: '512' });
  });

  test('what was not sent stays absent', () => {
    const definition = normalise({});
    expect(Object.keys(definition).sort()).toEqual([
      'containerDefinitions',
      'family',
      'placementConstraints',
      'volumes',
    ]);
  });
});

describe('compatibilities', () => {
  test.each<[string, Partial<RegisterTaskDefinitionCommandInput>, string[]]>([
    ['bridge', {}, ['EXTERNAL', 'EC2']],
    ['host', { networkMode: 'host' }, ['EXTERNAL', 'EC2', 'MANAGED_INSTANCES']],
    ['awsvpc without a size', { networkMode: 'awsvpc' }, ['EC2', 'MANAGED_INSTANCES']],
    [
      'awsvpc of a Fargate size',
      { networkMode: 'awsvpc', cpu: '256', memory: '512' },
      ['EC2', 'FARGATE', 'MANAGED_INSTANCES'],
    ],
    [
      'ephemeral storage',
      { networkMode: 'awsvpc', cpu: '256', memory: '512', ephemeralStorage: { sizeInGiB: 30 } },
      ['FARGATE'],
    ],
    ['EFS', { volumes: [{ name: 'a', efsVolumeConfiguration: { fileSystemId: 'fs-1' } }] }, ['EC2']],
  ])('of %s', (_what, task, launchTypes) => {
    expect(compatibilitiesOf(normalise(task))).toEqual(launchTypes);
  });
});

describe('requiresAttributes', () => {
  const agent = 'com.amazonaws.ecs.capability';
  test.each<[string, Partial<RegisterTaskDefinitionCommandInput>, ContainerDefinition, string[]]>([
    ['nothing special', {}, {}, []],
    ['a task role', { taskRoleArn: 'r' }, {}, [`${agent}.task-iam-role`, `${agent}.docker-remote-api.1.17`]],
    [
      'a task role in host mode',
      { taskRoleArn: 'r', networkMode: 'host' },
      {},
      [`${agent}.task-iam-role-network-host`, `${agent}.docker-remote-api.1.17`],
    ],
    ['awsvpc', { networkMode: 'awsvpc' }, {}, ['ecs.capability.task-eni']],
    ['a task size', { cpu: '256' }, {}, ['ecs.capability.task-cpu-mem-limit']],
    [
      'a Docker volume',
      { volumes: [{ name: 'a', dockerVolumeConfiguration: { driver: 'rexray' } }] },
      {},
      ['ecs.capability.docker-plugin.rexray', `${agent}.docker-remote-api.1.25`],
    ],
    [
      'json-file',
      {},
      { logConfiguration: { logDriver: 'json-file' } },
      [`${agent}.logging-driver.json-file`, `${agent}.docker-remote-api.1.18`],
    ],
    [
      'awslogs with a role',
      { executionRoleArn: 'r' },
      { logConfiguration: { logDriver: 'awslogs' } },
      [
        `${agent}.logging-driver.awslogs`,
        `${agent}.docker-remote-api.1.18`,
        `${agent}.docker-remote-api.1.19`,
        'ecs.capability.execution-role-awslogs',
      ],
    ],
    [
      'an ECR image',
      {},
      { image: '123456789012.dkr.ecr.eu-west-1.amazonaws.com/a' },
      [`${agent}.ecr-auth`, `${agent}.docker-remote-api.1.19`],
    ],
    [
      'a dependency',
      {},
      { dependsOn: [{ containerName: 'a', condition: 'START' }] },
      ['ecs.capability.container-ordering'],
    ],
    [
      'secrets of both stores',
      {},
      {
        secrets: [
          { name: 'a', valueFrom: 'p' },
          { name: 'b', valueFrom: 'arn:aws:secretsmanager:r:1:secret:x' },
        ],
      },
      [
        'ecs.capability.secrets.ssm.environment-variables',
        'ecs.capability.secrets.asm.environment-variables',
      ],
    ],
    [
      'a restart policy',
      {},
      { restartPolicy: { enabled: true } },
      ['ecs.capability.container-restart-policy'],
    ],
    ['a restart policy that is off', {}, { restartPolicy: { enabled: false } }, []],
    [
      'a health check',
      {},
      { healthCheck: { command: ['CMD', 'x'] } },
      ['ecs.capability.container-health-check', `${agent}.docker-remote-api.1.24`],
    ],
  ])('of %s', (_what, task, container, names) => {
    expect(requiredAttributes(normalise(task, container))).toEqual(names.map((name) => ({ name })));
  });

  test('says each attribute once', () => {
    const names = requiredAttributes(normalise({}, { privileged: true }, { privileged: true }));
    expect(names).toEqual([{ name: `${agent}.privileged-container` }]);
  });
});
