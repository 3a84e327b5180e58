import type { AwsCredentialIdentity } from '@smithy/types';
import { type CallCredentials, signedCall } from '../../cli/index.ts';
import { type Clock, withTimeout } from '../../clock/index.ts';
import { localVolumeId } from '../../kubernetes/index.ts';
import type { RecordKey } from '../../reconcile/index.ts';
import { instanceIdOfKey, scopeOfKey } from '../../services/eks/index.ts';
import type { NodeHome } from '../kubelets/node-home.ts';
import { carriedPaths, nodeAspects } from './node-routes.ts';

const answerMs = 10_000;

/** The control plane as a machine that has joined asks it: see `nodeRoutes`. Every question is given up after 10 s. */
export function remoteNodeHome({
  endpoint,
  credentials,
  clock,
  signal,
}: {
  /** Of the control plane. */
  readonly endpoint: string;
  /** The machine's own. */
  readonly credentials: CallCredentials;
  readonly clock: Clock;
  /** Ends what is being asked. */
  readonly signal: AbortSignal;
}): NodeHome {
  const ask = async (
    method: string,
    path: string,
    input?: object,
  ): Promise<Readonly<Record<string, unknown>>> => {
    using deadline = withTimeout(clock, answerMs, signal);
    const body = input === undefined ? '' : JSON.stringify(input);
    const { status, text } = await signedCall(
      { method, url: new URL(path, endpoint), body },
      { credentials, clock, signal: deadline.signal },
    );
    const answer = parse(text);
    if (status === 200 && answer !== undefined) return answer;
    throw new Error(`${method} ${path}: ${String(answer?.message ?? `status ${status}`)}`);
  };
  const given = async (key: RecordKey, aspect: string): Promise<AwsCredentialIdentity> => {
    const answer = await ask('GET', nodePath(key, aspect));
    const { accessKeyId, secretAccessKey, sessionToken, expiration } = answer;
    if (typeof accessKeyId !== 'string' || typeof secretAccessKey !== 'string')
      throw new Error(`GET ${nodePath(key, aspect)}: the answer has no credentials`);
    return {
      ...{ accessKeyId, secretAccessKey },
      ...(typeof sessionToken === 'string' && { sessionToken }),
      ...(typeof expiration === 'string' && { expiration: new Date(expiration) }),
    };
  };
  return {
    controlPlaneOf: async (key) => {
      const found = await ask('GET', nodePath(key, nodeAspects.controlPlane));
      const { endpoint: server, certificateAuthority } = found;
      if (typeof server !== 'string' || typeof certificateAuthority !== 'string') return undefined;
      return { endpoint: server, certificateAuthority };
    },
    credentials: (key) => given(key, nodeAspects.credentials),
    networkCredentials: (key) => given(key, nodeAspects.networkCredentials),
    report: async (key, said) => void (await ask('PUT', nodePath(key, nodeAspects.report), said)),
    reportVolume: async (key, said) =>
      void (await (said === undefined ? ask('DELETE', volumePath(key)) : ask('PUT', volumePath(key), said))),
  };
}

function nodePath(key: RecordKey, aspect: string): string {
  const { accountId, region } = scopeOfKey(key);
  return `${carriedPaths.nodes}/${accountId}/${region}/${instanceIdOfKey(key)}/${aspect}`;
}

function volumePath(key: RecordKey): string {
  const { accountId, region } = scopeOfKey(key);
  return `${carriedPaths.volumes}/${accountId}/${region}/${localVolumeId(key)}`;
}

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
