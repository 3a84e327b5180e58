import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../clock/index.ts';
import type { Log } from '../../log.ts';
import { ContainerServer, type Listening } from '../container-server.ts';
import { RateLimit } from '../metadata/rate-limit.ts';
import { parseJson } from '../reading.ts';
import { EksAuthError, type PodCredentials } from './eks-auth-api.ts';

export interface PodIdentityAgentOptions {
  /** Exchanges a pod's token. @throws {EksAuthError} */
  exchange(token: string, signal: AbortSignal): Promise<PodCredentials>;
  /** The only ones that requests may name as their host: `169.254.170.23`. */
  readonly addresses: readonly string[];
  readonly clock: Clock;
  readonly log: Log;
}

interface Kept {
  readonly credentials: Promise<PodCredentials>;
  /** From then on they are asked for again. */
  readonly untilMs: number;
}

const keptMs = 3 * 3_600_000;
const mostKept = 2_000;
const requestsPerSecond = 1_000;

/**
 * What the SDKs in a node's pods ask at `AWS_CONTAINER_CREDENTIALS_FULL_URI`, as the EKS Pod Identity Agent answers: the
 * token of their volume is exchanged for the credentials of their role. The token alone says whose they are; it does
 * not matter from where it comes.
 */
export class PodIdentityAgent implements AsyncDisposable {
  readonly #options: PodIdentityAgentOptions;
  readonly #server: ContainerServer;
  readonly #kept = new Map<string, Kept>();
  readonly #limit: RateLimit;
  readonly #closing = new AbortController();

  constructor(options: PodIdentityAgentOptions) {
    this.#options = options;
    this.#limit = new RateLimit(requestsPerSecond, requestsPerSecond, options.clock);
    this.#server = new ContainerServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        options.log.warn('A pod got no credentials of its identity', { error });
        refuse(response, 500, 'Internal server error');
      });
    });
  }

  /** @returns the port. */
  listen(where: Listening): Promise<number | undefined> {
    return this.#server.listen(where);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new Error('The agent is closing'));
    await this.#server[Symbol.asyncDispose]();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { addresses, clock } = this.#options;
    const { method, url = '', headers } = request;
    if (method !== 'GET' || url.split('?', 1)[0] !== '/v1/credentials')
      return refuse(response, 404, '404 page not found');
    const host = (headers.host ?? '').replace(/:\d+$/, '');
    if (!addresses.includes(host)) {
      const known = addresses.join(' ');
      return refuse(
        response,
        403,
        `Access Denied. Called agent through invalid address, please use either [${known}] address not ${host}`,
      );
    }
    if (!this.#limit.allows('')) return refuse(response, 429, 'Too many requests');
    const token = headers.authorization ?? '';
    const refusal = refusalOf(token, clock.now());
    if (refusal !== undefined) return refuse(response, 400, refusal);
    try {
      const { accessKeyId, secretAccessKey, sessionToken, accountId, expiresAtMs } =
        await this.#credentials(token);
      response.writeHead(200, { 'content-type': 'application/json' }).end(
        JSON.stringify({
          ...{ AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, Token: sessionToken },
          ...{ AccountId: accountId, Expiration: new Date(expiresAtMs).toISOString().replace('.000Z', 'Z') },
        }),
      );
    } catch (error) {
      if (!(error instanceof EksAuthError)) throw error;
      const fault = error.status < 500 ? 'client' : 'server';
      refuse(
        response,
        error.status,
        `[${error.requestId}]: (${error.code}): ${error.message}, fault: ${fault}`,
      );
    }
  }

  /** Whoever asks while they are on their way waits for the same ones. */
  #credentials(token: string): Promise<PodCredentials> {
    const { clock, exchange } = this.#options;
    const known = this.#kept.get(token);
    if (known !== undefined && clock.now() < known.untilMs) return known.credentials;
    const [oldest] = this.#kept.keys();
    if (this.#kept.size >= mostKept && oldest !== undefined) this.#kept.delete(oldest);
    const credentials = exchange(token, this.#closing.signal);
    const kept = { credentials, untilMs: clock.now() + keptMs };
    this.#kept.set(token, kept);
    // A refusal is not kept: the association may be made in the next moment.
    credentials.catch(() => {
      if (this.#kept.get(token) === kept) this.#kept.delete(token);
    });
    return credentials;
  }
}

/** Why a token is not even asked about; undefined: EKS Auth decides. */
function refusalOf(token: string, nowMs: number): string | undefined {
  if (token === '') return 'Service account token cannot be empty';
  const parts = token.split('.');
  const claims = parseJson(Buffer.from(parts[1] ?? '', 'base64url').toString());
  if (parts.length !== 3 || typeof claims !== 'object' || claims === null)
    return 'Service account token cannot be parsed: token is malformed';
  const expiry = 'exp' in claims ? claims.exp : undefined;
  return typeof expiry === 'number' && expiry * 1_000 > nowMs
    ? undefined
    : 'Service account token failed basic claim validations: token is expired';
}

function refuse(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${message}\n`);
}
