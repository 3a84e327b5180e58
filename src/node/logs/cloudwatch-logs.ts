import type { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import type { AgentCredentials } from '../agent-credentials.ts';
import type { LogEvent } from './log-events.ts';

/** The three calls of CloudWatch Logs that shipping needs. The client is loaded with the first container that logs. */
export interface LogsApi {
  createLogGroup(group: string, signal: AbortSignal): Promise<void>;
  createLogStream(group: string, stream: string, signal: AbortSignal): Promise<void>;
  /** @returns how many events the service would not take (too old, too new). */
  putLogEvents(
    group: string,
    stream: string,
    events: readonly LogEvent[],
    signal: AbortSignal,
  ): Promise<number>;
}

/** One attempt each: the shipper decides about retries. */
export async function openCloudWatchLogs(options: {
  readonly endpoint: string;
  readonly region: string;
  credentials(): Promise<AgentCredentials>;
}): Promise<LogsApi & Disposable> {
  const sdk = await import('@aws-sdk/client-cloudwatch-logs');
  const client: CloudWatchLogsClient = new sdk.CloudWatchLogsClient({
    endpoint: options.endpoint,
    region: options.region,
    credentials: options.credentials,
    maxAttempts: 1,
    requestHandler: { requestTimeout: 10_000, connectionTimeout: 3_000, throwOnRequestTimeout: true },
  });
  return {
    async createLogGroup(logGroupName, abortSignal) {
      await client.send(new sdk.CreateLogGroupCommand({ logGroupName }), { abortSignal });
    },
    async createLogStream(logGroupName, logStreamName, abortSignal) {
      await client.send(new sdk.CreateLogStreamCommand({ logGroupName, logStreamName }), { abortSignal });
    },
    async putLogEvents(logGroupName, logStreamName, events, abortSignal) {
      const logEvents = events.map((event) => ({ timestamp: Math.trunc(event.timeMs), message: event.text }));
      const output = await client.send(
        new sdk.PutLogEventsCommand({ logGroupName, logStreamName, logEvents }),
        { abortSignal },
      );
      const rejected = output.rejectedLogEventsInfo;
      if (!rejected) return 0;
      // Both ends are given as indexes: up to (exclusive) for old ones, from (inclusive) for new ones.
      const tooOld = Math.max(rejected.tooOldLogEventEndIndex ?? 0, rejected.expiredLogEventEndIndex ?? 0);
      const tooNew = events.length - (rejected.tooNewLogEventStartIndex ?? events.length);
      return tooOld + tooNew;
    },
    [Symbol.dispose]: () => client.destroy(),
  };
}

export const nameOf = (error: unknown): string => (error instanceof Error ? error.name : '');
