import type {
  CreateServiceCommandInput,
  RegisterTaskDefinitionCommandInput,
  RunTaskCommandInput,
} from '@aws-sdk/client-ecs';
import { type Random, seededRandom } from '../../src/clock/index.ts';
import { testNetwork } from '../../src/services/ecs/testing/network.ts';

export const account = { accountId: '123456789012', region: 'eu-west-1' } as const;

/** What users ask for: valid requests, drawn. */
export function pick<T>(random: Random, items: readonly T[]): T | undefined {
  return items.length === 0 ? undefined : items[random.integer(items.length)];
}

export function placementStrategy(random: Random): NonNullable<RunTaskCommandInput['placementStrategy']> {
  return pick(random, strategies) ?? [];
}

const strategies: readonly NonNullable<RunTaskCommandInput['placementStrategy']>[] = [
  [],
  [{ type: 'random' }],
  [{ type: 'spread', field: 'instanceId' }],
  [{ type: 'binpack', field: 'memory' }],
  [
    { type: 'spread', field: 'attribute:rack' },
    { type: 'binpack', field: 'cpu' },
  ],
];

export const racks = ['r0', 'r1', 'r2'] as const;

export function placementConstraints(
  random: Random,
): NonNullable<RunTaskCommandInput['placementConstraints']> {
  const drawn = random.float();
  if (drawn < 0.15) return [{ type: 'distinctInstance' }];
  if (drawn < 0.3)
    return [{ type: 'memberOf', expression: `attribute:rack in [${racks[0]}, ${pick(random, racks)}]` }];
  return [];
}

/** Minimum and maximum between which this many tasks can be replaced at all. */
export function percentages(desired: number, random: Random) {
  const pairs = [
    [100, 200],
    [100, 150],
    [75, 125],
    [50, 200],
    [50, 100],
    [0, 100],
    [0, 200],
  ] as const;
  const possible = pairs.filter(
    ([min, max]) => Math.floor((desired * max) / 100) > Math.ceil((desired * min) / 100),
  );
  const [minimumHealthyPercent, maximumPercent] = pick(random, possible) ?? [100, 200];
  return { minimumHealthyPercent, maximumPercent };
}

/** Off, or on, or not mentioned: then it stays as it is. */
export function circuitBreaker(
  random: Random,
): CreateServiceCommandInput['deploymentConfiguration'] & object {
  const drawn = random.float();
  if (drawn > 0.4) return {};
  return { deploymentCircuitBreaker: { enable: drawn < 0.3, rollback: drawn < 0.2 } };
}

/** What comes with each launch of this definition. */
export function networkOf({
  networkMode,
}: RegisterTaskDefinitionCommandInput): Pick<CreateServiceCommandInput, 'networkConfiguration'> {
  return networkMode === 'awsvpc'
    ? { networkConfiguration: { awsvpcConfiguration: { subnets: [testNetwork.subnetId] } } }
    : {};
}

/** Services of Cloud Map that are there. */
export const simRegistries = [
  { id: 'srv-addresses', recordTypes: ['A'], hasCustomHealthCheck: true },
  { id: 'srv-ports', recordTypes: ['SRV'], hasCustomHealthCheck: true },
] as const;

export const registryArn = (id: (typeof simRegistries)[number]['id']): string =>
  `arn:aws:servicediscovery:${account.region}:${account.accountId}:service/${id}`;

export const simTargetGroup = { id: '0000000000000001', delaySeconds: 40 } as const;
export const targetGroupArn = `arn:aws:elasticloadbalancing:${account.region}:${account.accountId}:targetgroup/web/${simTargetGroup.id}`;

/** What the traffic of one service is shifted between, and by. */
export interface SimRoute {
  readonly groupIds: readonly [string, string];
  readonly listenerId: string;
}

/** One for each of the places that services have in a plan. */
export const simRoutes: readonly SimRoute[] = [1, 2, 3].map((place) => ({
  groupIds: [`000000000000001${place}`, `000000000000002${place}`],
  listenerId: `c00000000000000${place}`,
}));

const elbArn = (resource: string): string =>
  `arn:aws:elasticloadbalancing:${account.region}:${account.accountId}:${resource}`;

/** As `addTargetGroup` and `addTrafficRules` make them. */
export function arnsOf({ groupIds, listenerId }: SimRoute) {
  const rule = (id: string): string =>
    elbArn(`listener-rule/app/web/b000000000000001/${listenerId}/d00000000000000${id}`);
  return {
    groups: groupIds.map((id) => elbArn(`targetgroup/web/${id}`)),
    testListenerRule: rule('1'),
    productionListenerRule: rule('2'),
  };
}

/** A strategy by which traffic is shifted, in a hurry. */
export function shiftStrategy(
  random: Random,
): NonNullable<CreateServiceCommandInput['deploymentConfiguration']> {
  const bakeTimeInMinutes = random.integer(3);
  return (
    pick(random, [
      { strategy: 'BLUE_GREEN' as const, bakeTimeInMinutes },
      {
        strategy: 'LINEAR' as const,
        bakeTimeInMinutes,
        linearConfiguration: { stepPercent: 40, stepBakeTimeInMinutes: random.integer(2) },
      },
      {
        strategy: 'CANARY' as const,
        bakeTimeInMinutes,
        canaryConfiguration: { canaryPercent: 12.5, canaryBakeTimeInMinutes: random.integer(2) },
      },
    ]) ?? {}
  );
}

/** The same load balancer, whose traffic is shifted by that route; other services don't find its tasks. */
export function shiftedBy(route: SimRoute, { loadBalancers = [] }: Exposure): Exposure {
  const {
    groups: [targetGroupArn = '', alternateTargetGroupArn = ''],
    ...rules
  } = arnsOf(route);
  const roleArn = `arn:aws:iam::${account.accountId}:role/shifter`;
  const advancedConfiguration = { ...rules, alternateTargetGroupArn, roleArn };
  return {
    serviceRegistries: [],
    loadBalancers: loadBalancers.map((each) => ({ ...each, targetGroupArn, advancedConfiguration })),
  };
}

type Exposure = Required<Pick<CreateServiceCommandInput, 'serviceRegistries' | 'loadBalancers'>>;

/** The same definition for a service behind a load balancer, which sends to tasks with a port and an address of their own. */
export function balancedDefinition(
  input: RegisterTaskDefinitionCommandInput,
): RegisterTaskDefinitionCommandInput {
  const [app, ...others] = input.containerDefinitions ?? [];
  return {
    ...input,
    networkMode: 'awsvpc',
    containerDefinitions: [{ ...app, portMappings: [{ containerPort: 80 }] }, ...others],
  };
}

/** By what others find a service's tasks of this definition, if they do. */
export function exposureOf(
  { networkMode, containerDefinitions: [app] = [] }: RegisterTaskDefinitionCommandInput,
  isBalanced: boolean,
  random: Random,
): Exposure {
  const isInRegistry = random.float() < 0.5;
  const containerPort = app?.portMappings?.[0]?.containerPort;
  const isAwsvpc = networkMode === 'awsvpc';
  if (app?.name === undefined || containerPort === undefined)
    return {
      serviceRegistries: isInRegistry && isAwsvpc ? [{ registryArn: registryArn('srv-addresses') }] : [],
      loadBalancers: [],
    };
  const place = { containerName: app.name, containerPort };
  return {
    serviceRegistries: isInRegistry
      ? [{ registryArn: registryArn(isAwsvpc ? 'srv-addresses' : 'srv-ports'), ...place }]
      : [],
    loadBalancers: isBalanced ? [{ targetGroupArn, ...place }] : [],
  };
}

export function definition(family: string, random: Random): RegisterTaskDefinitionCommandInput {
  const chance = (probability: number): boolean => random.float() < probability;
  const networkMode =
    pick(random, ['bridge', 'bridge', 'bridge', 'host', 'none', 'awsvpc'] as const) ?? 'bridge';
  const hostPort = networkMode === 'bridge' && chance(0.3) ? 8_000 + random.integer(3) : 0;
  const hasPorts = networkMode !== 'none' && chance(0.6);
  const containerPort = 80 + random.integer(3);
  const program = pick(random, ['steady', 'steady', 'steady', 'stubborn', 'job', 'sick']) ?? 'steady';
  const hasHealthCheck = program === 'sick' || chance(0.2);
  const side = chance(0.25) ? pick(random, sides) : undefined;
  return {
    family,
    networkMode,
    ...rolesOf(family),
    containerDefinitions: [
      {
        name: 'app',
        image: `app:${random.integer(3)}`,
        cpu: 64 * (1 + random.integer(6)),
        memory: 64 * (1 + random.integer(8)),
        command: program === 'job' ? ['job', String(1_000 + random.integer(120_000))] : [program],
        ...(hasPorts && {
          portMappings: [{ containerPort, ...(networkMode === 'bridge' && { hostPort }) }],
        }),
        ...(hasHealthCheck && {
          healthCheck: { command: ['CMD', 'true'], interval: 5, retries: 2, timeout: 2 },
        }),
        ...(side === 'init' && { dependsOn: [{ containerName: 'side', condition: 'SUCCESS' as const }] }),
        stopTimeout: 2 + random.integer(10),
      },
      ...(side === undefined
        ? []
        : [
            {
              name: 'side',
              image: 'side:1',
              essential: false,
              memory: 32,
              command: side === 'init' ? ['init', String(random.integer(5_000))] : ['steady'],
              ...(side === 'after' && {
                dependsOn: [
                  {
                    containerName: 'app',
                    condition: hasHealthCheck ? ('HEALTHY' as const) : ('START' as const),
                  },
                ],
              }),
            },
          ]),
    ],
  };
}

/** The same in a form that Fargate takes: of one of its sizes, on the private network. */
export function fargateDefinition(family: string, random: Random): RegisterTaskDefinitionCommandInput {
  const chance = (probability: number): boolean => random.float() < probability;
  const [cpu, memory] = pick(random, fargateSizes) ?? fargateSizes[0];
  const drawn = definition(family, random);
  const stopTimeout = chance(0.1) ? 120 : 2 + random.integer(10);
  return {
    ...drawn,
    networkMode: 'awsvpc',
    requiresCompatibilities: chance(0.5) ? ['FARGATE'] : ['FARGATE', 'EC2'],
    cpu,
    memory,
    containerDefinitions: (drawn.containerDefinitions ?? []).map(({ portMappings, ...container }) => ({
      ...container,
      cpu: 64,
      memory: container.name === 'app' ? 256 : 32,
      ...(container.name === 'app' && { stopTimeout }),
      ...(portMappings?.length && {
        portMappings: portMappings.map(({ containerPort }) => ({ containerPort })),
      }),
    })),
  };
}

const fargateSizes = [
  ['256', '512'],
  ['256', '512'],
  ['256', '1024'],
  ['512', '1024'],
] as const;

/** By the family's name, so that nothing else is drawn differently. */
function rolesOf(
  family: string,
): Pick<RegisterTaskDefinitionCommandInput, 'taskRoleArn' | 'executionRoleArn'> {
  const drawn = seededRandom(`${family}/roles`).float();
  return {
    ...(drawn < 0.4 && { taskRoleArn: 'app' }),
    ...(drawn > 0.3 && drawn < 0.6 && { executionRoleArn: 'execution' }),
  };
}

/** What a second container is to the first. */
const sides = ['beside', 'init', 'after'] as const;
