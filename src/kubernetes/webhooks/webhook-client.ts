import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { type Clock, type Random, withTimeout } from '../../clock/index.ts';
import type { Json } from '../../store/index.ts';
import { isJsonObject, type JsonObject, memberOf, numberOf, textOf } from '../objects/object.ts';
import type { ObjectsInMemory } from '../objects/objects-in-memory.ts';
import { answerErrorText, callErrorText } from './call-errors.ts';
import type { WebhookClientConfig } from './client-config.ts';
import { DialingAgent, type Dials } from './dial.ts';
import { type Address, resolveService } from './service-address.ts';

/** More in an answer is nobody's honest patch. */
const mostResponseBytes = 3 * 1024 * 1024;

/** @param config As it stands in an object that was found valid. */
export function webhookClientConfig(config: JsonObject): WebhookClientConfig {
  const caBundle = Buffer.from(textOf(config, 'caBundle'), 'base64').toString();
  const url = textOf(config, 'url');
  if (url !== '') return { url, caBundle };
  const service = memberOf(config, 'service');
  const path = textOf(service, 'path');
  return {
    ...{ caBundle, path: path === '' ? '/' : path },
    service: {
      ...{ namespace: textOf(service, 'namespace'), name: textOf(service, 'name') },
      port: numberOf(service, 'port') || 443,
    },
  };
}

/** A webhook that gave no usable answer. The message is upstream's, without who was called. */
export class WebhookCallError extends Error {
  override readonly name = 'WebhookCallError';
}

/**
 * Calls webhooks of a cluster's objects: JSON by POST over TLS, the certificate verified by the bundle that the object brings,
 * no credentials, no redirects, the answer bounded in time and size.
 */
export class WebhookClient implements Disposable {
  readonly #objects: ObjectsInMemory;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #agents: { readonly service: DialingAgent; readonly url: DialingAgent };

  constructor(parts: {
    readonly objects: ObjectsInMemory;
    readonly clock: Clock;
    readonly random: Random;
    readonly dials: Dials;
  }) {
    const { service, url } = parts.dials;
    this.#agents = { service: new DialingAgent(service), url: new DialingAgent(url) };
    this.#objects = parts.objects;
    this.#clock = parts.clock;
    this.#random = parts.random;
  }

  /**
   * @param body What is sent, as JSON.
   * @returns the answer, an object.
   * @throws {WebhookCallError}
   */
  async post(
    config: WebhookClientConfig,
    body: Json,
    { timeoutSeconds, signal }: { readonly timeoutSeconds: number; readonly signal: AbortSignal },
  ): Promise<JsonObject> {
    const { url, text } = urlOf(config, timeoutSeconds);
    const shown = `Post ${JSON.stringify(text)}`;
    using deadline = withTimeout(this.#clock, timeoutSeconds * 1_000, signal);
    const address = this.#addressOf(config, url, shown);
    try {
      const { status, text } = await this.#send(config, url, address, JSON.stringify(body), deadline.signal);
      if (status !== 200) throw new WebhookCallError(answerErrorText(status));
      return parsed(text);
    } catch (error) {
      if (error instanceof WebhookCallError) throw error;
      const told = deadline.signal.aborted ? deadline.signal.reason : error;
      throw new WebhookCallError(`${shown}: ${callErrorText(told, address)}`);
    }
  }

  [Symbol.dispose](): void {
    for (const agent of Object.values(this.#agents)) agent.destroy();
  }

  #addressOf(config: WebhookClientConfig, url: URL, shown: string): Address {
    try {
      return 'service' in config
        ? resolveService(this.#objects, this.#random, config.service)
        : { host: hostOf(url), port: Number(url.port || 443) };
    } catch (error) {
      throw new WebhookCallError(`${shown}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  async #send(
    config: WebhookClientConfig,
    url: URL,
    address: Address,
    body: string,
    signal: AbortSignal,
  ): Promise<{ readonly status: number; readonly text: string }> {
    const { caBundle: ca } = config;
    const agent = 'service' in config ? this.#agents.service : this.#agents.url;
    for (let attempt = 1; ; attempt++) {
      const request = httpsRequest({
        ...{ host: address.host, port: address.port, agent, signal },
        ...{ method: 'POST', path: `${url.pathname}${url.search}` },
        ...(isIP(hostOf(url)) === 0 && { servername: hostOf(url) }),
        ...(ca !== '' && { ca }),
        headers: {
          ...{ host: url.host, 'user-agent': 'kube-apiserver-admission', accept: 'application/json' },
          ...{ 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
        },
      });
      try {
        const response = await responseTo(request.end(body));
        return { status: response.statusCode ?? 0, text: await textOfAnswer(response) };
      } catch (error) {
        // The other side may have ended a connection just as it was used again.
        const isStale = request.reusedSocket && error instanceof Error && 'code' in error;
        if (attempt > 1 || !isStale || error.code !== 'ECONNRESET') throw error;
      }
    }
  }
}

/** With the text of it as users wrote it: `URL` leaves out a port that goes without saying. */
function urlOf(
  config: WebhookClientConfig,
  timeoutSeconds: number,
): { readonly url: URL; readonly text: string } {
  if ('url' in config) {
    const url = new URL(config.url);
    url.searchParams.set('timeout', `${timeoutSeconds}s`);
    return { url, text: url.href };
  }
  const { namespace, name, port } = config.service;
  const text = `https://${name}.${namespace}.svc:${port}${config.path}?timeout=${timeoutSeconds}s`;
  return { url: new URL(text), text };
}

/** Without the brackets of an IPv6 address. */
const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[(.*)\]$/, '$1');

const responseTo = (request: ReturnType<typeof httpsRequest>): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    request.once('response', resolve);
    // Also after the response, so that a late one has somebody who hears it.
    request.on('error', reject);
    // Who switches to another protocol gives neither; once it has a response this says nothing more.
    request.once('close', () => reject(new WebhookCallError('the connection ended without a response')));
  });

async function textOfAnswer(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > mostResponseBytes) {
      response.destroy();
      throw new WebhookCallError(`the response is larger than ${mostResponseBytes} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function parsed(text: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new WebhookCallError("couldn't get version/kind; json parse error: the response is no JSON");
  }
  if (!isJsonObject(value))
    throw new WebhookCallError("couldn't get version/kind; json parse error: the response is no object");
  return value;
}
