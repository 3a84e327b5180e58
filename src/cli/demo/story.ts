import type { Task } from '@aws-sdk/client-ecs';
import { type Clock, withTimeout } from '../../clock/index.ts';
import type { Progress } from '../progress.ts';
import { CommandError, type Output } from '../terminal.ts';
import { type DemoBalancer, makeBalancer, untilHealthy } from './balancer.ts';
import { type Customer, demoCluster, demoService } from './customer.ts';
import { type LoadFacts, withLoad } from './load.ts';
import { shortId, watchTasks } from './watch-tasks.ts';

const logGroupName = '/catamaran/demo';
const desiredCount = 3;
const runningMs = 120_000;
const answerMs = 20_000;
const logsMs = 20_000;
const pollMs = 100;

/** What the demo finds out, for `--json`. */
export interface DemoFacts {
  taskDefinitions: readonly string[];
  serviceArn: string;
  answers: readonly Answer[];
  logs: readonly LogLine[];
  /** What was asked of the load balancer while the service was updated; absent where there can be none. */
  requests: LoadFacts;
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

export interface StoryParts {
  readonly customer: Customer;
  readonly image: string;
  readonly clock: Clock;
  readonly progress: Progress;
  readonly output: Output;
  readonly step: <R>(name: string, work: () => Promise<R>, describe?: (result: R) => string) => Promise<R>;
  readonly signal: AbortSignal;
  /** Filled in as the story goes on. */
  readonly facts: Partial<DemoFacts>;
}

/** The demo from the cluster to the logs. */
export async function tellStory(parts: StoryParts): Promise<void> {
  const { customer, clock, progress, output, step, signal, facts } = parts;
  const { ecs, operator } = customer;
  const abortSignal = signal;

  await step('create the cluster demo', () =>
    ecs.createCluster({ clusterName: demoCluster.cluster }, { abortSignal }),
  );
  await step(
    'add this machine as its container instance',
    async () => {
      await operator.addInstance(demoCluster, signal);
      return untilInstanceIsConnected(parts);
    },
    (arn) => arn,
  );
  const first = await step(
    'register the task definition hello, revision 1',
    () => register(parts, 1),
    (arn) => arn,
  );
  const balancer = await step(
    'create a load balancer',
    () => makeBalancer(parts),
    (made) => (made === undefined ? 'not without VPCs' : `${made.url} by ${made.program}`),
  );
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
  await step(`${desiredCount} tasks RUNNING`, () =>
    watchTasks({
      customer,
      clock,
      progress,
      signal,
      deadlineMs: runningMs,
      taskDefinitionArn: first,
      until: areRunning(first),
    }),
  );
  const answers = await step('send a request to every task', () => askTasks(parts, first, 1));
  show(progress, answers);
  if (balancer !== undefined) {
    await step(`${desiredCount} targets healthy`, () => untilHealthy(parts, balancer, desiredCount));
  }

  const second = await step(
    'register revision 2',
    () => register(parts, 2),
    (arn) => arn,
  );
  facts.taskDefinitions = [first, second];
  const update = async (): Promise<void> => {
    await step('update the service', () =>
      ecs.updateService({ ...demoCluster, service: demoService, taskDefinition: second }, { abortSignal }),
    );
    await step('rolling update completed', () =>
      watchTasks({
        customer,
        clock,
        progress,
        signal,
        deadlineMs: runningMs,
        taskDefinitionArn: second,
        until: isRolledOut(second),
      }),
    );
  };
  if (balancer === undefined) await update();
  else facts.requests = await withLoad({ url: balancer.url, clock, progress, output, signal }, update);
  const newAnswers = await step('send a request to every task again', () => askTasks(parts, second, 2));
  show(progress, newAnswers);
  facts.answers = [...answers, ...newAnswers];

  const lines = await step('read the containers’ logs', () => readLogs(parts, newAnswers));
  facts.logs = lines;
  progress.print(lines.map((line) => `          ${shortId(line.logStreamName)}  ${line.message}`).join('\n'));
}

function targetOf({ targetGroupArn }: DemoBalancer) {
  return { targetGroupArn, containerName: 'web', containerPort: 8080 };
}

/** A container that answers every request with its revision and task, and logs what it does. */
async function register({ customer, image, signal }: StoryParts, revision: number): Promise<string> {
  const { region } = customer.ecs.config;
  const script = [
    // Who it is, from the task metadata endpoint; where a container can't reach that, its own name must do.
    `task=$(wget -q -O - "$ECS_CONTAINER_METADATA_URI_V4/task" 2>/dev/null | sed -n 's/.*"TaskARN":"[^"]*\\/\\([0-9a-f]*\\)".*/\\1/p')`,
    'if [ -z "$task" ]; then task=$(hostname); fi',
    'mkdir -p /www',
    'echo "hello from revision $REVISION, task $task" >/www/index.html',
    'echo "revision $REVISION of task $task serves on port 8080"',
    `trap 'echo "revision $REVISION of task $task stops"; exit 0' TERM`,
    'httpd -f -vv -p 8080 -h /www &',
    'wait',
  ].join('\n');
  const { taskDefinition } = await customer.ecs.registerTaskDefinition(
    {
      family: 'hello',
      networkMode: 'bridge',
      requiresCompatibilities: ['EC2'],
      containerDefinitions: [
        {
          name: 'web',
          image,
          essential: true,
          cpu: 32,
          memory: 32,
          command: ['sh', '-c', script],
          environment: [{ name: 'REVISION', value: String(revision) }],
          portMappings: [{ containerPort: 8080, hostPort: 0, protocol: 'tcp' }],
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

async function untilInstanceIsConnected({ customer, clock, signal }: StoryParts): Promise<string> {
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
      if (connected?.containerInstanceArn !== undefined) return connected.containerInstanceArn;
    }
    if (deadline.signal.aborted)
      throw new CommandError('The container instance did not connect: see the log above');
    await clock.sleep(pollMs, signal);
  }
}

function areRunning(taskDefinitionArn: string) {
  return (tasks: readonly Task[]): boolean =>
    tasks.filter((task) => task.lastStatus === 'RUNNING' && task.taskDefinitionArn === taskDefinitionArn)
      .length === desiredCount;
}

/** The new revision alone runs, and ECS says that the deployment is complete. */
function isRolledOut(taskDefinitionArn: string) {
  return async (tasks: readonly Task[], customer: Customer, signal: AbortSignal): Promise<boolean> => {
    const alive = tasks.filter((task) => task.lastStatus !== 'STOPPED');
    if (!alive.every((task) => task.taskDefinitionArn === taskDefinitionArn)) return false;
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
