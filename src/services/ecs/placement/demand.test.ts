import { describe, expect, it } from 'vitest';
import type { StoredTaskDefinition, TaskOverrideRecord } from '../records.ts';
import { container, taskDefinition } from '../testing/room.ts';
import { type TaskDemand, taskDemand } from './demand.ts';

describe('what a task asks of an instance', () => {
  const cases: readonly [
    string,
    Partial<StoredTaskDefinition>,
    Partial<TaskOverrideRecord>,
    Partial<TaskDemand>,
  ][] = [
    [
      "sums the containers' CPU and hard memory",
      { containerDefinitions: [container(), container({ name: 'side', cpu: 10, memory: 100 })] },
      {},
      { cpu: 266, memoryMiB: 612 },
    ],
    [
      'takes the memory reservation where there is one',
      { containerDefinitions: [container({ memory: 512, memoryReservation: 128 })] },
      {},
      { memoryMiB: 128 },
    ],
    [
      'takes the sizes of the task before those of its containers',
      { cpu: '1024', memory: '2048' },
      {},
      { cpu: 1024, memoryMiB: 2048 },
    ],
    [
      'takes overridden task sizes before all',
      { cpu: '1024' },
      { cpu: '512', memory: '300' },
      { cpu: 512, memoryMiB: 300 },
    ],
    [
      'takes overridden container sizes',
      {},
      { containerOverrides: [{ name: 'app', cpu: 1, memory: 64 }] },
      { cpu: 1, memoryMiB: 64 },
    ],
    [
      'counts static host ports in bridge mode, dynamic ones never',
      {
        containerDefinitions: [
          container({
            portMappings: [
              { containerPort: 80, hostPort: 8080 },
              { containerPort: 81, hostPort: 0 },
              { containerPort: 53, hostPort: 53, protocol: 'udp' },
            ],
          }),
        ],
      },
      {},
      { tcpPorts: [8080], udpPorts: [53] },
    ],
    [
      'counts container ports in host mode',
      { networkMode: 'host', containerDefinitions: [container({ portMappings: [{ containerPort: 80 }] })] },
      {},
      { tcpPorts: [80] },
    ],
    [
      'counts no ports in awsvpc mode',
      {
        networkMode: 'awsvpc',
        containerDefinitions: [container({ portMappings: [{ containerPort: 80, hostPort: 80 }] })],
      },
      {},
      { tcpPorts: [] },
    ],
    [
      'asks for the attributes that the definition requires',
      { requiresAttributes: [{ name: 'ecs.capability.task-eni' }] },
      {},
      { requiredAttributes: [{ name: 'ecs.capability.task-eni' }] },
    ],
    [
      'asks for the architecture',
      { runtimePlatform: { cpuArchitecture: 'ARM64' } },
      {},
      { architecture: 'arm64' },
    ],
  ];
  it.each(cases)('%s', (_, definition, overrides, expected) => {
    const demand = taskDemand(
      taskDefinition(definition).definition,
      { containerOverrides: [], ...overrides },
      { launchType: 'EC2', enableExecuteCommand: false },
    );
    expect(demand).toMatchObject(expected);
  });

  it.each([
    ['EC2', [{ name: 'ecs.capability.execute-command' }]],
    ['EXTERNAL', [{ name: 'ecs.capability.execute-command' }]],
    ['FARGATE', []],
  ] as const)(
    'asks for an agent that takes sessions where ECS Exec is wanted: %s',
    (launchType, expected) => {
      const { definition } = taskDefinition({});
      const launch = { launchType, enableExecuteCommand: true };
      expect(taskDemand(definition, { containerOverrides: [] }, launch).requiredAttributes).toEqual(expected);
    },
  );
});
