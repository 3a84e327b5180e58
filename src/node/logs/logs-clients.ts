import type { AgentCredentials } from '../agent-credentials.ts';
import { type LogsApi, openCloudWatchLogs } from './cloudwatch-logs.ts';

export interface LogsClientsOptions {
  readonly endpoint: string;
  /** @throws while the credentials of a task's role have not been received. */
  credentials(role: TaskRole | undefined): Promise<AgentCredentials>;
}

/** One of a task's two roles. */
export interface TaskRole {
  readonly taskArn: string;
  readonly kind: 'roleCredentials' | 'executionRoleCredentials';
}

/** One client of CloudWatch Logs for each region and identity: a task's role, or the instance where there is none. */
export class LogsClients implements AsyncDisposable {
  readonly #options: LogsClientsOptions;
  readonly #clients = new Map<string, Promise<LogsApi & Disposable>>();

  constructor(options: LogsClientsOptions) {
    this.#options = options;
  }

  client(region: string, role: TaskRole | undefined): Promise<LogsApi> {
    const key = role === undefined ? region : `${region} ${role.kind} ${role.taskArn}`;
    const { endpoint, credentials } = this.#options;
    const client =
      this.#clients.get(key) ??
      openCloudWatchLogs({ endpoint, region, credentials: () => credentials(role) });
    this.#clients.set(key, client);
    client.catch(() => this.#clients.delete(key));
    return client;
  }

  /** The task is gone, and its roles with it. */
  forget(taskArn: string): void {
    for (const [key, client] of this.#clients) {
      if (!key.endsWith(` ${taskArn}`)) continue;
      this.#clients.delete(key);
      void client.then(
        (it) => it[Symbol.dispose](),
        () => undefined,
      );
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients.values()) (await client.catch(() => undefined))?.[Symbol.dispose]();
  }
}
