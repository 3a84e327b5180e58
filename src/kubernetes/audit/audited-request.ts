import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../clock/index.ts';
import type { Json } from '../../store/index.ts';
import type { User } from '../authentication/user.ts';
import type { Attributes } from '../authorization/rbac.ts';
import { isJsonObject, type JsonObject, memberOf, textOf } from '../objects/object.ts';
import { type AuditLevel, auditLevelOf } from './policy.ts';

type Stage = 'ResponseComplete' | 'ResponseStarted';

/** Who hears what was audited. @param event An `Event` of `audit.k8s.io/v1`. */
export type AuditSink = (event: JsonObject) => void;

interface AuditOptions {
  readonly id: string;
  readonly clock: Clock;
  readonly sink: AuditSink;
  /** Reads a body. */
  readonly parse: (bytes: Buffer, contentType: string | undefined) => Promise<JsonObject>;
}

/** An event that says more than this says less: CloudWatch Logs takes a quarter of a MiB at once. */
const maxEventBytes = 256 * 1024 - 26;

/** What is known of a request while it is answered; told when the answer is over. */
export class AuditedRequest {
  readonly #id: string;
  readonly #clock: Clock;
  readonly #sink: AuditSink;
  readonly #parse: AuditOptions['parse'];
  readonly #received: number;
  readonly #request: IncomingMessage;
  readonly #annotations: Record<string, string> = {};
  #user: User | undefined;
  #actsAs: User | undefined;
  #asked: { readonly attributes: Attributes; readonly apiVersion: string } | undefined;
  #bytes: Buffer | undefined;
  #answer: Json | undefined;

  constructor({ id, clock, sink, parse }: AuditOptions, request: IncomingMessage) {
    this.#id = id;
    this.#clock = clock;
    this.#sink = sink;
    this.#parse = parse;
    this.#received = clock.now();
    this.#request = request;
  }

  /** @param actsAs In whose name; the same user where it is his own. */
  isOf(user: User, actsAs: User): void {
    this.#user = user;
    this.#actsAs = actsAs;
  }

  /** @param why What allows it, as RBAC tells it; undefined: nothing. */
  asks(attributes: Attributes, apiVersion: string, why: string | undefined): void {
    this.#asked = { attributes, apiVersion };
    this.annotate('authorization.k8s.io/decision', why === undefined ? 'forbid' : 'allow');
    this.annotate('authorization.k8s.io/reason', why ?? '');
  }

  annotate(key: string, value: string): void {
    this.#annotations[key] = value;
  }

  sends(bytes: Buffer): void {
    this.#bytes = bytes;
  }

  isAnswered(body: Json): void {
    this.#answer = body;
  }

  /** An answer that goes on has begun. */
  starts(code: number): void {
    this.#tell('ResponseStarted', code);
  }

  ends(code: number): void {
    this.#tell('ResponseComplete', code);
  }

  #tell(stage: Stage, code: number): void {
    void this.#event(stage, code).then((event) => event && this.#sink(event));
  }

  /** Undefined: it is none that is told of. */
  async #event(stage: Stage, code: number): Promise<JsonObject | undefined> {
    const [user, asked] = [this.#user, this.#asked];
    const actsAs = this.#actsAs ?? user;
    const isRefused = user === undefined || actsAs === undefined || asked === undefined;
    const level: AuditLevel = isRefused ? 'Metadata' : auditLevelOf(actsAs, asked.attributes);
    if (level === 'None') return undefined;
    const hasRequest = level !== 'Metadata' && stage === 'ResponseComplete';
    const requestObject = hasRequest ? await this.#requestObject() : undefined;
    const event = this.#metadata(level, stage, code, requestObject);
    const whole: JsonObject = {
      ...event,
      ...(requestObject !== undefined && { requestObject }),
      ...(level === 'RequestResponse' &&
        hasRequest &&
        this.#answer !== undefined && { responseObject: this.#answer }),
    };
    return JSON.stringify(whole).length <= maxEventBytes ? whole : { ...event, level: 'Metadata' };
  }

  #metadata(level: AuditLevel, stage: Stage, code: number, requestObject: Json | undefined): JsonObject {
    const { method = 'GET', url = '/', headers, socket } = this.#request;
    const [user, actsAs] = [this.#user, this.#actsAs];
    const { attributes, apiVersion } = this.#asked ?? {};
    return {
      ...{ kind: 'Event', apiVersion: 'audit.k8s.io/v1', level, auditID: this.#id, stage },
      ...{ requestURI: url, verb: attributes?.verb ?? method.toLowerCase() },
      user: userInfo(user),
      ...(actsAs !== user && { impersonatedUser: userInfo(actsAs) }),
      sourceIPs: [socket.remoteAddress ?? ''],
      ...(headers['user-agent'] !== undefined && { userAgent: headers['user-agent'] }),
      ...(attributes?.isResource === true && {
        objectRef: objectRef(attributes, apiVersion ?? '', requestObject),
      }),
      responseStatus: { metadata: {}, ...statusOf(this.#answer), code },
      requestReceivedTimestamp: microTime(this.#received),
      stageTimestamp: microTime(this.#clock.now()),
      annotations: this.#annotations,
    };
  }

  async #requestObject(): Promise<Json | undefined> {
    if (this.#bytes === undefined || this.#bytes.length === 0) return undefined;
    const type = this.#request.headers['content-type'] ?? '';
    try {
      // Patches are JSON, whatever they are called; one that is a list is none of the API's objects.
      if (/^application\/[a-z-]*patch\+json/.test(type)) return JSON.parse(this.#bytes.toString()) as Json;
      return await this.#parse(this.#bytes, type.includes('apply-patch') ? 'application/yaml' : type);
    } catch {
      // It was refused for that.
      return undefined;
    }
  }
}

function userInfo(user: User | undefined): JsonObject {
  if (user === undefined) return {};
  const { username, uid, groups, extra } = user;
  return {
    username,
    ...(uid !== undefined && { uid }),
    ...(groups.length > 0 && { groups: [...groups] }),
    ...(extra !== undefined && { extra: extra as JsonObject }),
  };
}

/** What a request says of its object goes with what its path says. */
function objectRef(
  attributes: Attributes & { readonly isResource: true },
  apiVersion: string,
  requestObject: Json | undefined,
): JsonObject {
  const metadata = memberOf(isJsonObject(requestObject) ? requestObject : {}, 'metadata');
  const { resource, namespace, group, subresource } = attributes;
  const name = attributes.name || textOf(metadata, 'name');
  const texts = {
    ...{ resource, namespace, name, uid: textOf(metadata, 'uid') },
    ...{ apiGroup: group, apiVersion, resourceVersion: textOf(metadata, 'resourceVersion'), subresource },
  };
  return Object.fromEntries(Object.entries(texts).filter(([, value]) => value !== ''));
}

/** Of an answer that is a `Status`. */
function statusOf(answer: Json | undefined): JsonObject {
  if (!isJsonObject(answer) || answer.kind !== 'Status') return {};
  const { status, message, reason, details } = answer;
  return Object.fromEntries(
    Object.entries({ status, message, reason, details }).filter(([, value]) => value !== undefined),
  ) as JsonObject;
}

const microTime = (ms: number): string => new Date(ms).toISOString().replace('Z', '000Z');

const audited = new WeakMap<IncomingMessage, AuditedRequest>();

/** Undefined: nobody wants to know. */
export const auditOf = (request: IncomingMessage): AuditedRequest | undefined => audited.get(request);

/** Follows a request until its answer is over, and tells of it then. */
export function audit(options: AuditOptions, request: IncomingMessage, response: ServerResponse): void {
  const one = new AuditedRequest(options, request);
  audited.set(request, one);
  response.once('close', () => one.ends(response.statusCode));
}
