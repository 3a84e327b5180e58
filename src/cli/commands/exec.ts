import { ECS, type Task } from '@aws-sdk/client-ecs';
import { joinCommand } from '../../session-channel/index.ts';
import type { CommandContext } from '../command-context.ts';
import { connect } from '../connection.ts';
import { newSessionDataKey } from '../exec/data-key.ts';
import { type LocalTerminal, processLocalTerminal } from '../exec/local-terminal.ts';
import { runSession } from '../exec/session.ts';
import { CommandError } from '../terminal.ts';

export interface ExecOptions {
  readonly state: string;
  /** Default: the one that the task’s ARN names, else `default`. */
  readonly cluster?: string;
  readonly container?: string;
}

const defaultCommand = ['/bin/sh'];
/** From RunTask to a container that takes sessions there is a moment: whoever has just started one waits. */
const readyMs = 10_000;
const retryMs = 250;

/**
 * Runs a command on a terminal in a container of a running task (ExecuteCommand), and is that terminal.
 * @returns the command's exit code.
 */
export async function exec(
  task: string,
  command: readonly string[],
  options: ExecOptions,
  context: CommandContext,
  local: LocalTerminal = processLocalTerminal(),
): Promise<number> {
  const { composition, signal } = context;
  const { server, credentials } = connect(options.state);
  const config = {
    endpoint: server.endpoint,
    region: credentials.region,
    credentials: { accessKeyId: credentials.accessKeyId, secretAccessKey: credentials.secretAccessKey },
  };
  const ecs = new ECS(config);
  const cluster = options.cluster ?? clusterOfArn(task) ?? 'default';
  try {
    const session = await startSession(
      ecs,
      {
        ...{ cluster, task },
        command: joinCommand(command.length > 0 ? command : defaultCommand),
        interactive: true,
        ...(options.container === undefined ? {} : { container: options.container }),
      },
      context,
    );
    const { sessionId } = session;
    return await runSession(session, {
      ...{ ...composition, local, signal },
      newDataKey: (keyId) =>
        newSessionDataKey(ecs, config, { cluster, task, container: options.container, sessionId }, keyId),
    });
  } finally {
    ecs.destroy();
  }
}

type ExecuteCommand = Parameters<ECS['executeCommand']>[0] & {
  readonly cluster: string;
  readonly task: string;
};

async function startSession(
  ecs: ECS,
  input: ExecuteCommand,
  { composition: { clock }, signal }: CommandContext,
) {
  const beganMs = clock.monotonic();
  for (;;) {
    try {
      const { session } = await ecs.executeCommand(input, { abortSignal: signal });
      const { sessionId, streamUrl, tokenValue } = session ?? {};
      if (!sessionId || !streamUrl || !tokenValue)
        throw new Error('ExecuteCommand answered without a session');
      return { sessionId, streamUrl, tokenValue };
    } catch (error) {
      if (signal.aborted || !(error instanceof Error)) throw error;
      const { message, passes = false } = await refusalOf(ecs, input, error, signal);
      if (!passes || clock.monotonic() - beganMs > readyMs) throw new CommandError(message);
      await clock.sleep(retryMs, signal);
    }
  }
}

interface Refusal {
  /** What is wrong and what to do. */
  readonly message: string;
  /** It may be right in a moment. */
  readonly passes?: boolean;
}

/** @throws what is no refusal: the server can't be reached, or failed. */
async function refusalOf(
  ecs: ECS,
  { cluster, task, container }: ExecuteCommand,
  error: Error,
  abortSignal: AbortSignal,
): Promise<Refusal> {
  const { name } = error;
  if (name === 'ClusterNotFoundException')
    return { message: `There is no cluster ${cluster}: name one with --cluster` };
  if (name === 'TargetNotConnectedException')
    return { message: `The instance of task ${task} is not connected: see ./catamaran status`, passes: true };
  if (name !== 'InvalidParameterException') {
    if ('$fault' in error && error.$fault === 'client') return { message: error.message };
    throw error;
  }
  const { tasks = [] } = await ecs.describeTasks({ cluster, tasks: [task] }, { abortSignal });
  const [found] = tasks;
  if (found === undefined)
    return { message: `There is no task ${task} in the cluster ${cluster}. ${await running(ecs, cluster)}` };
  // Nothing is wrong any more with a task that has become ready since it was refused.
  const wasNotReady = error.message.startsWith('The execute command failed');
  return refusalOfTask(found, task, container) ?? { message: error.message, passes: wasNotReady };
}

function refusalOfTask(found: Task, task: string, container: string | undefined): Refusal | undefined {
  if (found.desiredStatus === 'STOPPED')
    return {
      message: `Task ${task} is ${found.lastStatus} (${found.stoppedReason ?? 'no reason given'}): commands run in running tasks only`,
    };
  if (!found.enableExecuteCommand)
    return {
      message:
        `Task ${task} was started without ECS Exec: start it with enableExecuteCommand (aws ecs run-task ` +
        '--enable-execute-command, or update-service --enable-execute-command --force-new-deployment)',
    };
  const containers = found.containers ?? [];
  const names = containers.map(({ name = '' }) => name).join(', ');
  if (container === undefined && containers.length > 1)
    return { message: `Task ${task} has several containers: choose one with --container (${names})` };
  const chosen = containers.find(({ name }) => container === undefined || name === container);
  if (chosen === undefined)
    return { message: `Task ${task} has no container ${container}. It has: ${names}` };
  if (chosen.lastStatus === 'STOPPED')
    return { message: `Container ${chosen.name} of task ${task} has stopped` };
  const agent = chosen.managedAgents?.[0]?.lastStatus;
  if (found.lastStatus === 'RUNNING' && agent === 'RUNNING') return undefined;
  return {
    message: `Task ${task} takes no sessions yet (it is ${found.lastStatus}, its ExecuteCommandAgent ${agent}): try again when it is RUNNING`,
    passes: true,
  };
}

const mostListed = 10;

async function running(ecs: ECS, cluster: string): Promise<string> {
  const { taskArns = [] } = await ecs.listTasks({ cluster, maxResults: mostListed });
  if (taskArns.length === 0) return 'None is running there';
  const ids = taskArns.map((arn) => arn.slice(arn.lastIndexOf('/') + 1));
  return `Running there: ${ids.join(', ')}`;
}

/** The cluster that a task's long ARN names. */
function clusterOfArn(task: string): string | undefined {
  return /^arn:[^/]+:task\/([^/]+)\/[^/]+$/.exec(task)?.[1];
}
