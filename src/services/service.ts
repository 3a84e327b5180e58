import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Principal } from './principal.ts';

export {
  anonymousPrincipal,
  type Credentials,
  type Identity,
  type Principal,
  type RootOrUser,
  rootPrincipal,
  type Session,
  type SessionPolicies,
} from './principal.ts';

/**
 * What a service's room offers to the gateway. A room is loaded on first use, so that start-up does not pay
 * for services nobody calls.
 */
export interface Service {
  /** The SigV4 signing name, e.g. `ecs`, `elasticloadbalancing`, `logs`. */
  readonly signingName: string;
  /** The SDK client package's module, which carries the operation schemas. */
  loadSdk(): Promise<object>;
  /** The operations by their wire name: every operation of the SDK's client has an entry. */
  loadOperations(): Promise<OperationTable>;
  /** WebSocket endpoints, by path. */
  readonly upgrades?: readonly SignedUpgrade[];
}

export type OperationTable = Readonly<Record<string, OperationEntry>>;

export type OperationEntry = SupportedOperation | RefusedOperation;

// biome-ignore lint/suspicious/noExplicitAny: the erased form; rooms build tables with `OperationsOf`, which types each entry by the SDK.
export interface SupportedOperation<Input = any, Output = any> {
  /** The operation. Input is what the SDK's `XCommandInput` says, parsed by schema; output its `XCommandOutput`. */
  run(input: Input, call: Call): Output | Promise<Output>;
  /** The IAM action, e.g. `ecs:RunTask`. */
  readonly action: string;
  /** The ARNs the action is on. `['*']` for actions without resource-level permissions. */
  resources(input: Input, call: Call): readonly string[];
  /**
   * The condition keys that the service supplies for this action on one of its resources, besides the global ones
   * (Service Authorization Reference): `ecs:cluster`, `aws:ResourceTag/…`, `aws:RequestTag/…`, `aws:TagKeys`.
   */
  conditions?(input: Input, call: Call, resource: string): ConditionKeys;
  /** What the same request asks for besides, each authorised by itself: `iam:PassRole`, `ecs:TagResource`. */
  alsoAsks?(input: Input, call: Call): readonly AskedAction[];
  /**
   * Absent: policies decide before it runs. `none`: whoever signs may (GetCallerIdentity). `own`: the operation decides
   * itself, for it must read more than the caller's policies (AssumeRole).
   */
  readonly permission?: 'none' | 'own';
  /** Callers prove who they are by what they send, not by a signature (AssumeRoleWithWebIdentity): they are anonymous. */
  readonly isUnsigned?: boolean;
}

/** Names in any case are one name; undefined is absent. A list is a multivalued key. */
export type ConditionKeys = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface AskedAction {
  readonly action: string;
  /** An ARN or `*`. */
  readonly resource: string;
  readonly conditions?: ConditionKeys;
}

/** Known by name, refused by name: what isn't built yet says so before anything changes. */
export interface RefusedOperation {
  readonly refused: string;
  /** As of operations that work: whoever calls it without a signature hears the refusal, too. */
  readonly isUnsigned?: boolean;
}

/** What a request itself tells, whatever service it is for. */
export interface RequestFacts {
  readonly sourceIp: string;
  readonly userAgent: string;
  /** The one that the request is signed for. */
  readonly region: string;
  readonly isSecure: boolean;
  /** Epoch milliseconds at which the gateway took the request; one request sees one time. */
  readonly now: number;
}

/** Everything a single request brings besides its input. */
export interface Call extends RequestFacts {
  readonly accountId: string;
  readonly principal: Principal;
  readonly requestId: string;
  /** Aborts when the client goes away or the server stops. */
  readonly signal: AbortSignal;
}

/** A path on which a connection becomes a WebSocket. */
export type Upgrade = SignedUpgrade | TokenUpgrade;

export interface SignedUpgrade {
  readonly isOpen?: false;
  /** May have labels, e.g. `/v1/control-channel/{id}`. */
  readonly path: string;
  /** Authorised like an operation, e.g. `ecs:Poll`. */
  readonly action: string;
  /** The ARNs that the action is on, by the request's query. Absent: `*`. */
  resources?(query: URLSearchParams, call: Call): readonly string[];
  /** See `SupportedOperation.conditions`. */
  conditions?(query: URLSearchParams, call: Call, resource: string): ConditionKeys;
  /** Called after the signature was verified and the action authorised; answers or destroys the socket itself. */
  readonly accept: Accept<Call>;
}

/** Whoever connects proves by its first frame, a token, what it may do: `accept` asks for it. */
export interface TokenUpgrade {
  readonly path: string;
  readonly isOpen: true;
  /** Its signal aborts when the client goes away or the server stops. */
  readonly accept: Accept<AbortSignal>;
}

/** Takes over a connection that wants to become a WebSocket. What it returns is awaited and means nothing. */
export type Accept<Caller> = (
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  caller: Caller,
  labels: UpgradeLabels,
) => unknown;

/** The values of a path's labels. */
export type UpgradeLabels = ReadonlyMap<string, string>;

/** Operations of an SDK aggregated client (`ECS`, `CloudWatchLogs`), by wire name, with their types. */
export type OperationsOf<Client> = {
  readonly [Method in Exclude<
    keyof Client & string,
    NotAnOperation
  > as Capitalize<Method>]: Client[Method] extends SdkMethod<infer Input, infer Output>
    ? SupportedOperation<Input, Omit<NonNullable<Output>, '$metadata'>> | RefusedOperation
    : never;
};

/** What an SDK client carries besides operations. */
type NotAnOperation =
  | 'config'
  | 'destroy'
  | 'initConfig'
  | 'middlewareStack'
  | 'send'
  | `paginate${string}`
  | `waitUntil${string}`;

/** An operation's callback form, which is the overload that inference sees. */
type SdkMethod<Input, Output> = (
  args: Input,
  options: never,
  callback: (error: never, data?: Output) => void,
) => void;
