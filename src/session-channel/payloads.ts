/** What stands in the frames of a session's channels: the names, numbers and JSON of amazon-ssm-agent's contracts. */

export const messageTypes = {
  /** Client to agent, agent to client: in sequence, acknowledged. */
  inputStreamData: 'input_stream_data',
  outputStreamData: 'output_stream_data',
  acknowledge: 'acknowledge',
  channelClosed: 'channel_closed',
  /** The other end is (not) there: sending makes (no) sense. */
  startPublication: 'start_publication',
  pausePublication: 'pause_publication',
  /** Agent to service, on the data channel: the session is `Connected` or `Terminating`. */
  agentSessionState: 'agent_session_state',
  /** Service to agent, on the control channel: start a session. */
  interactiveShell: 'interactive_shell',
  /** Agent to service, on the control channel: a session is over, with the words for its client. */
  agentTaskComplete: 'agent_task_complete',
} as const;

export const payloadTypes = {
  output: 1,
  error: 2,
  size: 3,
  parameter: 4,
  handshakeRequest: 5,
  handshakeResponse: 6,
  handshakeComplete: 7,
  encryptionChallengeRequest: 8,
  encryptionChallengeResponse: 9,
  flag: 10,
  stdErr: 11,
  exitCode: 12,
} as const;

/** The flag (payload type `flag`, a big-endian 32-bit number) by which a client ends its session. */
export const terminateSessionFlag = 2;

export const messageSchemaVersion = '1.0';

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

type Members = Readonly<Record<string, unknown>>;

/** JSON that others wrote; what is no object reads as an empty one. */
export function readJson(text: Buffer | string): Members {
  try {
    const value: unknown = JSON.parse(text.toString());
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
  } catch {
    return {};
  }
}

export function textOf(members: Members, name: string): string {
  const value = members[name];
  return typeof value === 'string' ? value : '';
}

/** The first frame on either kind of channel, as text: who knows the token may use the channel. */
export function openChannelInput(input: {
  readonly requestId: string;
  readonly tokenValue: string;
  /** Data channels only. */
  readonly clientId?: string;
  /** Agents only: the session's target. */
  readonly clientInstanceId?: string;
  /** Clients only. */
  readonly clientVersion?: string;
}): string {
  return JSON.stringify({
    MessageSchemaVersion: messageSchemaVersion,
    RequestId: input.requestId,
    TokenValue: input.tokenValue,
    ClientId: input.clientId,
    ClientInstanceId: input.clientInstanceId,
    ClientVersion: input.clientVersion,
  });
}

/** @returns undefined when the frame carries none. */
export function tokenOf(firstFrame: string): string | undefined {
  return textOf(readJson(firstFrame), 'TokenValue') || undefined;
}

export function acknowledgement(of: {
  readonly messageType: string;
  readonly messageId: string;
  readonly sequenceNumber: number;
}): Buffer {
  return json({
    AcknowledgedMessageType: of.messageType,
    AcknowledgedMessageId: of.messageId,
    AcknowledgedMessageSequenceNumber: of.sequenceNumber,
    IsSequentialMessage: true,
  });
}

export function acknowledgedSequenceNumber(payload: Buffer): number | undefined {
  const value = readJson(payload).AcknowledgedMessageSequenceNumber;
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined;
}

/** `output`: what a client shows; empty for a session that ended as it should. */
export function channelClosed(about: {
  readonly messageId: string;
  readonly sessionId: string;
  readonly createdAtMs: number;
  readonly output: string;
}): Buffer {
  return json({
    MessageType: messageTypes.channelClosed,
    MessageId: about.messageId,
    DestinationId: '',
    SessionId: about.sessionId,
    SchemaVersion: 1,
    CreatedDate: String(about.createdAtMs),
    Output: about.output,
  });
}

export function channelClosedOutput(payload: Buffer): string {
  return textOf(readJson(payload), 'Output');
}

export function sizeData({ columns, rows }: TerminalSize): Buffer {
  return json({ cols: columns, rows });
}

/** Larger terminals are nobody's. */
const mostCells = 10_000;

export function readSizeData(payload: Buffer): TerminalSize | undefined {
  const { cols, rows } = readJson(payload);
  return isCellCount(cols) && isCellCount(rows) ? { columns: cols, rows } : undefined;
}

function isCellCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= mostCells;
}

export interface SessionRequest {
  readonly sessionId: string;
  readonly sessionType: string;
  /** One line: see `splitCommand`. */
  readonly command: string;
  /** The log group into which the session is logged, in a stream with the session's id as its name. Absent: nowhere. */
  readonly logGroup?: string | undefined;
  /** KMS's, by which the session is encrypted from end to end: an id, an ARN or an alias. Absent: it is not. */
  readonly kmsKeyId?: string | undefined;
}

/** What tells an agent to start a session: a document inside a task inside the message, as the service wraps it. */
export function startSession({
  sessionId,
  sessionType,
  command,
  logGroup = '',
  kmsKeyId = '',
}: SessionRequest): Buffer {
  const content = {
    DocumentName: 'AmazonECS-ExecuteInteractiveCommand',
    DocumentContent: {
      schemaVersion: '1.0',
      description: 'Runs one command on a terminal of its own',
      sessionType,
      inputs: {
        cloudWatchLogGroupName: logGroup,
        cloudWatchEncryptionEnabled: false,
        // At the session's end, as plain text: what ECS asks for.
        cloudWatchStreamingEnabled: false,
        s3BucketName: '',
        s3KeyPrefix: '',
        s3EncryptionEnabled: false,
        kmsKeyId,
      },
      parameters: { command: { type: 'String' } },
      properties: {
        linux: { commands: '{{command}}', runAsElevated: true },
        macos: { commands: '{{command}}', runAsElevated: true },
        windows: { commands: '{{command}}', runAsElevated: true },
      },
    },
    SessionId: sessionId,
    Parameters: { command: [command] },
  };
  return json({
    Content: JSON.stringify(content),
    TaskId: sessionId,
    Topic: 'startSession',
    SchemaVersion: 1,
  });
}

/** @returns undefined when it says no session or no command. */
export function readStartSession(payload: Buffer): SessionRequest | undefined {
  const content = readJson(textOf(readJson(payload), 'Content'));
  const document = membersOf(content.DocumentContent);
  const { command } = membersOf(content.Parameters);
  const words: unknown = Array.isArray(command) ? command[0] : command;
  const sessionId = textOf(content, 'SessionId');
  if (sessionId === '' || typeof words !== 'string' || words === '') return undefined;
  const inputs = membersOf(document.inputs);
  const logGroup = textOf(inputs, 'cloudWatchLogGroupName') || undefined;
  const kmsKeyId = textOf(inputs, 'kmsKeyId') || undefined;
  return { sessionId, sessionType: textOf(document, 'sessionType'), command: words, logGroup, kmsKeyId };
}

/** How a session ended, for the service; `output` becomes the client's `channel_closed` words. */
export function taskComplete(about: {
  readonly sessionId: string;
  readonly targetId: string;
  readonly isSuccess: boolean;
  readonly output: string;
  readonly logGroup?: string | undefined;
}): Buffer {
  return json({
    SchemaVersion: 1,
    TaskId: about.sessionId,
    Topic: 'startSession',
    FinalTaskStatus: about.isSuccess ? 'Success' : 'Failed',
    IsRoutingFailure: false,
    AwsAccountId: '',
    InstanceId: about.targetId,
    Output: about.output,
    S3Bucket: '',
    S3UrlSuffix: '',
    CwlGroup: about.logGroup ?? '',
    CwlStream: about.logGroup === undefined ? '' : about.sessionId,
    RetryNumber: 0,
  });
}

export function readTaskComplete(payload: Buffer): { readonly sessionId: string; readonly output: string } {
  const members = readJson(payload);
  return { sessionId: textOf(members, 'TaskId'), output: textOf(members, 'Output') };
}

export function agentSessionState(sessionId: string, state: 'Connected' | 'Terminating'): Buffer {
  return json({ SchemaVersion: 1, SessionState: state, SessionId: sessionId });
}

export function readAgentSessionState(payload: Buffer): string {
  return textOf(readJson(payload), 'SessionState');
}

/** @param kmsKeyId The session is to be encrypted: the client makes a data key with it. */
export function handshakeRequest(agentVersion: string, sessionType: string, kmsKeyId?: string): Buffer {
  return json({
    AgentVersion: agentVersion,
    RequestedClientActions: [
      { ActionType: 'SessionType', ActionParameters: { SessionType: sessionType, Properties: {} } },
      ...(kmsKeyId === undefined
        ? []
        : [{ ActionType: encryptionAction, ActionParameters: { KMSKeyId: kmsKeyId } }]),
    ],
  });
}

export const encryptionAction = 'KMSEncryption';

/** The actions that an agent asks of its client. */
export function requestedActions(
  payload: Buffer,
): readonly { readonly type: string; readonly sessionType: string; readonly kmsKeyId: string }[] {
  const actions = readJson(payload).RequestedClientActions;
  if (!Array.isArray(actions)) return [];
  return actions.map((action) => {
    const members = membersOf(action);
    const parameters = membersOf(members.ActionParameters);
    return {
      type: textOf(members, 'ActionType'),
      sessionType: textOf(parameters, 'SessionType'),
      kmsKeyId: textOf(parameters, 'KMSKeyId'),
    };
  });
}

const actionSuccess = 1;
const actionUnsupported = 3;

export interface ProcessedAction {
  readonly type: string;
  /** Why it was not done. */
  readonly error?: string;
  /** As KMS has encrypted it. */
  readonly dataKey?: Buffer;
}

export function handshakeResponse(clientVersion: string, actions: readonly ProcessedAction[]): Buffer {
  return json({
    ClientVersion: clientVersion,
    ProcessedClientActions: actions.map(({ type, error, dataKey }) => ({
      ActionType: type,
      ActionStatus: error === undefined ? actionSuccess : actionUnsupported,
      ActionResult: dataKey === undefined ? null : { KMSCipherTextKey: dataKey.toString('base64') },
      Error: error ?? '',
    })),
    Errors: actions.flatMap(({ error }) => (error === undefined ? [] : [error])),
  });
}

/** Why the client can't have the session; undefined when it can. */
export function handshakeRefusal(payload: Buffer): string | undefined {
  const { ProcessedClientActions: actions, Errors: errors } = readJson(payload);
  if (Array.isArray(errors) && errors.length > 0) return errors.map(String).join('; ');
  const failed = Array.isArray(actions)
    ? actions.map(membersOf).find(({ ActionStatus: status }) => status !== actionSuccess)
    : undefined;
  return failed && `${textOf(failed, 'ActionType')}: ${textOf(failed, 'Error') || 'not done'}`;
}

/** The data key that a client has had made, as KMS has encrypted it. Undefined: it sent none. */
export function encryptedDataKey(payload: Buffer): Buffer | undefined {
  const { ProcessedClientActions: actions } = readJson(payload);
  const done = Array.isArray(actions)
    ? actions.map(membersOf).find((action) => textOf(action, 'ActionType') === encryptionAction)
    : undefined;
  const key = textOf(membersOf(done?.ActionResult), 'KMSCipherTextKey');
  return key === '' ? undefined : Buffer.from(key, 'base64');
}

/** Of either end, sealed: the client sends back what it has opened. */
export const encryptionChallenge = (sealed: Buffer): Buffer => json({ Challenge: sealed.toString('base64') });

export const readEncryptionChallenge = (payload: Buffer): Buffer =>
  Buffer.from(textOf(readJson(payload), 'Challenge'), 'base64');

/** `elapsedMs` crosses the wire in nanoseconds, as Go's durations do. */
export function handshakeComplete(elapsedMs: number): Buffer {
  return json({ HandshakeTimeToComplete: Math.round(elapsedMs * 1e6), CustomerMessage: '' });
}

export function customerMessage(payload: Buffer): string {
  return textOf(readJson(payload), 'CustomerMessage');
}

function membersOf(value: unknown): Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

const json = (value: object): Buffer => Buffer.from(JSON.stringify(value));
