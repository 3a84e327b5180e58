import type { AgentCredentials } from '../agent-credentials.ts';
import type { TaskName, TaskProtectionApi } from '../metadata/task-protection.ts';
import { EcsApi, type EcsClient, httpClient } from './ecs-api.ts';

/**
 * A container's calls about the protection of its task, made as the task's role, so that the role's policies decide. A
 * task without a role asks as the instance; what it can reach by that is itself alone.
 */
export function taskProtectionCalls(options: {
  readonly endpoint: string;
  readonly region: string;
  /** The instance's. */
  readonly api: EcsApi;
  /** Instead of HTTP. */
  readonly ecsClient: EcsClient | undefined;
  /** Undefined: the task has no role. @throws {Error} as long as they have not been received. */
  readonly credentialsOf: (taskArn: string) => AgentCredentials | undefined;
}): TaskProtectionApi {
  const { endpoint, region, api, ecsClient, credentialsOf } = options;
  const asTask = async <T>({ taskArn }: TaskName, call: (as: EcsApi) => Promise<T>): Promise<T> => {
    const credentials = credentialsOf(taskArn);
    if (credentials === undefined || ecsClient !== undefined) return call(api);
    using own = new EcsApi(httpClient({ endpoint, region, credentials }));
    // Awaited here: the client must live as long as the call.
    return await call(own);
  };
  return {
    get: (task) => asTask(task, (as) => as.getTaskProtection(task)),
    update: (task, wanted) => asTask(task, (as) => as.updateTaskProtection(task, wanted)),
  };
}
