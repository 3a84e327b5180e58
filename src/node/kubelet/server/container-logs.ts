import type { Clock } from '../../../clock/index.ts';
import type { Container, OutputLine, Runtime } from '../../../runtime/index.ts';
import { followOutput } from '../../logs/follow-output.ts';
import type { ContainerStatus, Pod } from '../objects/pod.ts';
import { assertContainer, KubeletRefusal, type ServedPods } from './served-pods.ts';

/** Lines that `tailLines` may ask for at once; of more, the last so many are told. */
const mostTailLines = 1_000_000;

export interface LogQuery {
  readonly follow: boolean;
  readonly previous: boolean;
  readonly timestamps: boolean;
  /** Epoch milliseconds: lines from then on. */
  readonly sinceMs: number | undefined;
  readonly tailLines: number | undefined;
  readonly limitBytes: number | undefined;
  readonly stream: 'stderr' | 'stdout' | undefined;
}

/** @throws {KubeletRefusal} 400 */
export function readLogQuery(query: URLSearchParams, now: number): LogQuery {
  const flag = (name: string): boolean => {
    const value = query.get(name);
    return value !== null && value !== 'false' && value !== '0';
  };
  const number = (name: string): number | undefined => {
    const text = query.get(name);
    if (text === null || text === '') return undefined;
    if (/^\d{1,15}$/.test(text)) return Number(text);
    throw new KubeletRefusal(400, `Unable to decode query: ${name} is ${JSON.stringify(text)}`);
  };
  const [sinceSeconds, sinceTime] = [number('sinceSeconds'), query.get('sinceTime')];
  const sinceMs =
    sinceSeconds === undefined ? sinceTime && Date.parse(sinceTime) : now - sinceSeconds * 1_000;
  const stream = query.get('stream')?.toLowerCase();
  return {
    ...{ follow: flag('follow'), previous: flag('previous'), timestamps: flag('timestamps') },
    sinceMs: typeof sinceMs === 'number' && !Number.isNaN(sinceMs) ? sinceMs : undefined,
    ...{ tailLines: number('tailLines'), limitBytes: number('limitBytes') },
    stream: stream === 'stdout' || stream === 'stderr' ? stream : undefined,
  };
}

/**
 * The container whose log is asked for, which may have ended without being started.
 * @throws {KubeletRefusal} 400, in upstream's words: there is none yet, or no longer.
 */
export async function loggedContainer(
  pods: ServedPods,
  pod: Pod,
  container: string,
  previous: boolean,
): Promise<Container> {
  assertContainer(pod, container);
  const begun = (await pods.attempts(pod, container)).filter(({ status }) => status.state !== 'created');
  const what = `container ${JSON.stringify(container)} in pod ${JSON.stringify(pod.metadata.name)}`;
  const found = begun[previous ? 1 : 0];
  if (found !== undefined) return found;
  if (previous) {
    const quoted = JSON.stringify(container);
    const name = JSON.stringify(pod.metadata.name);
    throw new KubeletRefusal(400, `previous terminated container ${quoted} in pod ${name} not found`);
  }
  const status = statusOf(pod, container);
  if (status === undefined) throw new KubeletRefusal(400, `${what} is not available`);
  throw new KubeletRefusal(400, `${what} is waiting to start: ${waitingText(status)}`);
}

/** One that could not be started has said nothing. */
export const hasSpoken = ({ status }: Container): boolean =>
  status.state === 'running' || (status.state === 'exited' && status.startedAtMs !== undefined);

function statusOf({ status }: Pod, container: string): ContainerStatus | undefined {
  return [
    ...(status?.containerStatuses ?? []),
    ...(status?.initContainerStatuses ?? []),
    ...(status?.ephemeralContainerStatuses ?? []),
  ].find(({ name }) => name === container);
}

function waitingText({ state }: ContainerStatus): string {
  switch (state?.waiting?.reason) {
    case 'ErrImagePull':
      return "image can't be pulled";
    case 'ImagePullBackOff':
      return 'trying and failing to pull image';
    default:
      return state?.waiting?.reason ?? 'no logs yet';
  }
}

interface LogSource {
  readonly runtime: Pick<Runtime, 'output' | 'pastOutput'>;
  readonly clock: Clock;
}

/** The log as it is sent, a line at a time. Ends with the container, or now when it is not followed. */
export async function* logText(
  source: LogSource,
  container: string,
  query: LogQuery,
  signal: AbortSignal,
): AsyncGenerator<string, void> {
  let left = query.limitBytes ?? Number.POSITIVE_INFINITY;
  for await (const line of linesOf(source, container, query, signal)) {
    const time = query.timestamps ? `${nanoTime(line.timeMs)} ` : '';
    const text = `${time}${line.text}${line.isUnended ? '' : '\n'}`;
    const bytes = Buffer.byteLength(text);
    if (bytes >= left) {
      yield Buffer.from(text).subarray(0, left).toString();
      return;
    }
    left -= bytes;
    yield text;
  }
}

async function* linesOf(
  source: LogSource,
  container: string,
  { follow, sinceMs, stream, tailLines }: LogQuery,
  signal: AbortSignal,
): AsyncGenerator<OutputLine, void> {
  const { runtime } = source;
  const fromMs = (sinceMs ?? 1) - 1;
  const isMeant = (line: OutputLine): boolean => stream === undefined || line.stream === stream;
  let skip = 0;
  if (tailLines !== undefined) {
    const most = Math.min(tailLines, mostTailLines);
    const tail: OutputLine[] = [];
    for await (const line of runtime.pastOutput(container, fromMs, signal)) {
      if (!isMeant(line)) continue;
      tail.push(line);
      if (tail.length <= most) continue;
      skip += 1;
      // What is passed over is thrown away now and then.
      if (tail.length >= 2 * most + 1_024) tail.splice(0, tail.length - most);
    }
    if (!follow) {
      yield* most === 0 ? [] : tail.slice(-most);
      return;
    }
  }
  const lines = follow
    ? followOutput(source, container, fromMs, signal)
    : runtime.pastOutput(container, fromMs, signal);
  for await (const line of lines) {
    if (!isMeant(line)) continue;
    if (skip > 0) skip -= 1;
    else yield line;
  }
}

/** RFC 3339 with nine decimals; the engine's clock is known to the millisecond. */
const nanoTime = (ms: number): string => new Date(ms).toISOString().replace('Z', '000000Z');
