import type {
  ClientCounts,
  GroupCounts,
  LoadBalancerPlan,
  NodePlan,
  ObservedHealth,
  TrafficReport,
} from '../../../balancing/index.ts';
import { type Clock, withTimeout } from '../../../clock/index.ts';
import { request } from '../../../http.ts';
import { BalancerError, type CertificateChain } from '../balancer.ts';
import type { Observation } from '../targets.ts';

/**
 * How a node's process is spoken to: HTTP on a socket of the file system. `PUT /configuration` says what it is to do,
 * `GET /status` asks what it sees and did, `POST /finish` lets it take nothing new and end with its last connection.
 */

/** What a process is to do, whole. */
export interface ProxyConfiguration {
  readonly plan: LoadBalancerPlan;
  readonly node: NodePlan;
  readonly cookieKey: string;
  /** By ARN; of all listeners. */
  readonly certificates: readonly (readonly [arn: string, CertificateChain])[];
  /** Of targets that it has not seen yet, by `targetName`. */
  readonly known: readonly (readonly [name: string, ObservedHealth])[];
  /** Tells two configurations apart, whatever is known of targets. */
  readonly fingerprint: string;
}

/** What it sees now, and what it did since it began. */
export interface ProxyStatus {
  /** Of its own program. */
  readonly version: string;
  /** Of what it works by; absent until it was told. */
  readonly fingerprint?: string;
  readonly targets: readonly (readonly [name: string, Observation])[];
  readonly clients: ClientCounts;
  /** By the 16 digits at the end of their ARNs. */
  readonly groups: readonly (readonly [id: string, GroupCounts])[];
  readonly open: TrafficReport['open'];
}

/** What it answers when it can't do as it was told. */
export interface ProxyRefusal {
  readonly message: string;
}

const timeoutMs = 5_000;

/** @throws {BalancerError} it doesn't answer. */
export async function statusOf(socketPath: string, clock: Clock): Promise<ProxyStatus> {
  return (await ask(socketPath, 'GET', '/status', clock)) as ProxyStatus;
}

/** @throws {BalancerError} it doesn't answer, or can't do so; it stays as it was. */
export async function configure(
  socketPath: string,
  configuration: ProxyConfiguration,
  clock: Clock,
): Promise<void> {
  await ask(socketPath, 'PUT', '/configuration', clock, configuration);
}

/** @throws {BalancerError} it doesn't answer. */
export async function finish(socketPath: string, clock: Clock): Promise<void> {
  await ask(socketPath, 'POST', '/finish', clock);
}

async function ask(
  socketPath: string,
  method: string,
  path: string,
  clock: Clock,
  body?: ProxyConfiguration,
): Promise<unknown> {
  using deadline = withTimeout(clock, timeoutMs);
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const sent = request({ socketPath, method, path, agent: false, signal: deadline.signal }, (response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('error', reject);
    response.on('end', () => {
      const answer: unknown = JSON.parse(Buffer.concat(chunks).toString());
      if (response.statusCode === 200) resolve(answer);
      else reject(new BalancerError((answer as ProxyRefusal).message));
    });
  });
  sent.on('error', (cause) =>
    reject(new BalancerError(`The proxy does not answer at ${socketPath}`, { cause })),
  );
  sent.end(body === undefined ? undefined : JSON.stringify(body));
  return promise;
}
