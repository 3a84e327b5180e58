import { type Clock, withTimeout } from '../../../clock/index.ts';
import { type Runtime, RuntimeError } from '../../../runtime/index.ts';
import type { PodDialer } from '../kubelet-options.ts';
import { durationText } from '../pods/crash-back-off.ts';
import { grpcHealth, grpcSession } from './grpc-health.ts';
import type { Handler } from './handler.ts';
import { httpGet } from './http-get.ts';

/** Between two attempts of gRPC to connect. https://github.com/grpc/grpc/blob/master/doc/connection-backoff.md */
const grpcRetryMs = 1_000;

export interface ProbeResult {
  readonly isSuccess: boolean;
  /** It could not be asked: that counts neither way. */
  readonly isUnknown?: true;
  /** What went wrong; of a success what is to be warned of. */
  readonly message: string;
}

export interface ProbeTarget {
  /** In the engine. */
  readonly containerName: string;
  readonly podUid: string;
}

/** Runs a handler once. @throws only when `signal` aborts. */
export type RunHandler = (
  handler: Handler,
  target: ProbeTarget,
  options: { readonly timeoutMs: number; readonly signal: AbortSignal },
) => Promise<ProbeResult>;

export function handlerRunner({
  runtime,
  dialer,
  clock,
  version,
}: {
  readonly runtime: Pick<Runtime, 'exec'>;
  readonly dialer: PodDialer;
  readonly clock: Clock;
  /** Of Kubernetes, e.g. `1.35`. */
  readonly version: string;
}): RunHandler {
  const userAgent = `kube-probe/${version}`;
  return async (handler, target, { timeoutMs, signal }) => {
    using deadline = withTimeout(clock, timeoutMs, signal);
    const connect = (address: string, port: number): ReturnType<PodDialer['connect']> =>
      dialed(dialer, { address, port, podUid: target.podUid }, deadline.signal);
    try {
      switch (handler.type) {
        case 'exec':
          return await execProbe(runtime, target.containerName, handler.command, timeoutMs, signal);
        case 'http': {
          const { status, body, leadsElsewhere } = await httpGet(handler, {
            ...{ connect, userAgent, signal: deadline.signal },
          });
          if (leadsElsewhere)
            return { isSuccess: true, message: `Probe terminated redirects, Response body: ${body}` };
          if (status >= 200 && status < 400) return { isSuccess: true, message: '' };
          return { isSuccess: false, message: `HTTP probe failed with statuscode: ${status}` };
        }
        case 'tcp':
          (await connect(handler.address, handler.port)).destroy();
          return { isSuccess: true, message: '' };
        case 'grpc':
          return await grpcProbe(handler, { connect, clock, userAgent }, timeoutMs, deadline.signal);
      }
    } catch (error) {
      signal.throwIfAborted();
      return { isSuccess: false, message: error instanceof Error ? error.message : String(error) };
    }
  };
}

async function execProbe(
  runtime: Pick<Runtime, 'exec'>,
  containerName: string,
  command: readonly string[],
  timeoutMs: number,
  signal: AbortSignal,
): Promise<ProbeResult> {
  try {
    const run = await runtime.exec(containerName, command, { timeoutMs, signal });
    const { exitCode, output } = run;
    if (run.hasNotStarted)
      return unknown(`rpc error: code = Unknown desc = failed to exec in container: ${output.trim()}`);
    return { isSuccess: exitCode === 0, message: exitCode === 0 ? '' : output };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof RuntimeError)) throw error;
    const hasTimedOut = error.detail.includes('did not end within');
    if (!hasTimedOut) return unknown(error.detail);
    const message = `command timed out: ${JSON.stringify(command.join(' '))} timed out after ${timeoutMs / 1_000}s`;
    return { isSuccess: false, message };
  }
}

const unknown = (message: string): ProbeResult => ({ isSuccess: false, isUnknown: true, message });

type Dial = (address: string, port: number) => ReturnType<PodDialer['connect']>;

async function grpcProbe(
  { address, port, service }: Extract<Handler, { readonly type: 'grpc' }>,
  {
    connect,
    clock,
    userAgent,
  }: { readonly connect: Dial; readonly clock: Clock; readonly userAgent: string },
  timeoutMs: number,
  signal: AbortSignal,
): Promise<ProbeResult> {
  const authority = `${address}:${port}`;
  const within = `within ${durationText(timeoutMs)}`;
  const failed = (message: string): ProbeResult => ({ isSuccess: false, message });
  let session: Awaited<ReturnType<typeof grpcSession>>;
  try {
    session = await untilServed(() => connect(address, port), authority, clock, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
    return failed(
      `timeout: failed to connect service ${JSON.stringify(authority)} ${within}: context deadline exceeded`,
    );
  }
  try {
    const { status, failure } = await grpcHealth(session, { service, userAgent, signal });
    if (status === 'SERVING') return { isSuccess: true, message: '' };
    if (status !== undefined) return failed(`service unhealthy (responded with ${JSON.stringify(status)})`);
    const { code = '', message = '' } = failure ?? {};
    if (code === 'Unimplemented')
      return failed(
        `error: this server does not implement the grpc health protocol (grpc.health.v1.Health): ${message}`,
      );
    return failed(`error: health rpc probe failed: rpc error: code = ${code} desc = ${message}`);
  } catch (error) {
    if (signal.aborted) return failed(`timeout: health rpc did not complete ${within}`);
    const why = error instanceof Error ? error.message : String(error);
    return failed(`error: health rpc probe failed: rpc error: code = Unavailable desc = ${why}`);
  } finally {
    session.destroy();
  }
}

/** As Go's gRPC connects: where nobody answers it is tried again, until the time is over. @throws the signal aborts. */
async function untilServed(
  connect: () => ReturnType<Dial>,
  authority: string,
  clock: Clock,
  signal: AbortSignal,
): ReturnType<typeof grpcSession> {
  for (;;) {
    try {
      return await grpcSession(await connect(), authority, signal);
    } catch {
      await clock.sleep(grpcRetryMs, signal);
    }
  }
}

const goWords: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect: connection refused',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  ECONNRESET: 'read: connection reset by peer',
};

/** A connection's failure as Go says it. */
async function dialed(
  dialer: PodDialer,
  target: Parameters<PodDialer['connect']>[0],
  signal: AbortSignal,
): ReturnType<PodDialer['connect']> {
  try {
    return await dialer.connect(target, signal);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const why = signal.aborted
      ? 'i/o timeout'
      : (goWords[code] ?? String(error instanceof Error ? error.message : error));
    throw new Error(`dial tcp ${target.address}:${target.port}: ${why}`, { cause: error });
  }
}
