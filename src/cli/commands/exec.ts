import { ECS } from '@aws-sdk/client-ecs';
import { joinCommand } from '../../session-channel/index.ts';
import { connect } from '../connection.ts';
import { type LocalTerminal, processLocalTerminal } from '../exec/local-terminal.ts';
import { runSession } from '../exec/session.ts';
import type { CommandContext } from '../program.ts';
import { CommandError } from '../terminal.ts';

export interface ExecOptions {
  readonly state: string;
  readonly cluster: string;
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
  const ecs = new ECS({
    endpoint: server.endpoint,
    region: credentials.region,
    credentials: { accessKeyId: credentials.accessKeyId, secretAccessKey: credentials.secretAccessKey },
  });
  try {
    const session = await startSession(
      ecs,
      {
        cluster: options.cluster,
        task,
        command: joinCommand(command.length > 0 ? command : defaultCommand),
        interactive: true,
        ...(options.container === undefined ? {} : { container: options.container }),
      },
      context,
    );
    return await runSession(session, { ...composition, local, signal });
  } finally {
    ecs.destroy();
  }
}

async function startSession(
  ecs: ECS,
  input: Parameters<ECS['executeCommand']>[0] & { readonly cluster: string; readonly task: string },
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
    } catch (cause) {
      if (signal.aborted || !(cause instanceof Error)) throw cause;
      const refusal = await refusalOf(ecs, input, cause, signal);
      if (refusal !== undefined) throw new CommandError(refusal, { cause });
      if (clock.monotonic() - beganMs > readyMs)
        throw new CommandError(
          `The agent that takes sessions in task ${input.task} is not connected: see ./catamaran status`,
          { cause },
        );
      await clock.sleep(retryMs, signal);
    }
  }
}

/** What is wrong and what to do; undefined when it will be right in a moment. */
async function refusalOf(
  ecs: ECS,
  { cluster, task, container }: { cluster: string; task: string; container?: string | undefined },
  error: Error,
  abortSignal: AbortSignal,
): Promise<string | undefined> {
  if (error.name === 'ClusterNotFoundException')
    return `There is no cluster ${cluster}: name one with --cluster`;
  if (error.name === 'TargetNotConnectedException') return undefined;
  if (error.name !== 'InvalidParameterException') throw error;
  const { tasks = [] } = await ecs.describeTasks({ cluster, tasks: [task] }, { abortSignal });
  const [found] = tasks;
  if (found === undefined)
    return `There is no task ${task} in the cluster ${cluster}. ${await running(ecs, cluster)}`;
  if (found.lastStatus === 'STOPPED' || found.desiredStatus === 'STOPPED')
    return `Task ${task} is stopping or stopped (${found.stoppedReason ?? 'no reason given'}): commands run in running tasks only`;
  if (!found.enableExecuteCommand)
    return (
      `Task ${task} was started without ECS Exec: start it with enableExecuteCommand ` +
      '(aws ecs run-task --enable-execute-command, or update-service --enable-execute-command --force-new-deployment)'
    );
  const containers = found.containers ?? [];
  const names = containers.map(({ name }) => name ?? '');
  if (container === undefined && names.length > 1)
    return `Task ${task} has several containers: choose one with --container (${names.join(', ')})`;
  const chosen = containers.find(({ name }) => container === undefined || name === container);
  if (chosen === undefined) return `Task ${task} has no container ${container}. It has: ${names.join(', ')}`;
  if (chosen.lastStatus === 'STOPPED') return `Container ${chosen.name} of task ${task} has stopped`;
  const isOnItsWay = chosen.managedAgents?.[0]?.lastStatus !== 'RUNNING' || found.lastStatus !== 'RUNNING';
  return isOnItsWay ? undefined : error.message;
}

const mostListed = 10;

async function running(ecs: ECS, cluster: string): Promise<string> {
  const { taskArns = [] } = await ecs.listTasks({ cluster, maxResults: mostListed });
  if (taskArns.length === 0) return 'None is running there';
  const ids = taskArns.map((arn) => arn.slice(arn.lastIndexOf('/') + 1));
  return `Running there: ${ids.join(', ')}`;
}
