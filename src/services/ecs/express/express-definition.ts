import type {
  ContainerDefinition,
  ExpressCpuArchitecture,
  ExpressGatewayContainer,
  ExpressGatewayServiceConfiguration,
  RegisterTaskDefinitionCommandInput,
} from '@aws-sdk/client-ecs';
import type { Scope } from '../arn.ts';
import { invalidParameter } from '../errors.ts';
import { given } from '../given.ts';
import type { StoredTaskDefinition } from '../records.ts';

/**
 * An Express service's tasks as a task definition and back again. What a request says of them is kept nowhere else, so
 * that an Express service shows what it runs, also where its users registered the revision.
 */

/** The container that the load balancer sends to. */
export const mainContainer = 'Main';

const defaults = { cpu: '256', memory: '512', cpuArchitecture: 'X86_64', containerPort: 80 } as const;
const logStreamPrefix = 'ecs';

/** What tasks are made of, as requests say it and answers show it. */
export type Configured = Pick<
  ExpressGatewayServiceConfiguration,
  'executionRoleArn' | 'taskRoleArn' | 'cpu' | 'memory' | 'cpuArchitecture' | 'primaryContainer'
>;

/**
 * The task definition of an Express service (ECS developer guide, "Resources created by Amazon ECS Express Mode services").
 * @param ownLogGroup Where it logs unless it says otherwise.
 */
export function expressDefinition(
  scope: Scope,
  family: string,
  configured: Configured & { readonly primaryContainer: ExpressGatewayContainer },
  ownLogGroup: string,
): RegisterTaskDefinitionCommandInput {
  const { primaryContainer: container, executionRoleArn, taskRoleArn, ...size } = configured;
  const {
    image,
    command,
    environment,
    secrets,
    repositoryCredentials,
    awsLogsConfiguration: logs,
  } = container;
  const { containerPort = defaults.containerPort } = container;
  return {
    family,
    networkMode: 'awsvpc',
    requiresCompatibilities: ['FARGATE'],
    cpu: size.cpu ?? defaults.cpu,
    memory: size.memory ?? defaults.memory,
    runtimePlatform: {
      operatingSystemFamily: 'LINUX',
      cpuArchitecture: size.cpuArchitecture ?? defaults.cpuArchitecture,
    },
    ...given('executionRoleArn', executionRoleArn),
    ...given('taskRoleArn', taskRoleArn),
    containerDefinitions: [
      {
        name: mainContainer,
        image,
        essential: true,
        portMappings: [
          { name: `main-${containerPort}-tcp`, containerPort, hostPort: containerPort, protocol: 'tcp' },
        ],
        ...given('command', command),
        ...given('environment', environment),
        ...given('secrets', secrets),
        ...(repositoryCredentials?.credentialsParameter === undefined
          ? {}
          : { repositoryCredentials: { credentialsParameter: repositoryCredentials.credentialsParameter } }),
        logConfiguration: {
          logDriver: 'awslogs',
          options: {
            'awslogs-group': logs?.logGroup || ownLogGroup,
            'awslogs-region': scope.region,
            'awslogs-stream-prefix': logs?.logStreamPrefix || logStreamPrefix,
            mode: 'non-blocking',
            'max-buffer-size': '25m',
          },
        },
        linuxParameters: { initProcessEnabled: true },
        stopTimeout: 30,
        versionConsistency: 'enabled',
      },
    ],
  };
}

/** What a task definition says of an Express service's tasks. */
export function configuredIn(definition: StoredTaskDefinition): Configured {
  const main = mainOf(definition);
  const architecture = definition.runtimePlatform?.cpuArchitecture;
  return {
    ...given('executionRoleArn', definition.executionRoleArn),
    ...given('taskRoleArn', definition.taskRoleArn),
    ...given('cpu', definition.cpu),
    ...given('memory', definition.memory),
    ...given('cpuArchitecture', architecture as ExpressCpuArchitecture | undefined),
    ...given('primaryContainer', main && containerOf(main)),
  };
}

function containerOf(main: ContainerDefinition): ExpressGatewayContainer {
  const { command, environment, secrets, repositoryCredentials } = main;
  const options = main.logConfiguration?.logDriver === 'awslogs' ? main.logConfiguration.options : undefined;
  const logGroup = options?.['awslogs-group'];
  return {
    image: main.image,
    ...given('containerPort', main.portMappings?.[0]?.containerPort),
    ...(logGroup === undefined
      ? {}
      : { awsLogsConfiguration: { logGroup, logStreamPrefix: options?.['awslogs-stream-prefix'] ?? '' } }),
    ...given('repositoryCredentials', repositoryCredentials && { ...repositoryCredentials }),
    ...given('command', command?.length ? [...command] : undefined),
    ...given('environment', environment?.length ? environment.map((each) => ({ ...each })) : undefined),
    ...given('secrets', secrets?.length ? secrets.map((each) => ({ ...each })) : undefined),
  };
}

/** What is said now over what held before; a list that is given stands for the whole of it. */
export function overConfigured(before: Configured, said: Configured): Configured {
  const container = said.primaryContainer && { ...before.primaryContainer, ...said.primaryContainer };
  return { ...before, ...withoutUndefined(said), ...given('primaryContainer', container) };
}

const withoutUndefined = <T extends object>(value: T): Partial<T> =>
  Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as Partial<T>;

/**
 * The port that a user's own task definition offers to the load balancer.
 * @throws InvalidParameterException it can't be an Express service's.
 */
export function requireMainPort(definition: StoredTaskDefinition): number {
  if (definition.compatibilities?.includes('FARGATE') !== true || definition.networkMode !== 'awsvpc')
    throw invalidParameter('The task definition must have FARGATE compatibility.');
  const main = mainOf(definition);
  if (main === undefined)
    throw invalidParameter(`The task definition must have a container named ${mainContainer}.`);
  const [mapping, ...others] = main.portMappings ?? [];
  const isTcp = (mapping?.protocol ?? 'tcp') === 'tcp';
  if (mapping?.containerPort === undefined || !mapping.name || !isTcp || others.length > 0)
    throw invalidParameter(
      `The container ${mainContainer} must have a single TCP port mapping with a container port and a port name.`,
    );
  return mapping.containerPort;
}

/** The port that the load balancer sends to; undefined for a revision that isn't an Express service's. */
export const mainPortOf = (definition: StoredTaskDefinition): number | undefined =>
  mainOf(definition)?.portMappings?.[0]?.containerPort;

const mainOf = ({ containerDefinitions }: StoredTaskDefinition): ContainerDefinition | undefined =>
  containerDefinitions.find(({ name }) => name === mainContainer);
