import type { Task } from '@aws-sdk/client-ecs';
import type { Clock } from '../../clock/index.ts';
import type { Progress, Step } from '../progress.ts';
import { CommandError } from '../terminal.ts';
import { type Customer, demoCluster, demoService } from './customer.ts';

const pollMs = 100;

export interface WatchOptions {
  readonly customer: Customer;
  readonly clock: Clock;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  readonly deadlineMs: number;
  /** The task definition whose tasks are to run; those of others are on their way out. */
  readonly taskDefinitionArn: string;
  /** Whether what was waited for has come. */
  readonly until: (
    tasks: readonly Task[],
    customer: Customer,
    signal: AbortSignal,
  ) => boolean | Promise<boolean>;
}

/**
 * Shows each task of the service with its status, as it changes, until the wanted state is there.
 * @throws {CommandError} it did not come in time; with what was there instead and the service's last events.
 */
export async function watchTasks(options: WatchOptions): Promise<void> {
  const { customer, clock, progress, signal, deadlineMs, taskDefinitionArn, until } = options;
  const deadline = clock.monotonic() + deadlineMs;
  const lines = new Map<string, Step>();
  while (true) {
    const tasks = await serviceTasks(customer, signal);
    for (const task of tasks) showTask(task, taskDefinitionArn, lines, progress);
    if (await until(tasks, customer, signal)) break;
    if (clock.monotonic() > deadline) {
      throw new CommandError(await explain(tasks, customer, deadlineMs, signal));
    }
    await clock.sleep(pollMs, signal);
  }
  for (const line of lines.values()) line.done();
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

function showTask(task: Task, wanted: string, lines: Map<string, Step>, progress: Progress): void {
  const { taskArn = '', lastStatus = '', desiredStatus, taskDefinitionArn = '' } = task;
  let line = lines.get(taskArn);
  if (line === undefined) {
    // Stopped before this display began: an earlier one has shown it.
    if (lastStatus === 'STOPPED') return;
    line = progress.begin(`  task ${shortId(taskArn)}, revision ${taskDefinitionArn.split(':').at(-1)}`);
    lines.set(taskArn, line);
  }
  const isWanted = taskDefinitionArn === wanted;
  if (lastStatus === 'STOPPED') {
    const text = `STOPPED  ${task.stoppedReason ?? ''}`.trim();
    if (isWanted) line.failed(text);
    else line.done(text);
  } else if (lastStatus === 'RUNNING' && isWanted) {
    line.done(lastStatus);
  } else {
    line.update(desiredStatus === 'STOPPED' ? `${lastStatus}, to be stopped` : lastStatus);
  }
}

async function explain(
  tasks: readonly Task[],
  { ecs }: Customer,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<string> {
  const { services = [] } = await ecs.describeServices(
    { ...demoCluster, services: [demoService] },
    { abortSignal: signal },
  );
  const events = (services[0]?.events ?? []).slice(0, 5).map(({ message = '' }) => `  ${message}`);
  const seen = tasks.map((task) => {
    const reasons = [task.stoppedReason, ...(task.containers ?? []).map(({ reason }) => reason)];
    return `  task ${shortId(task.taskArn ?? '')} ${task.lastStatus} ${reasons.filter(Boolean).join('; ')}`.trimEnd();
  });
  return [
    `The service did not get there within ${deadlineMs / 1000} s. Its tasks:`,
    ...seen,
    'Its last events:',
    ...events,
  ].join('\n');
}

/** The first characters of the id at an ARN's or stream's end: enough to tell tasks apart. */
export function shortId(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1).slice(0, 8);
}
