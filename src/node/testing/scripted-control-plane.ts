import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import type { AcsPayload, AcsServerMessages, AcsTask } from '../../protocols/index.ts';
import { parseJson, Reader } from '../reading.ts';

const clusterArn = 'arn:aws:ecs:eu-west-1:123456789012:cluster/default';
const instanceArn = 'arn:aws:ecs:eu-west-1:123456789012:container-instance/default/0001';

/** A submitted task state change, as it came over the wire. */
export interface Submission {
  readonly task: string;
  readonly status: string;
  readonly reason: string | undefined;
  readonly containers: readonly SubmittedContainer[];
}

export interface SubmittedContainer {
  readonly name: string;
  readonly status: string | undefined;
  readonly exitCode: number | undefined;
  readonly reason: string | undefined;
  readonly runtimeId: string | undefined;
  readonly ports: readonly number[];
}

/**
 * The control plane's side of the agent protocol, for tests of the agent: real HTTP and WebSockets, and no mind of
 * its own beyond the duties of ACS 9.9: numbers go up, and what has not been acknowledged is sent again on connect.
 */
export class ScriptedControlPlane implements AsyncDisposable {
  readonly clusterArn = clusterArn;
  readonly instanceArn = instanceArn;
  readonly registrations: Reader[] = [];
  readonly submissions: Submission[] = [];
  /** What the agent has sent over ACS and TCS, as `Type` and message. */
  readonly received: { readonly type: string; readonly message: Reader }[] = [];
  /** Connections made, with their queries. */
  readonly connections: URL[] = [];
  /** By `group/stream`, the messages in order. */
  readonly logStreams = new Map<string, string[]>();
  readonly logGroups = new Set<string>(['/app']);
  /** Requests of these operations are answered with a ServerException. */
  readonly failing = new Set<string>();
  /** Requests signed with these keys come from the dead: they are cut off. */
  readonly deadKeys = new Set<string>();
  /** What was last asked of UpdateTaskProtection; its expiry is answered as counted from 1970 on. */
  protectedForMinutes: number | undefined;
  /** Tasks that are of no service. */
  readonly unprotectableTasks = new Set<string>();
  readonly refusedUpgrades: { status: number; body: string }[] = [];
  readonly #desired = new Map<string, AcsTask>();
  readonly #server: Server;
  readonly #sockets = new WebSocketServer({ noServer: true });
  readonly #acs = new Set<WebSocket>();
  #sequence = 0;

  private constructor() {
    this.#server = createServer((request, response) => void this.#answer(request, response));
    this.#server.on('upgrade', (request, socket, head) => {
      socket.on('error', () => {});
      const url = new URL(request.url ?? '/', 'http://control-plane');
      const refusal = this.#isDead(request) ? { status: 403, body: '{}' } : this.refusedUpgrades.shift();
      if (refusal) {
        socket.end(
          `HTTP/1.1 ${refusal.status} No\r\nconnection: close\r\ncontent-length: ${refusal.body.length}\r\n\r\n${refusal.body}`,
        );
        return;
      }
      this.#sockets.handleUpgrade(request, socket, head, (webSocket) => this.#connected(url, webSocket));
    });
  }

  static async start(): Promise<ScriptedControlPlane> {
    const plane = new ScriptedControlPlane();
    await new Promise<void>((resolve) => plane.#server.listen(0, '127.0.0.1', resolve));
    return plane;
  }

  get endpoint(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${isAddress(address) ? address.port : 0}`;
  }

  /** Wants these tasks so, and says so. */
  want(...tasks: readonly AcsTask[]): void {
    for (const task of tasks) this.#desired.set(task.arn, task);
    this.#sendPayload(tasks);
  }

  /** Sends any ACS message to all connected agents. */
  send<Type extends keyof AcsServerMessages & string>(type: Type, message: AcsServerMessages[Type]): void {
    this.sendRaw(JSON.stringify({ type, message }));
  }

  sendRaw(text: string): void {
    for (const socket of this.#acs) socket.send(text);
  }

  nextSequence(): number {
    this.#sequence += 1;
    return this.#sequence;
  }

  /** Cuts every connection, as a crash would. */
  disconnect(): void {
    for (const socket of this.#sockets.clients) socket.terminate();
  }

  /** Closes them in order. */
  closeLinks(code: number): void {
    for (const socket of this.#sockets.clients) socket.close(code);
  }

  /** The statuses that were submitted for a task, in order, repetitions left out. */
  statusesOf(taskArn: string): readonly string[] {
    const statuses = this.submissions.filter(({ task }) => task === taskArn).map(({ status }) => status);
    return statuses.filter((status, index) => status !== statuses[index - 1]);
  }

  lastSubmission(taskArn: string): Submission | undefined {
    return this.submissions.findLast(({ task }) => task === taskArn);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.disconnect();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #sendPayload(tasks: readonly AcsTask[]): void {
    const seqNum = this.nextSequence();
    const payload: AcsPayload = {
      messageId: `payload-${seqNum}`,
      clusterArn,
      containerInstanceArn: instanceArn,
      seqNum,
      generatedAt: 0,
      tasks,
    };
    this.send('PayloadMessage', payload);
  }

  #connected(url: URL, socket: WebSocket): void {
    this.connections.push(url);
    socket.on('message', (data) => {
      const frame = new Reader(parseJson(String(data)), 'frame');
      this.received.push({
        type: frame.string('type'),
        message: frame.object('message', (message) => message),
      });
    });
    if (!url.pathname.startsWith('/acs')) return;
    this.#acs.add(socket);
    socket.on('close', () => this.#acs.delete(socket));
    const due = [...this.#desired.values()].filter(
      (task) => this.lastSubmission(task.arn)?.status !== 'STOPPED',
    );
    if (due.length > 0) this.#sendPayload(due);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    if (this.#isDead(request)) {
      request.socket.destroy();
      return;
    }
    const [, operation = ''] = String(request.headers['x-amz-target']).split('.');
    try {
      if (this.failing.has(operation)) throw new ModelledError('ServerException', 500);
      respond(response, 200, this.#run(operation, new Reader(parseJson(body), operation)));
    } catch (error) {
      const refusal = error instanceof ModelledError ? error : new ModelledError(String(error), 500);
      respond(response, refusal.status, { __type: refusal.message, message: refusal.detail });
    }
  }

  #run(operation: string, input: Reader): object {
    switch (operation) {
      case 'RegisterContainerInstance':
        this.registrations.push(input);
        return {
          containerInstance: {
            containerInstanceArn: instanceArn,
            attributes: [...attributesOf(input), { name: 'ecs.availability-zone', value: 'eu-west-1a' }],
          },
        };
      case 'DiscoverPollEndpoint':
        return { endpoint: `${this.endpoint}/acs`, telemetryEndpoint: `${this.endpoint}/tcs/` };
      case 'SubmitTaskStateChange':
        this.submissions.push(readSubmission(input));
        return { acknowledgment: 'ok' };
      case 'ListTagsForResource':
        return { tags: [{ key: 'of', value: input.string('resourceArn') }] };
      case 'GetTaskProtection':
        return this.#protection(input);
      case 'UpdateTaskProtection': {
        const minutes = input.optionalNumber('expiresInMinutes') ?? 120;
        if (minutes > 2_880) throw new ModelledError('InvalidParameterException', 400, 'Too long.');
        this.protectedForMinutes = input.optionalBoolean('protectionEnabled') ? minutes : undefined;
        return this.#protection(input);
      }
      case 'CreateLogGroup':
        this.logGroups.add(input.string('logGroupName'));
        return {};
      case 'CreateLogStream': {
        const group = input.string('logGroupName');
        if (!this.logGroups.has(group))
          throw new ModelledError(
            'ResourceNotFoundException',
            400,
            'The specified log group does not exist.',
          );
        const stream = `${group}/${input.string('logStreamName')}`;
        if (this.logStreams.has(stream)) throw new ModelledError('ResourceAlreadyExistsException', 400);
        this.logStreams.set(stream, []);
        return {};
      }
      case 'PutLogEvents': {
        const stream = this.logStreams.get(
          `${input.string('logGroupName')}/${input.string('logStreamName')}`,
        );
        if (!stream) throw new ModelledError('ResourceNotFoundException', 400);
        stream.push(...input.list('logEvents', (event) => event.string('message')));
        return {};
      }
      default:
        throw new ModelledError('UnknownOperationException', 400);
    }
  }

  #protection(input: Reader): object {
    const [taskArn] = input.optionalStrings('tasks') ?? [];
    if (this.unprotectableTasks.has(taskArn ?? ''))
      return { protectedTasks: [], failures: [{ arn: taskArn, reason: 'TASK_NOT_VALID' }] };
    const minutes = this.protectedForMinutes;
    const expiry = minutes === undefined ? {} : { expirationDate: minutes * 60 };
    return {
      protectedTasks: [{ taskArn, protectionEnabled: minutes !== undefined, ...expiry }],
      failures: [],
    };
  }

  #isDead(request: IncomingMessage): boolean {
    const authorization = request.headers.authorization ?? '';
    return [...this.deadKeys].some((key) => authorization.includes(`Credential=${key}/`));
  }
}

class ModelledError extends Error {
  readonly status: number;
  readonly detail: string;
  constructor(type: string, status: number, detail = type) {
    super(type);
    this.status = status;
    this.detail = detail;
  }
}

function readSubmission(input: Reader): Submission {
  return {
    task: input.string('task'),
    status: input.string('status'),
    reason: input.optionalString('reason'),
    containers:
      input.optionalList('containers', (container) => ({
        name: container.string('containerName'),
        status: container.optionalString('status'),
        exitCode: container.optionalNumber('exitCode'),
        reason: container.optionalString('reason'),
        runtimeId: container.optionalString('runtimeId'),
        ports: container.optionalList('networkBindings', (binding) => binding.number('hostPort')) ?? [],
      })) ?? [],
  };
}

const attributesOf = (input: Reader): readonly object[] =>
  input.optionalList('attributes', (attribute) => ({
    name: attribute.string('name'),
    value: attribute.raw('value'),
  })) ?? [];

function respond(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
  response.end(JSON.stringify(body));
}

const isAddress = (address: unknown): address is AddressInfo =>
  typeof address === 'object' && address !== null;
