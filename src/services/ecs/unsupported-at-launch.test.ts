import type { ContainerDefinition } from '@aws-sdk/client-ecs';
import { expect, test } from 'vitest';
import type { StoredTaskDefinition } from './records.ts';
import { container, taskDefinition } from './testing/room.ts';
import { unsupportedAtLaunch } from './unsupported-at-launch.ts';

const missing = (bend: Partial<StoredTaskDefinition>) =>
  unsupportedAtLaunch(taskDefinition(bend).definition, 'X86_64');
const inContainer = (bend: ContainerDefinition) => missing({ containerDefinitions: [container(bend)] });

test.each<[string, Partial<StoredTaskDefinition>]>([
  ['nothing special', {}],
  ['roles', { taskRoleArn: 'role', executionRoleArn: 'role' }],
  [
    'host and Docker volumes',
    {
      volumes: [
        { name: 'a', host: {} },
        { name: 'b', dockerVolumeConfiguration: {} },
      ],
    },
  ],
  ['this architecture', { runtimePlatform: { cpuArchitecture: 'X86_64', operatingSystemFamily: 'LINUX' } }],
  [
    'log drivers of the Engine',
    { containerDefinitions: [container({ logConfiguration: { logDriver: 'gelf' } })] },
  ],
  ['awslogs', { containerDefinitions: [container({ logConfiguration: { logDriver: 'awslogs' } })] }],
  [
    'empty lists',
    { inferenceAccelerators: [], containerDefinitions: [container({ secrets: [], environmentFiles: [] })] },
  ],
])('tasks can have %s', (_what, definition) => {
  expect(missing(definition)).toBeUndefined();
});

test.each<[string, Partial<StoredTaskDefinition>]>([
  ['efsVolumeConfiguration', { volumes: [{ name: 'a', efsVolumeConfiguration: { fileSystemId: 'fs-1' } }] }],
  [
    's3filesVolumeConfiguration',
    { volumes: [{ name: 'a', s3filesVolumeConfiguration: { fileSystemArn: 'x' } }] },
  ],
  ['configuredAtLaunch', { volumes: [{ name: 'a', configuredAtLaunch: true }] }],
  ['inferenceAccelerators', { inferenceAccelerators: [{ deviceName: 'a', deviceType: 'b' }] }],
  ['proxyConfiguration', { proxyConfiguration: { containerName: 'web' } }],
  ['enableFaultInjection', { enableFaultInjection: true }],
  ['WINDOWS_SERVER_2022_CORE', { runtimePlatform: { operatingSystemFamily: 'WINDOWS_SERVER_2022_CORE' } }],
  ['ARM64', { runtimePlatform: { cpuArchitecture: 'ARM64' } }],
])('%s is named', (name, definition) => {
  expect(missing(definition)).toContain(name);
});

test.each<[string, ContainerDefinition]>([
  [
    'GPU \\(resourceRequirements\\)',
    { resourceRequirements: [{ type: 'GPU', sharingStrategy: { nvidiaMps: { memory: 512 } } }] },
  ],
  ['resourceRequirements', { resourceRequirements: [{ type: 'NeuronDevice', value: '1' }] }],
  ['firelensConfiguration', { firelensConfiguration: { type: 'fluentbit' } }],
  ['awsfirelens', { logConfiguration: { logDriver: 'awsfirelens' } }],
  [
    'secretOptions',
    { logConfiguration: { logDriver: 'splunk', secretOptions: [{ name: 'a', valueFrom: 'b' }] } },
  ],
  ['secrets', { secrets: [{ name: 'a', valueFrom: 'b' }] }],
  ['environmentFiles', { environmentFiles: [{ type: 's3', value: 'x' }] }],
  ['repositoryCredentials', { repositoryCredentials: { credentialsParameter: 'x' } }],
  ['credentialSpecs', { credentialSpecs: ['credentialspec:arn:x'] }],
  ['dockerSecurityOptions', { dockerSecurityOptions: ['no-new-privileges', 'credentialspec:x'] }],
  ['containerPortRange', { portMappings: [{ containerPortRange: '1-2' }] }],
])('%s is named with its container', (name, definition) => {
  expect(inContainer({ name: 'app', ...definition })).toMatch(
    new RegExp(`${name}.* of container 'app'|${name} of container 'app'`),
  );
});
