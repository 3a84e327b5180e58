import type { Clock, Random } from '../../clock/index.ts';
import type { Log } from '../../log.ts';
import type { LogsApi } from '../logs/cloudwatch-logs.ts';
import { LogStream } from '../logs/log-stream.ts';
import { SessionTranscript } from './session-transcript.ts';

/** How long a closing agent goes on sending. */
const closingPatienceMs = 2_000;

export interface SessionTranscriptsOptions {
  readonly flushIntervalMs: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** CloudWatch Logs, in the name of the task. */
  api(taskArn: string): Promise<LogsApi>;
}

/** The logs of all sessions that are under way, and of those that have ended until they are sent. */
export class SessionTranscripts {
  readonly #options: SessionTranscriptsOptions;
  readonly #running = new Set<Promise<void>>();
  readonly #abandoned = new AbortController();

  constructor(options: SessionTranscriptsOptions) {
    this.#options = options;
  }

  /** Begins a log: a stream named after the session, in a log group that has to be there. The caller ends it. */
  open(session: {
    readonly taskArn: string;
    readonly sessionId: string;
    readonly group: string;
  }): SessionTranscript {
    const { taskArn, sessionId, group } = session;
    const transcript = new SessionTranscript({
      ...this.#options,
      sessionId,
      stream: new LogStream({
        ...this.#options,
        group,
        stream: sessionId,
        createsGroup: false,
        api: () => this.#options.api(taskArn),
      }),
      abandoned: this.#abandoned.signal,
    });
    const running = transcript.run().finally(() => this.#running.delete(running));
    this.#running.add(running);
    return transcript;
  }

  /** After the sessions have ended: waits for the rest of what they said. */
  async close(): Promise<void> {
    using _patience = this.#options.clock.after(closingPatienceMs, () => this.#abandoned.abort());
    await Promise.all(this.#running);
  }
}
