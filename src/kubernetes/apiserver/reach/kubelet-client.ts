import { webcrypto } from 'node:crypto';
import type { ClientRequest } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { type NewAuthority, openAuthority, pkcs8, signCertificate } from '../../../certificates/index.ts';
import type { Clock, Random } from '../../../clock/index.ts';
import { type KubernetesObject, memberOf, numberOf, objectsIn, textOf } from '../../objects/object.ts';
import { badRequest } from '../status.ts';

const certificateDays = 365;
/** Signed anew when it has no longer to live. */
const renewBeforeMs = 30 * 24 * 60 * 60 * 1_000;
const dayMs = 24 * 60 * 60 * 1_000;
/** Where the machine itself is reached goes before addresses that only its VPC knows. */
const addressTypes = ['ExternalIP', 'InternalIP', 'Hostname'];

/** What is asked of a kubelet. */
export interface KubeletRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers?: RequestOptions['headers'];
  readonly signal: AbortSignal;
  /** The caller said so himself (`insecureSkipTLSVerifyBackend`). */
  readonly isUnverified?: boolean;
}

/**
 * Asks the kubelets of one cluster, over TLS on both sides by the cluster's own authority: a kubelet shows a certificate for
 * the name of its node, the API server one of its own.
 */
export class KubeletClient {
  readonly #authority: NewAuthority;
  readonly #clock: Clock;
  readonly #random: Random;
  #identity: { readonly made: Promise<{ key: string; cert: string }>; readonly untilMs: number } | undefined;

  constructor(authority: NewAuthority, clock: Clock, random: Random) {
    this.#authority = authority;
    this.#clock = clock;
    this.#random = random;
  }

  /** A request that is not sent yet: the caller ends it. @throws {ApiError} 400: the node tells no address. */
  async open(node: KubernetesObject, asked: KubeletRequest): Promise<ClientRequest> {
    const { host, port } = addressOf(node);
    return httpsRequest({
      ...{ host, port, method: asked.method, path: asked.path, headers: asked.headers ?? {} },
      ...{ agent: false, signal: asked.signal, ca: this.#authority.certificate },
      ...(await this.#ownIdentity()),
      // Not the address: nodes of one machine share that, and a node says itself where it is.
      ...{ servername: node.metadata.name, rejectUnauthorized: asked.isUnverified !== true },
    });
  }

  /** Made when it is first needed: most clusters wait long for their first node. */
  #ownIdentity(): Promise<{ key: string; cert: string }> {
    const now = this.#clock.now();
    if (this.#identity === undefined || this.#identity.untilMs < now) {
      const made = this.#sign(now);
      this.#identity = { made, untilMs: now + certificateDays * dayMs - renewBeforeMs };
      made.catch(() => {
        this.#identity = undefined;
      });
    }
    return this.#identity.made;
  }

  async #sign(now: number): Promise<{ key: string; cert: string }> {
    const keys = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
      'sign',
      'verify',
    ]);
    const cert = await signCertificate(openAuthority(this.#authority), this.#random, now, {
      ...{ commonName: 'kube-apiserver-kubelet-client', organizations: ['system:masters'] },
      ...{ alternativeNames: [], days: certificateDays, publicKey: keys.publicKey },
    });
    return { key: await pkcs8(keys.privateKey), cert };
  }
}

/** Where a node's kubelet listens. @throws {ApiError} 400 */
function addressOf(node: KubernetesObject): { readonly host: string; readonly port: number } {
  const status = memberOf(node, 'status');
  const addresses = objectsIn(status, 'addresses');
  const address = addressTypes
    .map((type) => addresses.find((it) => textOf(it, 'type') === type))
    .find((it) => it !== undefined);
  const port = numberOf(memberOf(memberOf(status, 'daemonEndpoints'), 'kubeletEndpoint'), 'Port');
  if (address === undefined || port === 0)
    throw badRequest(`no preferred addresses found; known addresses: [] of node ${node.metadata.name}`);
  return { host: textOf(address, 'address'), port };
}
