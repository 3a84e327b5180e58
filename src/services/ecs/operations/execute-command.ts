import type { ExecuteCommandCommandInput, ExecuteCommandResponse } from '@aws-sdk/client-ecs';
import type { Call } from '../../service.ts';
import { clusterArn, containerArn, taskArn } from '../arn.ts';
import { requireCluster } from '../cluster-lookup.ts';
import type { EcsContext } from '../context.ts';
import { clientError, ecsRefusal, invalidParameter } from '../errors.ts';
import { type TaskContainerRecord, type TaskRecord, tasks } from '../records.ts';
import { sessionLogGroup } from '../session-logging.ts';
import { keyOfTask } from './task.ts';

/** Longer ones fit no message of the agent's channel. */
const maxCommandLength = 65_536;

/**
 * Opens a session on a terminal in a running container: its agent is told the command, the caller where to connect
 * and with which token (ECS API reference, ExecuteCommand; messages: developer guide, "Troubleshooting issues with
 * ECS Exec").
 * @throws InvalidParameterException, TargetNotConnectedException
 */
export function executeCommand(
  ecs: EcsContext,
  input: ExecuteCommandCommandInput,
  call: Call,
): ExecuteCommandResponse {
  const record = requireCluster(ecs.state, call, input.cluster);
  const cluster = record.name;
  if (!input.task) throw invalidParameter('Task identifier can not be blank.');
  if (!input.command?.trim()) throw invalidParameter('Command can not be blank.');
  if (input.command.length > maxCommandLength)
    throw invalidParameter(`Command can not be longer than ${maxCommandLength} characters.`);
  if (input.interactive !== true) throw invalidParameter('Interactive is the only mode supported currently.');
  const key = keyOfTask(call, cluster, input.task);
  const task = key && ecs.state.get(tasks, key);
  if (task === undefined) throw invalidParameter('The referenced task was not found.');
  const container = requireContainer(task, input.container);
  const isReady =
    task.enableExecuteCommand &&
    task.lastStatus === 'RUNNING' &&
    container.runtimeId !== undefined &&
    container.executeCommandAgent?.lastStatus === 'RUNNING';
  if (!isReady)
    throw invalidParameter(
      'The execute command failed because execute command was not enabled when the task was run or the execute ' +
        'command agent isn’t running. Wait and try again or run a new task with execute command enabled and try again.',
    );

  const started = ecs.sessions.start(call, {
    target: `ecs:${cluster}_${task.id}_${container.runtimeId}`,
    command: input.command,
    sessionType: 'InteractiveCommands',
    logGroup: sessionLogGroup(ecs.state, call, record, task, container.name),
    kmsKeyId: record.configuration?.executeCommandConfiguration.kmsKeyId,
  });
  switch (started.type) {
    case 'not-connected':
      throw ecsRefusal(
        'TargetNotConnectedException',
        'The execute command failed due to an internal error. Try again later.',
      );
    case 'too-many':
      throw clientError(
        `The container ${container.name} has ${started.most} execute command sessions, which is the most there can be.`,
      );
    case 'started': {
      const { sessionId, streamUrl, tokenValue } = started;
      return {
        clusterArn: clusterArn(call, cluster),
        containerArn: containerArn(call, cluster, task.id, container.id),
        containerName: container.name,
        interactive: true,
        session: { sessionId, streamUrl, tokenValue },
        taskArn: taskArn(call, cluster, task.id),
      };
    }
  }
}

function requireContainer(task: TaskRecord, name: string | undefined): TaskContainerRecord {
  const names = task.containers.map((container) => container.name).join(', ');
  const [first, ...others] = task.containers;
  if (!name && first !== undefined && others.length === 0) return first;
  if (!name)
    throw invalidParameter(`Container name can not be blank for a task with several containers: ${names}.`);
  const found = task.containers.find((container) => container.name === name);
  if (found === undefined) throw invalidParameter(`Container ${name} is not in the task. It has: ${names}.`);
  return found;
}
