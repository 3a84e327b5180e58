import { type Clock, withTimeout } from '../../clock/index.ts';
import type { Api } from '../kubelet/api/api-client.ts';
import { namespaces, pods } from '../kubelet/api/resources.ts';
import type { PodEvents } from '../kubelet/events/pod-events.ts';
import type { Pod } from '../kubelet/objects/pod.ts';
import { refusalOf, roleArn, roleOf, sessionOf } from './pod-role.ts';

/** What AssumeRole is asked for. */
export interface RoleSession {
  readonly roleArn: string;
  readonly sessionName: string;
  readonly externalId: string | undefined;
}

export interface RoleCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiresAtMs: number;
  readonly updatedAtMs: number;
}

export interface PodRolesOptions {
  readonly nodeName: string;
  /** What role names are put behind, e.g. `arn:aws:iam::111122223333:role/`. */
  readonly baseArn: string;
  readonly api: Pick<Api, 'get' | 'list'>;
  readonly events: Pick<PodEvents, 'warning'>;
  /** Whose address it is, of the node's pods; undefined: nobody's. */
  podAt(address: string): string | undefined;
  /** As the node. @throws with what STS says. */
  assumeRole(session: RoleSession, signal: AbortSignal): Promise<RoleCredentials>;
  readonly clock: Clock;
}

/** Before they end, credentials are asked for again. */
const renewedMs = 5 * 60_000;
const mostKept = 1_000;
const answerMs = 5_000;

/**
 * The roles of a node's pods by their annotations, as KIAM's server gives them: to a pod that is found by its address, the role
 * of its own annotation, where its namespace permits it.
 */
export class PodRoles {
  readonly #options: PodRolesOptions;
  readonly #kept = new Map<string, Promise<RoleCredentials>>();

  constructor(options: PodRolesOptions) {
    this.#options = options;
  }

  /** The role's name, as the annotation says it; empty: the pod has none. @throws {Error} there is no such pod. */
  async roleAt(address: string, signal: AbortSignal): Promise<string> {
    const { metadata } = await this.#pod(address, signal);
    return roleOf(metadata.annotations);
  }

  /**
   * Credentials of a role for the pod that asks.
   * @throws {Error} the pod is not found, `forbidden by policy` (its event says why), or STS refuses.
   */
  async credentialsAt(address: string, requested: string, signal: AbortSignal): Promise<RoleCredentials> {
    const { api, baseArn, events, clock } = this.#options;
    const pod = await this.#pod(address, signal);
    const { annotations, namespace } = pod.metadata;
    using deadline = withTimeout(clock, answerMs, signal);
    const { metadata } = await api.get(namespaces, undefined, namespace, deadline.signal);
    const refusal = refusalOf(requested, annotations, metadata.annotations, baseArn);
    if (refusal !== undefined) {
      events.warning(pod, 'KiamRoleForbidden', `failed assuming role "${requested}": ${refusal}`);
      throw new Error('forbidden by policy');
    }
    const session = { roleArn: roleArn(requested, baseArn), ...sessionOf(annotations) };
    try {
      return await this.#session(session, deadline.signal);
    } catch (error) {
      const why = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      events.warning(pod, 'KiamCredentialError', `failed retrieving credentials: ${why}`);
      throw error;
    }
  }

  /** Pods of the same role share a session. Refusals are not kept: a policy may change in the next moment. */
  async #session(session: RoleSession, signal: AbortSignal): Promise<RoleCredentials> {
    const key = JSON.stringify([session.roleArn, session.sessionName, session.externalId]);
    const known = await this.#kept.get(key)?.catch(() => undefined);
    if (known !== undefined && known.expiresAtMs - renewedMs > this.#options.clock.now()) return known;
    const [oldest] = this.#kept.keys();
    if (this.#kept.size >= mostKept && oldest !== undefined) this.#kept.delete(oldest);
    const asked = this.#options.assumeRole(session, signal);
    this.#kept.set(key, asked);
    try {
      return await asked;
    } catch (error) {
      if (this.#kept.get(key) === asked) this.#kept.delete(key);
      throw error;
    }
  }

  async #pod(address: string, signal: AbortSignal): Promise<Pod> {
    const { api, nodeName, podAt, clock } = this.#options;
    const uid = podAt(address);
    using deadline = withTimeout(clock, answerMs, signal);
    const selection = { fieldSelector: `spec.nodeName=${nodeName}` };
    const found =
      uid === undefined
        ? undefined
        : (await api.list(pods, selection, deadline.signal)).items.find((pod) => pod.metadata.uid === uid);
    const phase = found?.status?.phase;
    if (found === undefined || phase === 'Succeeded' || phase === 'Failed') throw new Error('no pod found');
    return found;
  }
}
