import type { RegisterTaskDefinitionCommandInput } from '@aws-sdk/client-ecs';
import fc, { type Arbitrary } from 'fast-check';
import { expect, test } from 'vitest';
import { Refusal } from '../../../protocols/index.ts';
import { openRoom } from '../testing/room.ts';
import { registerTaskDefinition } from './register-task-definition.ts';
import { describeTaskDefinition } from './task-definition.ts';

/** Mostly what is right, sometimes anything: so that many definitions register and all rules are met. */
const mostly = (right: Arbitrary<unknown>): Arbitrary<unknown> =>
  fc.oneof({ arbitrary: right, weight: 60 }, { arbitrary: fc.constant('∅ nonsense'), weight: 1 });

/** An object of which each member may be missing. */
const partial = (members: Record<string, Arbitrary<unknown>>, ...requiredKeys: string[]) =>
  fc.record(members, { requiredKeys });
const few = (item: Arbitrary<unknown>) => fc.array(item, { maxLength: 2 });
const text = mostly(fc.constantFrom('web', 'db', 'side', 'data', '/srv', 'arn:aws:s3:::b/a.env', 'CMD', '1'));
const number = mostly(fc.constantFrom(1, 2, 5, 60, 80, 256, 8080));
const flag = fc.boolean();
const name = mostly(fc.constantFrom('web', 'db', 'side'));
const map = fc.dictionary(fc.constantFrom('awslogs-group', 'awslogs-region', 'mode', 'x'), text, {
  maxKeys: 4,
});
const pairs = few(partial({ name: text, value: text }));

const container = partial(
  {
    name,
    image: mostly(fc.constantFrom('nginx', 'busybox:1.36', '123456789012.dkr.ecr.eu-west-1.amazonaws.com/a')),
    cpu: number,
    memory: mostly(fc.constantFrom(64, 128, 256)),
    memoryReservation: mostly(fc.constantFrom(32, 64)),
    essential: flag,
    links: few(name),
    portMappings: few(
      partial({
        containerPort: number,
        hostPort: number,
        protocol: fc.constantFrom('tcp', 'udp'),
        name: text,
        containerPortRange: mostly(fc.constant('100-200')),
      }),
    ),
    restartPolicy: partial({
      enabled: flag,
      restartAttemptPeriod: number,
      ignoredExitCodes: few(number),
    }),
    entryPoint: few(text),
    command: few(text),
    environment: pairs,
    environmentFiles: few(fc.record({ type: fc.constant('s3'), value: text })),
    mountPoints: few(
      partial({ sourceVolume: mostly(fc.constant('data')), containerPath: text, readOnly: flag }),
    ),
    volumesFrom: few(partial({ sourceContainer: name, readOnly: flag })),
    linuxParameters: partial({ initProcessEnabled: flag, maxSwap: number, swappiness: number }),
    secrets: few(fc.record({ name: text, valueFrom: text })),
    dependsOn: few(fc.record({ containerName: name, condition: fc.constantFrom('START', 'HEALTHY') })),
    startTimeout: number,
    stopTimeout: number,
    versionConsistency: fc.constantFrom('enabled', 'disabled'),
    hostname: text,
    user: text,
    workingDirectory: text,
    disableNetworking: flag,
    privileged: flag,
    readonlyRootFilesystem: flag,
    dnsServers: few(text),
    dnsSearchDomains: few(text),
    extraHosts: few(fc.record({ hostname: text, ipAddress: text })),
    dockerSecurityOptions: few(mostly(fc.constant('no-new-privileges'))),
    interactive: flag,
    pseudoTerminal: flag,
    dockerLabels: map,
    ulimits: few(fc.record({ name: mostly(fc.constant('nofile')), softLimit: number, hardLimit: number })),
    logConfiguration: fc.record({
      logDriver: mostly(fc.constantFrom('awslogs', 'json-file')),
      options: map,
    }),
    healthCheck: fc.record({ command: fc.constant(['CMD-SHELL', 'true']) }),
    systemControls: few(partial({ namespace: mostly(fc.constant('net.core.somaxconn')), value: text })),
    resourceRequirements: few(fc.record({ type: fc.constant('GPU'), value: text })),
    firelensConfiguration: fc.record({ type: fc.constant('fluentbit'), options: map }),
    credentialSpecs: few(mostly(fc.constant('credentialspec:arn:x'))),
    repositoryCredentials: fc.record({ credentialsParameter: text }),
  },
  'name',
  'image',
  'memory',
);

const volume = partial({
  name: mostly(fc.constantFrom('data', 'other')),
  host: partial({ sourcePath: text }),
  dockerVolumeConfiguration: partial({
    scope: fc.constantFrom('task', 'shared'),
    autoprovision: flag,
  }),
  efsVolumeConfiguration: partial({ fileSystemId: text, rootDirectory: text }),
  configuredAtLaunch: flag,
});

/** Containers with few members each: one with all forty would never be right. */
const sparse = fc.tuple(container, fc.infiniteStream(fc.nat(20))).map(([whole, dice]) => {
  const kept = Object.entries(whole).filter(([member]) => {
    const isBasic = member === 'name' || member === 'image' || member === 'memory';
    return isBasic || dice.next().value === 0;
  });
  return Object.fromEntries(kept);
});

const definition = fc
  .tuple(
    fc.record({
      family: mostly(fc.constant('web')),
      containerDefinitions: fc.array(sparse, { minLength: 1, maxLength: 3 }),
    }),
    partial({
      networkMode: mostly(fc.constantFrom('bridge', 'awsvpc', 'host', 'none')),
      cpu: mostly(fc.constantFrom('256', '1 vCPU', '0.5')),
      memory: mostly(fc.constantFrom('512', '1GB')),
      executionRoleArn: mostly(fc.constant('execution')),
      taskRoleArn: mostly(fc.constant('task')),
      volumes: fc.array(volume, { maxLength: 1 }),
      requiresCompatibilities: few(fc.constantFrom('EC2', 'FARGATE')),
      runtimePlatform: partial({
        cpuArchitecture: fc.constant('ARM64'),
        operatingSystemFamily: fc.constant('LINUX'),
      }),
      pidMode: fc.constantFrom('task', 'host'),
      ipcMode: fc.constantFrom('task', 'none'),
      tags: few(partial({ key: text, value: text })),
      placementConstraints: fc.constant([]),
      proxyConfiguration: fc.record({ containerName: name }),
      inferenceAccelerators: fc.constant([]),
      ephemeralStorage: fc.record({ sizeInGiB: fc.constant(30) }),
      enableFaultInjection: flag,
    }),
    fc.infiniteStream(fc.nat(4)),
  )
  .map(([basics, others, dice]) => ({
    ...basics,
    ...Object.fromEntries(Object.entries(others).filter(() => dice.next().value === 0)),
  }));

test('whatever is registered is described as it was answered; everything else is refused, and never breaks', async () => {
  await using room = await openRoom();
  let registered = 0;
  const runs = 400;
  await fc.assert(
    fc.asyncProperty(definition, async (generated) => {
      const input = fromTheWire(generated);
      const answer = await registerTaskDefinition(room.ecs, input, room.call).catch((error: unknown) => {
        if (error instanceof Refusal) return undefined;
        throw error;
      });
      if (answer === undefined) return;
      registered += 1;
      const taskDefinition = answer.taskDefinition?.taskDefinitionArn;
      const described = describeTaskDefinition(room.ecs, { taskDefinition, include: ['TAGS'] }, room.call);
      expect(described.taskDefinition).toEqual(answer.taskDefinition);
      expect(described.tags).toEqual(answer.tags ?? []);

      // Registering the answer again, as `aws ecs` users do, changes nothing but the revision.
      const { family, containerDefinitions, volumes, networkMode, cpu, memory } = answer.taskDefinition ?? {};
      const again = { ...input, family, containerDefinitions, volumes, networkMode, cpu, memory };
      const second = await registerTaskDefinition(room.ecs, again, room.call);
      expect(second.taskDefinition?.containerDefinitions).toEqual(containerDefinitions);
      expect(second.taskDefinition?.volumes).toEqual(volumes);
    }),
    { numRuns: runs },
  );
  // The generator is worth something only if both outcomes are frequent.
  expect(registered).toBeGreaterThan(runs / 50);
  expect(registered).toBeLessThan(runs);
});

function fromTheWire(value: object): RegisterTaskDefinitionCommandInput {
  return JSON.parse(JSON.stringify(value));
}
