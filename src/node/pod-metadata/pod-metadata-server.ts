import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock, Random } from '../../clock/index.ts';
import type { Log } from '../../log.ts';
import { ContainerServer, type Listening } from '../container-server.ts';
import { apiTime } from '../kubelet/objects/object.ts';
import { RateLimit } from '../metadata/rate-limit.ts';
import type { PodRoles, RoleCredentials } from './pod-roles.ts';
import { SessionTokens } from './session-tokens.ts';

export interface PodMetadataServerOptions {
  readonly roles: Pick<PodRoles, 'credentialsAt' | 'roleAt'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** An answer in text. */
class Refused extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const tokenHeader = 'x-aws-ec2-metadata-token';
const ttlHeader = 'x-aws-ec2-metadata-token-ttl-seconds';
const requestsPerSecond = 100;
/** `/latest/meta-data/iam/security-credentials`, with or without a role behind it. */
const credentialsPath = /^\/[^/]+\/meta-data\/iam\/security-credentials(?:(\/)(.*))?$/;

/**
 * What the pods of a node find at the instance metadata address, as KIAM's agent answers there: the credentials of their
 * own role and nothing of the instance. Session tokens (IMDSv2) are given to whoever wants one, and need not be shown.
 */
export class PodMetadataServer implements AsyncDisposable {
  readonly #options: PodMetadataServerOptions;
  readonly #server: ContainerServer;
  readonly #tokens: SessionTokens;
  readonly #limit: RateLimit;
  readonly #closing = new AbortController();

  constructor(options: PodMetadataServerOptions) {
    this.#options = options;
    const { clock, random, log } = options;
    this.#tokens = new SessionTokens(clock, random);
    this.#limit = new RateLimit(requestsPerSecond, requestsPerSecond, clock);
    this.#server = new ContainerServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        if (error instanceof Refused) return say(response, error.status, `${error.message}\n`);
        log.info('A pod got no credentials of its role', { error });
        say(response, 500, `${error instanceof Error ? error.message : 'internal error'}\n`);
      });
    });
  }

  listen(where: Listening): Promise<number | undefined> {
    return this.#server.listen(where);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new Error('The pods’ metadata are not answered any more'));
    await this.#server[Symbol.asyncDispose]();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, url = '', headers } = request;
    const [path = ''] = url.split('?', 1);
    if (path === '/ping') return say(response, 200, 'pong');
    if (method === 'PUT' && path === '/latest/api/token') return this.#giveToken(headers, response);
    const [matched, slash, requested = ''] = credentialsPath.exec(path) ?? [];
    if (matched === undefined || method !== 'GET')
      throw new Refused(404, `request blocked by allow-route-regexp "^$": ${path}`);
    const token = headers[tokenHeader];
    if (token !== undefined && !this.#tokens.isGood(String(token))) throw new Refused(401, 'Unauthorized');
    if (slash === undefined) {
      response.writeHead(308, { location: `${path}/` }).end();
      return;
    }
    const address = (request.socket.remoteAddress ?? '').replace(/^::ffff:/, '');
    if (!this.#limit.allows(address)) throw new Refused(429, 'Too Many Requests');
    const { roles } = this.#options;
    const { signal } = this.#closing;
    if (requested === '') {
      const role = await roles.roleAt(address, signal);
      if (role === '') throw new Refused(404, 'empty role');
      return say(response, 200, role);
    }
    try {
      const credentials = await roles.credentialsAt(address, requested, signal);
      say(response, 200, JSON.stringify(documentOf(credentials)), 'application/json');
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`error fetching credentials: ${why}`, { cause });
    }
  }

  #giveToken(headers: IncomingMessage['headers'], response: ServerResponse): void {
    if (headers['x-forwarded-for'] !== undefined) throw new Refused(403, 'Forbidden');
    const seconds = String(headers[ttlHeader] ?? '');
    const token = this.#tokens.issue(seconds);
    if (token === undefined) throw new Refused(400, 'Bad Request');
    response.setHeader(ttlHeader, seconds);
    say(response, 200, token);
  }
}

function documentOf({
  accessKeyId,
  secretAccessKey,
  sessionToken,
  expiresAtMs,
  updatedAtMs,
}: RoleCredentials) {
  return {
    ...{ Code: 'Success', Type: 'AWS-HMAC', AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey },
    ...{ Token: sessionToken, Expiration: apiTime(expiresAtMs), LastUpdated: apiTime(updatedAtMs) },
  };
}

function say(response: ServerResponse, status: number, text: string, type = 'text/plain'): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) }).end(text);
}
