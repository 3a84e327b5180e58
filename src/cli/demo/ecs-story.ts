import type { ContainerInstance, Task } from '@aws-sdk/client-ecs';
import { withTimeout } from '../../clock/index.ts';
import type { Progress } from '../progress.ts';
import { CommandError } from '../terminal.ts';
import { cpu, memoryMiB, port, script } from './application.ts';
import { type DemoBalancer, makeBalancer, timeToAnswer, untilHealthy } from './balancer.ts';
import { type Customer, demoCluster, demoService } from './customer.ts';
import type { HullFacts } from './hull-facts.ts';
import { lookAtApplication, makeApplicationRole } from './identity.ts';
import { withLoad } from './load.ts';
import { desiredCount, oneMore, pollMs, runningMs, type StoryParts, timed } from './story.ts';
import { areUp, type Replica, watchReplicas } from './watch-replicas.ts';

const logGroupName = '/catamaran/demo';
const family = 'hello';
const answerMs = 20_000;
const logsMs = 20_000;
const roleName = 'demo-task';
/** What an agent says of itself that can hand out credentials of tasks' roles. */
const roleCapability = 'com.amazonaws.ecs.capability.task-iam-role';

/** What the demo finds out about ECS, for `--json`. */
export interface EcsFacts extends HullFacts {
  taskDefinitions: readonly string[];
  serviceArn: string;
  answers: readonly Answer[];
  logs: readonly LogLine[];
}

interface Answer {
  readonly revision: number;
  readonly taskArn: string;
  readonly address: string;
  readonly answer: string;
}

interface LogLine {
  readonly logStreamName: string;
  readonly message: string;
}

/** ECS from the cluster to the logs. @param facts Filled in as the story goes on. */
export async function tellEcsStory(parts: StoryParts, facts: Partial<EcsFacts>): Promise<void> {
  const { customer, clock, progress, output, step, signal } = parts;
  const { ecs } = customer;
  const abortSignal = signal;
  const began = clock.monotonic();
  const { canHaveRole, keptBackMiB } = await makeCapacity(parts);
  facts.capacityMs = Math.round(clock.monotonic() - began);
  const { iam } = await customer.clients();
  const roleArn = canHaveRole
    ? await step('create a role for its tasks', () =>
        makeApplicationRole(iam, roleName, { service: 'ecs-tasks.amazonaws.com' }, signal),
      )
    : undefined;
  const first = await step(
    'register the task definition hello, revision 1',
    () => register(parts, 1, roleArn),
    (arn) => arn,
  );
  const balancer = await step(
    'create a load balancer',
    () => makeBalancer(parts),
    (made) => (made === undefined ? 'not without VPCs' : `${made.url} by ${made.program}`),
  );
  const deploy = async (): Promise<void> => {
    await step(`create a service of ${desiredCount} tasks`, async () => {
      const { service } = await ecs.createService(
        {
          ...{ ...demoCluster, serviceName: demoService, taskDefinition: first, desiredCount },
          ...(balancer && { loadBalancers: [targetOf(balancer)] }),
        },
        { abortSignal },
      );
      facts.serviceArn = service?.serviceArn ?? '';
    });
    await step(`${desiredCount} tasks RUNNING`, () => watchTasks(parts, 1, areUp(desiredCount, 1)));
  };
  if (balancer === undefined) await deploy();
  else facts.firstAnswerMs = await timeToAnswer(parts, balancer.url, deploy);
  const answers = await step('send a request to every task', () => askTasks(parts, first, 1));
  show(progress, answers);
  if (balancer !== undefined) {
    await step(`${desiredCount} targets healthy`, () => untilHealthy(parts, balancer, desiredCount));
  }

  const second = await step(
    'register revision 2',
    () => register(parts, 2, roleArn),
    (arn) => arn,
  );
  facts.taskDefinitions = [first, second];
  const update = async (): Promise<void> => {
    await step('update the service', () =>
      ecs.updateService({ ...demoCluster, service: demoService, taskDefinition: second }, { abortSignal }),
    );
    await step('rolling update completed', () => watchTasks(parts, 2, isRolledOut(parts)));
  };
  if (balancer === undefined) await update();
  else facts.requests = await withLoad({ url: balancer.url, clock, progress, output, signal }, update);
  const newAnswers = await step('send a request to every task again', () => askTasks(parts, second, 2));
  show(progress, newAnswers);
  facts.answers = [...answers, ...newAnswers];

  const lines = await step('read the containers’ logs', () => readLogs(parts, newAnswers));
  facts.logs = lines;
  progress.print(lines.map((line) => `          ${shortId(line.logStreamName)}  ${line.message}`).join('\n'));
  facts.oneMoreMs = await step('one more task RUNNING', () =>
    timed(clock, async () => {
      await ecs.updateService(
        { ...demoCluster, service: demoService, desiredCount: oneMore },
        { abortSignal },
      );
      await watchTasks(parts, 2, areUp(oneMore, 2));
    }),
  );
  const reservations = { reservedMiB: desiredCount * memoryMiB, keptBackMiB };
  facts.memory = reservations;
  if (balancer === undefined) return;
  // Tasks have ports of their instance, and no address of their own.
  facts.addresses = { balancer: balancer.nodes, application: 0, public: balancer.nodes };
  if (roleArn === undefined) return;
  const { identity, memory } = await step(
    'ask a task for its credentials, and IAM what they allow',
    () => lookAtApplication(parts, { hull: 'ecs', url: balancer.url, roleArn }),
    ({ identity: { role } }) => role,
  );
  facts.identity = identity;
  facts.memory = { ...memory, ...reservations };
}

/** A cluster and this machine's container instance in it. */
async function makeCapacity(
  parts: StoryParts,
): Promise<{ readonly canHaveRole: boolean; readonly keptBackMiB: number }> {
  const { customer, step, signal } = parts;
  await step('create the ECS cluster demo', () =>
    customer.ecs.createCluster({ clusterName: demoCluster.cluster }, { abortSignal: signal }),
  );
  return step('add this machine as its container instance', async () => {
    const { memory } = await customer.operator.addInstance(demoCluster, signal);
    const { attributes = [], registeredResources = [] } = await untilInstanceIsConnected(parts);
    const offered = registeredResources.find(({ name }) => name === 'MEMORY')?.integerValue ?? memory;
    return {
      canHaveRole: attributes.some(({ name }) => name === roleCapability),
      keptBackMiB: memory - offered,
    };
  });
}

async function watchTasks(
  { customer, clock, progress, signal }: StoryParts,
  revision: number,
  until: (replicas: readonly Replica[]) => boolean | Promise<boolean>,
): Promise<void> {
  await watchReplicas({
    ...{ clock, progress, signal, revision, until },
    look: async () => (await serviceTasks(customer, signal)).map(replicaOf),
    explain: () => explain(customer, signal),
  });
}

function targetOf({ targetGroupArn }: DemoBalancer) {
  return { targetGroupArn, containerName: 'web', containerPort: port };
}

async function register(
  { customer, image, signal }: StoryParts,
  revision: number,
  taskRoleArn: string | undefined,
): Promise<string> {
  const { region } = customer.ecs.config;
  const { taskDefinition } = await customer.ecs.registerTaskDefinition(
    {
      family,
      ...(taskRoleArn !== undefined && { taskRoleArn }),
      networkMode: 'bridge',
      requiresCompatibilities: ['EC2'],
      containerDefinitions: [
        {
          name: 'web',
          image,
          essential: true,
          cpu,
          memory: memoryMiB,
          command: ['sh', '-c', script],
          environment: [{ name: 'REVISION', value: String(revision) }],
          portMappings: [{ containerPort: port, hostPort: 0, protocol: 'tcp' }],
          logConfiguration: {
            logDriver: 'awslogs',
            options: {
              'awslogs-group': logGroupName,
              'awslogs-region': await region(),
              'awslogs-stream-prefix': 'hello',
              'awslogs-create-group': 'true',
            },
          },
        },
      ],
    },
    { abortSignal: signal },
  );
  return taskDefinition?.taskDefinitionArn ?? '';
}

async function untilInstanceIsConnected({ customer, clock, signal }: StoryParts): Promise<ContainerInstance> {
  using deadline = withTimeout(clock, runningMs, signal);
  while (true) {
    const { containerInstanceArns = [] } = await customer.ecs.listContainerInstances(demoCluster, {
      abortSignal: signal,
    });
    if (containerInstanceArns.length > 0) {
      const { containerInstances = [] } = await customer.ecs.describeContainerInstances(
        { ...demoCluster, containerInstances: containerInstanceArns },
        { abortSignal: signal },
      );
      const connected = containerInstances.find(
        ({ agentConnected, status }) => agentConnected && status === 'ACTIVE',
      );
      if (connected !== undefined) return connected;
    }
    if (deadline.signal.aborted)
      throw new CommandError('The container instance did not connect: see the log above');
    await clock.sleep(pollMs, signal);
  }
}

/** The new revision alone runs, and ECS says that the deployment is complete. */
function isRolledOut({ customer, signal }: StoryParts) {
  return async (replicas: readonly Replica[]): Promise<boolean> => {
    const alive = replicas.filter(({ state }) => state !== 'gone');
    if (!alive.every(({ revision }) => revision === 2)) return false;
    const { services = [] } = await customer.ecs.describeServices(
      { ...demoCluster, services: [demoService] },
      { abortSignal: signal },
    );
    const deployments = services[0]?.deployments ?? [];
    return deployments.length === 1 && deployments[0]?.rolloutState === 'COMPLETED';
  };
}

/** One request to each running task, at the address that DescribeTasks gives. */
async function askTasks(
  parts: StoryParts,
  taskDefinitionArn: string,
  revision: number,
): Promise<readonly Answer[]> {
  const { customer, signal } = parts;
  const { taskArns = [] } = await customer.ecs.listTasks(
    { ...demoCluster, serviceName: demoService, desiredStatus: 'RUNNING' },
    { abortSignal: signal },
  );
  const { tasks = [] } = await customer.ecs.describeTasks(
    { ...demoCluster, tasks: taskArns },
    { abortSignal: signal },
  );
  const wanted = tasks.filter((task) => task.taskDefinitionArn === taskDefinitionArn);
  return Promise.all(
    wanted.map(async (task) => {
      const binding = task.containers?.[0]?.networkBindings?.[0];
      const host =
        binding?.bindIP === undefined || binding.bindIP === '0.0.0.0' ? '127.0.0.1' : binding.bindIP;
      const address = `http://${host}:${binding?.hostPort}/`;
      const answer = await ask(parts, address, `revision ${revision}`);
      return { revision, taskArn: task.taskArn ?? '', address, answer };
    }),
  );
}

/** RUNNING means that the process runs; it listens a moment later. */
async function ask({ clock, signal }: StoryParts, address: string, expected: string): Promise<string> {
  using deadline = withTimeout(clock, answerMs, signal);
  let seen = 'nothing';
  while (true) {
    try {
      const response = await fetch(address, { signal: deadline.signal });
      seen = (await response.text()).trim();
      if (response.ok && seen.includes(expected)) return seen;
    } catch (error) {
      signal.throwIfAborted();
      seen = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    }
    if (deadline.signal.aborted) {
      throw new CommandError(
        `${address} did not answer with "${expected}" within ${answerMs / 1000} s: last ${seen}`,
      );
    }
    await clock.sleep(pollMs, signal);
  }
}

/** The last lines of each task's stream; a line takes a moment from the container to CloudWatch Logs. */
async function readLogs(
  { customer, clock, signal }: StoryParts,
  answers: readonly Answer[],
): Promise<readonly LogLine[]> {
  using deadline = withTimeout(clock, logsMs, signal);
  const lines: LogLine[] = [];
  for (const { taskArn } of answers) {
    const logStreamName = `hello/web/${taskArn.slice(taskArn.lastIndexOf('/') + 1)}`;
    while (true) {
      const events = await customer.logs
        .getLogEvents({ logGroupName, logStreamName, limit: 3 }, { abortSignal: signal })
        .then((answer) => answer.events ?? [])
        .catch((error: unknown) => {
          if (error instanceof Error && error.name === 'ResourceNotFoundException') return [];
          throw error;
        });
      if (events.length > 0) {
        lines.push(...events.map(({ message = '' }) => ({ logStreamName, message })));
        break;
      }
      if (deadline.signal.aborted) throw new CommandError(`${logStreamName} in ${logGroupName} stayed empty`);
      await clock.sleep(pollMs, signal);
    }
  }
  return lines;
}

function show(progress: Progress, answers: readonly Answer[]): void {
  progress.print(answers.map(({ address, answer }) => `          ${address}  ${answer}`).join('\n'));
}

async function serviceTasks({ ecs }: Customer, signal: AbortSignal): Promise<readonly Task[]> {
  const query = { ...demoCluster, serviceName: demoService };
  const pages = await Promise.all(
    (['RUNNING', 'STOPPED'] as const).map((desiredStatus) =>
      ecs.listTasks({ ...query, desiredStatus }, { abortSignal: signal }),
    ),
  );
  const taskArns = pages.flatMap((page) => page.taskArns ?? []);
  if (taskArns.length === 0) return [];
  const { tasks = [] } = await ecs.describeTasks(
    { ...demoCluster, tasks: taskArns },
    { abortSignal: signal },
  );
  return tasks;
}

function replicaOf(task: Task): Replica {
  const { taskArn = '', lastStatus = '', desiredStatus, taskDefinitionArn = '' } = task;
  const named = {
    ...{ id: taskArn, name: `task ${shortId(taskArn)}` },
    revision: Number(taskDefinitionArn.split(':').at(-1)),
  };
  if (lastStatus === 'STOPPED')
    return { ...named, state: 'gone', status: `STOPPED  ${task.stoppedReason ?? ''}`.trim() };
  if (desiredStatus === 'STOPPED')
    return { ...named, state: 'going', status: `${lastStatus}, to be stopped` };
  return { ...named, state: lastStatus === 'RUNNING' ? 'up' : 'coming', status: lastStatus };
}

async function explain(customer: Customer, signal: AbortSignal): Promise<string> {
  const tasks = await serviceTasks(customer, signal);
  const { services = [] } = await customer.ecs.describeServices(
    { ...demoCluster, services: [demoService] },
    { abortSignal: signal },
  );
  const events = (services[0]?.events ?? []).slice(0, 5).map(({ message = '' }) => `  ${message}`);
  const seen = tasks.map((task) => {
    const reasons = [task.stoppedReason, ...(task.containers ?? []).map(({ reason }) => reason)];
    return `  task ${shortId(task.taskArn ?? '')} ${task.lastStatus} ${reasons.filter(Boolean).join('; ')}`.trimEnd();
  });
  return ['Its tasks:', ...seen, 'The last events of its service:', ...events].join('\n');
}

/** The first characters of the id at an ARN's or stream's end: enough to tell tasks apart. */
function shortId(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1).slice(0, 8);
}
