import { type Clock, type Random, uuid, withTimeout } from '../../clock/index.ts';
import { messageSchemaVersion, openChannelInput } from '../../session-channel/index.ts';
import type { AgentCredentials } from '../agent-credentials.ts';
import { signedHeaders } from '../connection/signed-headers.ts';
import { type AgentSocket, openSignedSocket } from '../connection/signed-socket.ts';

const service = 'ssmmessages';
const answerMs = 10_000;

export interface SsmMessagesApiOptions {
  /** E.g. `http://127.0.0.1:4566`. */
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: AgentCredentials;
  readonly clock: Clock;
  readonly random: Random;
}

/** What an agent asks of Session Manager's message gateway. */
export interface SsmMessagesClient {
  /** Opens the channel on which `target` hears of its sessions. The caller closes it. */
  openControlChannel(target: string, signal: AbortSignal, onFrame: OnFrame): Promise<AgentSocket>;
  /** Opens the agent's end of a session. The caller closes it. */
  openDataChannel(
    sessionId: string,
    target: string,
    signal: AbortSignal,
    onFrame: OnFrame,
  ): Promise<AgentSocket>;
}

type OnFrame = (frame: Buffer) => void;

/** The two calls of `ssmmessages` and the connections that their tokens open, as amazon-ssm-agent makes them. */
export class SsmMessagesApi implements SsmMessagesClient {
  readonly #options: SsmMessagesApiOptions;

  constructor(options: SsmMessagesApiOptions) {
    this.#options = options;
  }

  async openControlChannel(target: string, signal: AbortSignal, onFrame: OnFrame): Promise<AgentSocket> {
    const path = `/v1/control-channel/${encodeURIComponent(target)}`;
    const tokenValue = await this.#createChannel(path, {}, signal);
    const query = { role: 'subscribe', stream: 'input' };
    return this.#open(path, query, { tokenValue }, signal, onFrame);
  }

  async openDataChannel(
    sessionId: string,
    target: string,
    signal: AbortSignal,
    onFrame: OnFrame,
  ): Promise<AgentSocket> {
    const path = `/v1/data-channel/${encodeURIComponent(sessionId)}`;
    const clientId = uuid(this.#options.random);
    const tokenValue = await this.#createChannel(path, { ClientId: clientId }, signal);
    const query = { role: 'publish_subscribe' };
    return this.#open(path, query, { tokenValue, clientId, clientInstanceId: target }, signal, onFrame);
  }

  /** @returns the token that opens the channel. */
  async #createChannel(
    path: string,
    members: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<string> {
    const { endpoint, clock, random } = this.#options;
    const url = new URL(path, endpoint);
    const body = JSON.stringify({
      MessageSchemaVersion: messageSchemaVersion,
      RequestId: uuid(random),
      ...members,
    });
    const headers = await signedHeaders({ method: 'POST', url, service, body }, this.#options);
    using deadline = withTimeout(clock, answerMs, signal);
    const response = await fetch(url, { method: 'POST', headers, body, signal: deadline.signal });
    const text = await response.text();
    const token = /<TokenValue>([^<]+)<\/TokenValue>/.exec(text)?.[1];
    if (response.ok && token !== undefined) return token;
    throw new Error(`POST ${path} answered ${response.status}: ${text.slice(0, 300)}`);
  }

  async #open(
    path: string,
    query: Readonly<Record<string, string>>,
    opening: Omit<Parameters<typeof openChannelInput>[0], 'requestId'>,
    signal: AbortSignal,
    onFrame: OnFrame,
  ): Promise<AgentSocket> {
    const url = new URL(`${path}?${new URLSearchParams(query)}`, this.#options.endpoint);
    const socket = await openSignedSocket(url, { ...this.#options, service, signal, onBinary: onFrame });
    socket.send(openChannelInput({ requestId: uuid(this.#options.random), ...opening }));
    return socket;
  }
}
