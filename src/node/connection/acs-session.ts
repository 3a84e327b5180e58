import type { Log } from '../../log.ts';
import type { AcsAgentMessages, AcsTask } from '../../protocols/index.ts';
import type { Reader } from '../reading.ts';
import type { StateFile } from '../state/state-file.ts';
import { readAcsTask } from '../tasks/acs-task.ts';
import type { RoleCredentials } from '../tasks/role-credentials.ts';
import type { TaskBoard } from '../tasks/task-board.ts';
import { type Envelope, readEnvelope, readRoleCredentials, readTaskIdentifier } from './acs-messages.ts';
import type { SendFrame, Session } from './link.ts';

/**
 * One ACS connection's messages, in and out (ACS 9.5). A message is acknowledged when what it asks for is durable,
 * and only if all of it was taken in; the control plane sends the rest again. Types not known are logged and ignored.
 */
export function openAcsSession(options: AcsSessionOptions, sendFrame: SendFrame): Session {
  const { board, state, credentials, log } = options;
  const send = <Type extends keyof AcsAgentMessages & string>(
    type: Type,
    message: AcsAgentMessages[Type],
  ): void => sendFrame(type, message);
  let manifestMessageId: string | undefined;

  const handlers: Readonly<Record<string, (message: Reader) => void>> = {
    HeartbeatMessage(message) {
      send('HeartbeatAckRequest', { messageId: message.string('messageId') });
    },

    PayloadMessage: addressed((message, envelope) => {
      const tasks: AcsTask[] = [];
      const refused: { task: Reader; reason: string }[] = [];
      message.list('tasks', (task) => {
        try {
          tasks.push(readAcsTask(task));
        } catch (error) {
          refused.push({ task, reason: error instanceof Error ? error.message : String(error) });
        }
      });
      const { unrecognized, over } = board.accept(tasks, message.number('seqNum'));
      for (const task of tasks) {
        for (const { credentialsId, expiration } of board.owner(task.arn) ? credentials.putAll(task) : []) {
          send('IAMRoleCredentialsAckRequest', { messageId: envelope.messageId, credentialsId, expiration });
        }
      }
      for (const { task, reason } of unrecognized) {
        options.reportStopped(task.arn, task.taskClusterArn, `UnrecognizedTask: ${reason}`);
      }
      for (const { task, reason } of refused) {
        const taskArn = task.optionalString('arn');
        const clusterArn = task.optionalString('taskClusterArn') ?? envelope.clusterArn;
        if (taskArn) options.reportStopped(taskArn, clusterArn, `UnrecognizedTask: ${reason}`);
      }
      for (const task of over) {
        options.reportStopped(
          task.arn,
          task.taskClusterArn,
          'The task has already run on this container instance',
        );
      }
      if (unrecognized.length + refused.length > 0) {
        log.error('Payload has tasks that cannot be run: it is not acknowledged', {
          messageId: envelope.messageId,
          reasons: [...unrecognized, ...refused].map(({ reason }) => reason),
        });
        return;
      }
      acknowledge(envelope);
    }),

    IAMRoleCredentialsMessage(message) {
      const messageId = message.string('messageId');
      const taskArn = message.string('taskArn');
      const roleCredentials = message.object('roleCredentials', readRoleCredentials);
      if (!board.owner(taskArn)) {
        log.debug('Credentials came for a task that is not here: they are dropped', { task: taskArn });
        return;
      }
      credentials.put(roleCredentials);
      const { credentialsId, expiration } = roleCredentials;
      send('IAMRoleCredentialsAckRequest', { messageId, credentialsId, expiration });
    },

    /** What should be running here; local tasks missing from it are asked about, and stopped only when confirmed. */
    TaskManifestMessage: addressed((message, envelope) => {
      const timeline = message.number('timeline');
      if (timeline <= state.sequence) {
        log.debug('Task manifest is older than what is known: ignored', { timeline, known: state.sequence });
        return;
      }
      const wanted = new Set(
        message
          .list('tasks', readTaskIdentifier)
          .filter((task) => task.desiredStatus === 'RUNNING')
          .map((task) => task.taskArn),
      );
      state.accept([], timeline);
      acknowledge(envelope);
      const stopCandidates = [...board.owners()]
        .filter(
          ({ progress, taskArn }) =>
            progress.desiredStatus === 'RUNNING' && !progress.isReleased && !wanted.has(taskArn),
        )
        .map(({ taskArn, plan }) => ({
          taskArn,
          taskClusterArn: plan.clusterArn,
          desiredStatus: 'STOPPED' as const,
        }));
      if (stopCandidates.length === 0) return;
      manifestMessageId = envelope.messageId;
      send('TaskStopVerificationMessage', { messageId: envelope.messageId, stopCandidates });
    }),

    TaskStopVerificationAck(message) {
      if (message.string('messageId') !== manifestMessageId) return;
      manifestMessageId = undefined;
      for (const { taskArn, desiredStatus } of message.list('stopTasks', readTaskIdentifier)) {
        if (desiredStatus === 'STOPPED') board.stop(taskArn);
      }
    },

    StageUpdateMessage: addressed((_message, envelope) => refuseUpdate(envelope)),
    PerformUpdateMessage: addressed((_message, envelope) => refuseUpdate(envelope)),

    ErrorMessage(message) {
      log.error('The control plane reports an error', { message: message.raw('message') });
    },
    CloseMessage(message) {
      log.info('The control plane closes the link', { message: message.raw('message') });
    },
  };

  function addressed(handle: (message: Reader, envelope: Envelope) => void): (message: Reader) => void {
    return (message) => {
      const envelope = readEnvelope(message);
      if (envelope) handle(message, envelope);
      else log.warn('Message without messageId, clusterArn or containerInstanceArn: dropped');
    };
  }

  function acknowledge({ messageId }: Envelope): void {
    send('AckRequest', {
      cluster: options.cluster,
      containerInstance: options.containerInstanceArn,
      messageId,
    });
  }

  function refuseUpdate({ messageId }: Envelope): void {
    send('NackRequest', {
      cluster: options.cluster,
      containerInstance: options.containerInstanceArn,
      messageId,
      reason: 'Updates are disabled',
    });
  }

  return {
    receive(type, message) {
      const handle = Object.hasOwn(handlers, type) ? handlers[type] : undefined;
      if (handle) handle(message);
      else log.warn('ACS message of a type that is not known: ignored', { type });
    },
  };
}

export interface AcsSessionOptions {
  readonly cluster: string;
  readonly containerInstanceArn: string;
  readonly board: TaskBoard;
  readonly state: StateFile;
  readonly credentials: RoleCredentials;
  readonly log: Log;
  /** Tells the control plane that a task, of which nothing else is known here, is not running. */
  reportStopped(taskArn: string, clusterArn: string, reason: string): void;
}
