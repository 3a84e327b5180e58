import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Tag } from '@aws-sdk/client-ecs';
import type { Clock } from '../../clock/index.ts';
import type { Log } from '../../log.ts';
import type { Runtime } from '../../runtime/index.ts';
import { ContainerServer } from '../container-server.ts';
import { given } from '../reading.ts';
import type { PlannedContainer } from '../tasks/plan.ts';
import type { RoleCredentials } from '../tasks/role-credentials.ts';
import type { TaskOwner } from '../tasks/task-owner.ts';
import type { Answer } from './answer.ts';
import { type Asker, askerOf, comesFrom, comesFromNow } from './asker.ts';
import { ContainerStatistics } from './container-stats.ts';
import { credentialsAnswer } from './credentials-answer.ts';
import type { LinkLocalAnswerer } from './link-local.ts';
import { RateLimit } from './rate-limit.ts';
import { containerDocument, type InstanceFacts, taskDocument } from './task-document.ts';
import { type TaskProtectionApi, taskProtectionAnswer } from './task-protection.ts';

/**
 * What containers may ask of the agent over HTTP: their metadata (`/v4/<id>`, `/v3/<id>`), their role's
 * credentials, and by `/api/<id>` the agent API. The random id in the path is what entitles a container; it is
 * known to that container alone. Credentials are given to the task's own containers only, whoever knows the id.
 */
export class MetadataEndpoint implements LinkLocalAnswerer, AsyncDisposable {
  readonly #options: MetadataEndpointOptions;
  readonly #limit: RateLimit;
  readonly #statistics: ContainerStatistics;
  readonly #byId = new Map<string, { owner: TaskOwner; container: PlannedContainer }>();
  readonly #server: ContainerServer;

  constructor(options: MetadataEndpointOptions) {
    this.#options = options;
    this.#limit = new RateLimit(options.requestsPerSecond, options.burst, options.clock);
    this.#statistics = new ContainerStatistics(options.runtime, options.clock);
    this.#server = new ContainerServer((request, response) => this.answer(request, response));
  }

  /** @returns the port. @throws when the address can't be listened on. */
  async listen(host: string, port: number): Promise<number> {
    try {
      return (await this.#server.listen({ host, port })) ?? port;
    } catch (error) {
      throw new Error(
        `The task metadata endpoint cannot listen on ${host}:${port}: choose an address that this machine has and a port that is free`,
        { cause: error },
      );
    }
  }

  add(owner: TaskOwner): void {
    for (const container of owner.plan.containers) {
      const id = owner.progress.containers[container.name]?.metadataId;
      if (id !== undefined) this.#byId.set(id, { owner, container });
    }
  }

  remove(owner: TaskOwner): void {
    for (const { metadataId } of Object.values(owner.progress.containers)) {
      this.#byId.delete(metadataId);
      this.#limit.forget(metadataId);
    }
    const { credentialsId } = owner.task.roleCredentials ?? {};
    if (credentialsId !== undefined) this.#limit.forget(`credentials ${credentialsId}`);
    this.#statistics.forget(owner);
  }

  knows(url: string): boolean {
    const asked = askedOf(url);
    return asked !== undefined && (this.#byId.has(asked.id) || this.#ownerOfCredentials(asked) !== undefined);
  }

  answer(request: IncomingMessage, response: ServerResponse, interfaceId?: string): void {
    void this.#serve(request, response, interfaceId);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }

  async #serve(
    request: IncomingMessage,
    response: ServerResponse,
    interfaceId: string | undefined,
  ): Promise<void> {
    const asked = askedOf(request.url ?? '/');
    let answer: Answer;
    try {
      if (asked) answer = await this.#answer(request, asked, interfaceId);
      else answer = { status: 400, body: 'Bad request' };
    } catch (error) {
      // The rest of the path is the container's secret.
      this.#options.log.error('Metadata request failed', { version: asked?.version, error });
      answer = { status: 500, body: 'Internal server error' };
    }
    const text = JSON.stringify(answer.body);
    response.writeHead(answer.status, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
    });
    response.end(text);
  }

  async #answer(request: IncomingMessage, asked: Asked, interfaceId: string | undefined): Promise<Answer> {
    const { method = 'GET' } = request;
    const { version, id, rest } = asked;
    if (asked.isForCredentials) return this.#credentials(asked, askerOf(request.socket, interfaceId));
    const known = this.#byId.get(id);
    if (!this.#limit.allows(known ? id : '')) return { status: 429, body: 'Too many requests' };
    if (!known || !['v3', 'v4', 'api'].includes(version)) {
      return {
        status: 404,
        body: `Unable to find ${version === 'api' ? 'agent API' : 'metadata'} for '${id}'`,
      };
    }
    if (version === 'api') return this.#agentApi(known.owner, request, rest.join('/'));
    if (method !== 'GET') return { status: 405, body: `Method ${method} is not allowed` };
    return this.#metadata(known.owner, known.container, rest.join('/'));
  }

  async #agentApi(owner: TaskOwner, request: IncomingMessage, path: string): Promise<Answer> {
    if (path !== 'task-protection/v1/state') return unsupportedAgentApi(owner);
    const body = await readBody(request);
    if (body === undefined) return { status: 413, body: `A request has at most ${maxBodyBytes} bytes` };
    const task = { clusterArn: owner.task.taskClusterArn, taskArn: owner.taskArn };
    return taskProtectionAnswer(this.#options.taskProtection, task, {
      method: request.method ?? 'GET',
      body,
    });
  }

  async #metadata(owner: TaskOwner, container: PlannedContainer, path: string): Promise<Answer> {
    switch (path) {
      case '':
        return { status: 200, body: containerDocument(owner, container) };
      case 'task':
        return { status: 200, body: await this.#taskDocument(owner) };
      case 'taskWithTags':
        return {
          status: 200,
          body: { ...(await this.#taskDocument(owner)), ...(await this.#tagsOf(owner)) },
        };
      case 'stats': {
        const stats = await this.#statistics.of(owner, container);
        return stats
          ? { status: 200, body: stats }
          : { status: 404, body: `No stats: container '${container.name}' is not running` };
      }
      case 'task/stats':
        return { status: 200, body: await this.#statistics.ofTask(owner) };
      default:
        return { status: 404, body: `Unable to handle request: no such metadata path '${path}'` };
    }
  }

  async #taskDocument(owner: TaskOwner): Promise<object> {
    const { instance, runtime } = this.#options;
    const { ephemeralStorage } = owner.task;
    const { disk } = owner.plan.sandbox;
    const space = ephemeralStorage && disk && (await runtime.diskSpace(disk.name));
    return taskDocument(owner, instance(), space);
  }

  /** Another's id is answered as one that nobody has, and strangers share their number of requests. */
  async #credentials(asked: Asked, asker: Asker): Promise<Answer> {
    const owner = this.#ownerOfCredentials(asked);
    const isOwn = owner !== undefined && comesFrom(owner, asker);
    if (!this.#limit.allows(isOwn === true ? `credentials ${asked.id}` : 'credentials')) {
      return { status: 429, body: 'Too many requests' };
    }
    const isGranted =
      isOwn === true ||
      (isOwn === 'unknown' &&
        owner !== undefined &&
        (await comesFromNow(owner, asker, this.#options.runtime)));
    return credentialsAnswer(asked.id, isGranted, this.#options.credentials);
  }

  /** Task roles only: execution roles are never for containers. */
  #ownerOfCredentials({ id, isForCredentials }: Asked): TaskOwner | undefined {
    if (!isForCredentials || id === '') return undefined;
    for (const { owner } of this.#byId.values()) {
      if (owner.task.roleCredentials?.credentialsId === id) return owner;
    }
    return undefined;
  }

  /** Tags that can't be read are named under `Errors`, beside those that can. */
  async #tagsOf(owner: TaskOwner): Promise<object> {
    const { containerInstanceArn, listTags } = this.#options;
    const errors: object[] = [];
    const read = async (
      field: string,
      arn: string | undefined,
    ): Promise<Record<string, string> | undefined> => {
      if (arn === undefined) return undefined;
      try {
        const tags = await listTags(arn);
        return Object.fromEntries(tags.map(({ key = '', value = '' }) => [key, value]));
      } catch (error) {
        errors.push(tagError(field, arn, error));
        return undefined;
      }
    };
    const [TaskTags, ContainerInstanceTags] = await Promise.all([
      read('TaskTags', owner.taskArn),
      read('ContainerInstanceTags', containerInstanceArn()),
    ]);
    return given({ TaskTags, ContainerInstanceTags, Errors: errors.length > 0 ? errors : undefined });
  }
}

/** A request's path, taken apart. */
interface Asked {
  readonly version: string;
  readonly isForCredentials: boolean;
  /** The secret in it. */
  readonly id: string;
  readonly rest: readonly string[];
}

/** `/v4/<id>/…`, `/v2/credentials/<id>`, `/v1/credentials?id=<id>`. Undefined: not a path. */
function askedOf(text: string): Asked | undefined {
  const url = URL.parse(text, 'http://agent');
  if (url === null) return undefined;
  const [, version = '', id = '', ...rest] = url.pathname.replace(/\/+$/, '').split('/');
  const isForCredentials = (version === 'v1' || version === 'v2') && id === 'credentials';
  if (!isForCredentials) return { version, isForCredentials, id, rest };
  const secret = version === 'v1' ? url.searchParams.get('id') : rest[0];
  return { version, isForCredentials, id: secret ?? '', rest };
}

function tagError(ErrorField: string, ResourceARN: string, error: unknown): object {
  const fields: Record<string, unknown> = error instanceof Error ? { ...error } : {};
  const metadata =
    typeof fields.$metadata === 'object' && fields.$metadata !== null ? { ...fields.$metadata } : {};
  return given({
    ErrorField,
    ErrorCode: error instanceof Error ? error.name : 'InternalServerError',
    ErrorMessage: error instanceof Error ? error.message : String(error),
    StatusCode: 'httpStatusCode' in metadata ? metadata.httpStatusCode : undefined,
    RequestId: 'requestId' in metadata ? metadata.requestId : undefined,
    ResourceARN,
  });
}

const maxBodyBytes = 4_096;

/** Undefined when it is too long to be meant. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    const part = Buffer.from(chunk);
    bytes += part.length;
    if (bytes > maxBodyBytes) return undefined;
    chunks.push(part);
  }
  return Buffer.concat(chunks).toString();
}

/** Fault injection needs what this agent does not offer; it says so in the agent API's own form. */
function unsupportedAgentApi(owner: TaskOwner): Answer {
  return {
    status: 400,
    body: {
      error: {
        Arn: owner.taskArn,
        Code: 'UnsupportedFeatureException',
        Message: 'The agent API is not supported by this container instance',
      },
    },
  };
}

export interface MetadataEndpointOptions {
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly log: Log;
  readonly credentials: RoleCredentials;
  readonly requestsPerSecond: number;
  readonly burst: number;
  instance(): InstanceFacts;
  containerInstanceArn(): string | undefined;
  listTags(resourceArn: string): Promise<readonly Tag[]>;
  readonly taskProtection: TaskProtectionApi;
}
