import { type Clock, withTimeout } from '../../clock/index.ts';
import type { AgentCredentials } from '../agent-credentials.ts';
import { signedHeaders } from '../connection/signed-headers.ts';
import { parseJson, Reader } from '../reading.ts';

export interface EksAuthApiOptions {
  readonly endpoint: string;
  readonly region: string;
  readonly clusterName: string;
  /** Of the node's role. */
  credentials(): Promise<AgentCredentials>;
  readonly clock: Clock;
}

/** What a pod's SDK is given. */
export interface PodCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly accountId: string;
  readonly expiresAtMs: number;
}

/** EKS Auth said no. */
export class EksAuthError extends Error {
  override readonly name = 'EksAuthError';
  readonly status: number;
  readonly code: string;
  readonly requestId: string;

  constructor(status: number, code: string, message: string, requestId: string) {
    super(message);
    this.status = status;
    this.code = code;
    this.requestId = requestId;
  }
}

const answerMs = 10_000;

/** AssumeRoleForPodIdentity. @throws {EksAuthError}; {Error} when nobody answers. */
export async function assumeRoleForPodIdentity(
  { endpoint, region, clusterName, credentials, clock }: EksAuthApiOptions,
  token: string,
  signal: AbortSignal,
): Promise<PodCredentials> {
  const path = `/clusters/${encodeURIComponent(clusterName)}/assume-role-for-pod-identity`;
  const url = new URL(path, endpoint);
  const body = JSON.stringify({ token });
  const signing = { region, credentials: await credentials(), clock };
  const headers = await signedHeaders({ method: 'POST', url, service: 'eks-auth', body }, signing);
  using deadline = withTimeout(clock, answerMs, signal);
  const answer = await fetch(url, { method: 'POST', headers, body, signal: deadline.signal });
  const said = new Reader(parseJson(await answer.text()) ?? {}, '');
  if (!answer.ok) {
    throw new EksAuthError(
      ...([answer.status, said.optionalString('__type') ?? 'InternalServerException'] as const),
      said.optionalString('message') ?? '',
      answer.headers.get('x-amzn-requestid') ?? '',
    );
  }
  return {
    ...said.object('credentials', (given) => ({
      accessKeyId: given.string('accessKeyId'),
      secretAccessKey: given.string('secretAccessKey'),
      sessionToken: given.string('sessionToken'),
      expiresAtMs: given.number('expiration') * 1_000,
    })),
    accountId: said.object('assumedRoleUser', (user) => user.string('arn')).split(':')[4] ?? '',
  };
}
