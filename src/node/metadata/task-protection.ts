import type { Failure, ProtectedTask } from '@aws-sdk/client-ecs';
import { given, Reader } from '../reading.ts';
import type { Answer } from './answer.ts';

/**
 * `$ECS_AGENT_URI/task-protection/v1/state`: a container asks about the scale-in protection of its own task
 * (GET), or sets it (PUT `{"ProtectionEnabled": true, "ExpiresInMinutes": 60}`). The answers have the official
 * agent's form: one of `protection`, `failure` and `error`.
 */
export interface TaskProtectionApi {
  get(task: TaskName): Promise<TaskProtectionResult>;
  update(task: TaskName, wanted: WantedProtection): Promise<TaskProtectionResult>;
}

export interface TaskName {
  readonly clusterArn: string;
  readonly taskArn: string;
}

export interface WantedProtection {
  readonly protectionEnabled: boolean;
  readonly expiresInMinutes?: number;
}

export interface TaskProtectionResult {
  readonly protectedTasks?: readonly ProtectedTask[] | undefined;
  readonly failures?: readonly Failure[] | undefined;
}

export async function taskProtectionAnswer(
  api: TaskProtectionApi,
  task: TaskName,
  request: { readonly method: string; readonly body: string },
): Promise<Answer> {
  switch (request.method) {
    case 'GET':
      return called(task, () => api.get(task));
    case 'PUT': {
      const wanted = readWanted(request.body);
      if (typeof wanted === 'string') return refuse(task, 400, 'InvalidParameterException', wanted);
      return called(task, () => api.update(task, wanted));
    }
    default:
      return { status: 405, body: `Method ${request.method} is not allowed` };
  }
}

/** What the body asks for, or what is wrong with it. */
function readWanted(body: string): WantedProtection | string {
  try {
    const reader = new Reader(JSON.parse(body), '');
    const unknown = reader
      .keys()
      .find((member) => member !== 'ProtectionEnabled' && member !== 'ExpiresInMinutes');
    if (unknown !== undefined) return `UpdateTaskProtection: unknown field '${unknown}'`;
    const protectionEnabled = reader.optionalBoolean('ProtectionEnabled');
    if (protectionEnabled === undefined) return "Invalid request: does not contain 'ProtectionEnabled' field";
    return given({ protectionEnabled, expiresInMinutes: reader.optionalNumber('ExpiresInMinutes') });
  } catch {
    return 'UpdateTaskProtection: failed to decode request';
  }
}

async function called(task: TaskName, call: () => Promise<TaskProtectionResult>): Promise<Answer> {
  let result: TaskProtectionResult;
  try {
    result = await call();
  } catch (error) {
    return failed(task, error);
  }
  const [failure] = result.failures ?? [];
  if (failure !== undefined)
    return {
      status: 200,
      body: { failure: given({ Arn: failure.arn, Detail: failure.detail, Reason: failure.reason }) },
    };
  const [protection] = result.protectedTasks ?? [];
  if (protection === undefined) return refuse(task, 500, 'ServerException', 'Unexpected error occurred');
  return {
    status: 200,
    body: {
      protection: given({
        ExpirationDate: protection.expirationDate?.toISOString(),
        ProtectionEnabled: protection.protectionEnabled,
        TaskArn: protection.taskArn,
      }),
    },
  };
}

/** ECS's refusals go on as they are; everything else that can go wrong is the agent's fault. */
function failed(task: TaskName, error: unknown): Answer {
  const fields: Record<string, unknown> = error instanceof Error ? { ...error } : {};
  const metadata = new Map(Object.entries(fields.$metadata ?? {}));
  const status: unknown = metadata.get('httpStatusCode');
  if (!(error instanceof Error) || typeof status !== 'number')
    return refuse(task, 500, 'ServerException', 'The ECS API could not be reached');
  return refuse(task, status, error.name, error.message, metadata.get('requestId'));
}

function refuse(
  { taskArn }: TaskName,
  status: number,
  code: string,
  message: string,
  requestID?: unknown,
): Answer {
  return { status, body: given({ requestID, error: { Arn: taskArn, Code: code, Message: message } }) };
}
