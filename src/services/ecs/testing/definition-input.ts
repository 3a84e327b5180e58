import type {
  ContainerDefinition,
  EFSVolumeConfiguration,
  RegisterTaskDefinitionCommandInput,
} from '@aws-sdk/client-ecs';
import { expect } from 'vitest';
import { normaliseTaskDefinition } from '../task-definition/normalisation.ts';
import { validateTaskDefinition } from '../task-definition/task-definition-validation.ts';

/** What the tests of a definition's rules share: parts of one that is right, to be bent. */
export type Definition = Partial<RegisterTaskDefinitionCommandInput>;

export function container(bend: ContainerDefinition = {}): ContainerDefinition {
  return { name: 'web', image: 'nginx', memory: 128, ...bend };
}

/** A definition of one container, or of several, that is right but for what a test bends. */
export function register(bend: Definition): void {
  validateTaskDefinition(
    normaliseTaskDefinition({ family: 'web', containerDefinitions: [container()], ...bend }),
  );
}

export const one = (bend: ContainerDefinition, task: Definition = {}): Definition => ({
  ...task,
  containerDefinitions: [container(bend)],
});
export const two = (
  first: ContainerDefinition,
  second: ContainerDefinition,
  task: Definition = {},
): Definition => ({
  ...task,
  containerDefinitions: [container({ name: 'web', ...first }), container({ name: 'side', ...second })],
});
export const repeat = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i));
export const fargate = (bend: Definition = {}): Definition => ({
  requiresCompatibilities: ['FARGATE'],
  networkMode: 'awsvpc',
  cpu: '256',
  memory: '512',
  ...bend,
});
export const tcp = (containerPort: number, hostPort?: number) => ({
  containerPort,
  ...(hostPort !== undefined && { hostPort }),
});
export const role = 'arn:aws:iam::123456789012:role/path/execution';
export const sha = `sha256:${'a1'.repeat(32)}`;
export const check = { command: ['CMD-SHELL', 'true'] };
export const logs = (options: Record<string, string>, logDriver: 'awslogs' | 'splunk' = 'awslogs') => ({
  logConfiguration: { logDriver, options },
});
export const awslogs = logs({
  'awslogs-group': 'g',
  'awslogs-region': 'r',
  'awslogs-stream-prefix': 'p',
});
export const firelens = { firelensConfiguration: { type: 'fluentbit' as const } };
export const proxy = (bend: object = {}): Definition => ({
  networkMode: 'awsvpc',
  proxyConfiguration: {
    type: 'APPMESH',
    containerName: 'web',
    properties: [
      { name: 'IgnoredUID', value: '1337' },
      { name: 'AppPorts', value: '80' },
      { name: 'ProxyIngressPort', value: '15000' },
      { name: 'ProxyEgressPort', value: '15001' },
    ],
    ...bend,
  },
});
/** A value that the types don't know, as a client may well send it. */
export const unknown = (value: unknown): never => value as never;

export const efs = (bend: Partial<EFSVolumeConfiguration>): Definition => ({
  volumes: [{ name: 'a', efsVolumeConfiguration: { fileSystemId: 'fs-1', ...bend } }],
});

/** What is wrong with a definition, the definition, and the words of its refusal. */
export type Refused = readonly [what: string, definition: Definition, message: string | RegExp];

export function expectRefusal(_what: string, definition: Definition, message: string | RegExp): void {
  expect(() => register(definition)).toThrow(
    expect.objectContaining({
      code: 'ClientException',
      message: typeof message === 'string' ? message : expect.stringMatching(message),
    }),
  );
}
