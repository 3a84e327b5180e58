import { RuntimeError, type RuntimeErrorCode } from '../runtime-error.ts';
import { EngineAwayError, EngineError } from './engine-api.ts';

/** The Engine is on its way down or up: its socket answers, what is behind it does not. */
const goingAway =
  /client connection is closing|containerd\.sock|daemon is shutting down|code = Unavailable|ttrpc: closed/;

interface Cause {
  readonly words: RegExp;
  readonly code: RuntimeErrorCode;
  readonly advice: string;
}

/** What the Engine says of causes that have an own code, whatever was attempted; the first that fits. */
const causes: readonly Cause[] = [
  {
    words: /port is already allocated|bind: address already in use|ports are not available/,
    code: 'PortInUse',
    advice:
      'Another process or container has this host port: stop it, or choose hostPort 0 to get a free one',
  },
  {
    words: /no space left on device|disk quota exceeded/i,
    code: 'DiskFull',
    advice:
      'The disk of this machine is full: free space, e.g. with "docker system prune", or with "df -h" find out what fills it',
  },
  {
    words: /error setting rlimit/,
    code: 'Unsupported',
    advice:
      'The engine may not raise this limit: lower the ulimit, or start the engine with a higher one (ulimit -H)',
  },
  {
    words: /unable to apply caps/,
    code: 'Unsupported',
    advice:
      'The engine itself lacks a capability that the container asks for: ask for fewer, or run the engine with all of them',
  },
  {
    words: /can't get final child's PID from pipe/,
    code: 'Unsupported',
    advice: 'The engine may not lower oom_score_adj on this machine',
  },
  {
    words:
      /Address already in use|no available IPv4 addresses|Pool overlaps|network \S+ not found|failed to create endpoint|could not find bridge|failed to set up container networking|MAC address already in use/i,
    code: 'ContainerNetworking',
    advice: 'The engine could not attach the container to its network',
  },
];

/**
 * A failure of the world in the runtime's terms. `attempt` says what could not be done, e.g. "Cannot start container
 * 'web'"; `code` is what it is unless the Engine's words say better. Whatever is neither the Engine's refusal nor its
 * absence is returned as it is: an abort, or a bug.
 */
export function failed(attempt: string, code: RuntimeErrorCode, error: unknown): unknown {
  if (error instanceof EngineAwayError) {
    return new RuntimeError('EngineUnavailable', `${attempt}: ${error.message}`, error.message, {
      cause: error,
    });
  }
  if (!(error instanceof EngineError)) return error;
  const { words } = error;
  if (error.status === 503 || (error.status >= 500 && goingAway.test(words))) {
    const message = `${attempt}: the container engine is stopping or starting: ${words}`;
    return new RuntimeError('EngineUnavailable', message, words, { cause: error });
  }
  const known = causes.find((cause) => cause.words.test(words));
  if (known === undefined) return new RuntimeError(code, `${attempt}: ${words}`, words, { cause: error });
  return new RuntimeError(known.code, `${attempt}: ${words}. ${known.advice}`, words, { cause: error });
}

/** Runs one step; its failures come out in the runtime's terms. */
export async function attempting<T>(
  attempt: string,
  code: RuntimeErrorCode,
  step: () => Promise<T>,
): Promise<T> {
  try {
    return await step();
  } catch (error) {
    throw failed(attempt, code, error);
  }
}

export function isStatus(error: unknown, ...statuses: readonly number[]): error is EngineError {
  return error instanceof EngineError && statuses.includes(error.status);
}
