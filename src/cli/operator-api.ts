import type { Clock } from '../clock/index.ts';
import type { ServerFile } from '../installation/index.ts';
import { type AskedPlace, placeQuery } from './asked-place.ts';
import type {
  InvitationResponse,
  JoinRequest,
  JoinResponse,
  MachineDescription,
  MachinesResponse,
} from './machine-api.ts';
import type {
  Enforcement,
  ExplainPacketRequest,
  ExplainPacketResponse,
  NetworkResponse,
  ResolvedName,
} from './network-api.ts';
import { type CallCredentials, signedCall } from './signed-call.ts';
import { CommandError } from './terminal.ts';

/**
 * The operator API: what a person asks of the installation itself rather than of an AWS service. JSON over
 * HTTP, signed with the root key for the service `catamaran`.
 *
 *   GET    /_catamaran/status            -> StatusResponse
 *   GET    /_catamaran/instances         -> ListInstancesResponse   (?cluster=NAME)
 *   POST   /_catamaran/instances         -> InstanceDescription     AddInstanceRequest
 *   DELETE /_catamaran/instances/<id>    -> InstanceDescription     (?force=true stops its tasks first)
 *   GET    /_catamaran/events            -> EventsResponse          (?after=PLACE&limit=COUNT&waitMs=MS)
 *   GET    /_catamaran/balancer-logs     -> BalancerLogsResponse    (?name=NAME&after=PLACE&limit=COUNT&waitMs=MS)
 *   GET    /_catamaran/accounts          -> AccountsResponse
 *   POST   /_catamaran/accounts          -> NewAccountResponse      NewAccountRequest
 *   POST   /_catamaran/sessions          -> SignInResponse          SignInRequest
 *   POST   /_catamaran/explanations      -> ExplainResponse         ExplainRequest
 *   GET    /_catamaran/machines          -> MachinesResponse
 *   POST   /_catamaran/machines          -> JoinResponse            JoinRequest, signed with an invitation
 *   DELETE /_catamaran/machines/<id>     -> MachineDescription      (also signed by the machine itself)
 *   POST   /_catamaran/invitations       -> InvitationResponse
 *   POST   /_catamaran/shutdown          -> ShutdownResponse
 *
 * Errors are an `OperatorError` with a status of 400 and above.
 */
export const operatorPaths = {
  status: '/_catamaran/status',
  instances: '/_catamaran/instances',
  events: '/_catamaran/events',
  balancerLogs: '/_catamaran/balancer-logs',
  spotInterruptions: '/_catamaran/spot-interruptions',
  accounts: '/_catamaran/accounts',
  sessions: '/_catamaran/sessions',
  explanations: '/_catamaran/explanations',
  network: '/_catamaran/network',
  packetExplanations: '/_catamaran/network/explanations',
  resolvedNames: '/_catamaran/network/names',
  machines: '/_catamaran/machines',
  invitations: '/_catamaran/invitations',
  shutdown: '/_catamaran/shutdown',
} as const;

export interface StatusResponse {
  readonly pid: number;
  readonly version: string;
  readonly endpoint: string;
  readonly region: string;
  readonly accountId: string;
  /** The state directory. */
  readonly state: string;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly engine: {
    readonly name: string;
    readonly version: string;
    readonly address: string;
    readonly isConnected: boolean;
    /** Why it is not connected, and what to do about it. */
    readonly problem?: string;
    /** What this Engine on this machine can't do, each with what to do about it. */
    readonly limits: readonly string[];
  };
  /** What separates Fargate tasks from the machine. */
  readonly fargate: {
    /** As the operator asked for it. */
    readonly asked: 'auto' | 'gvisor' | 'runc';
    /** What is in force; `none`: gVisor was asked for and can't be had, so Fargate tasks fail to start. */
    readonly isolation: 'gvisor' | 'runc' | 'none';
    readonly why: string;
    /** What becomes of the ephemeral storage that tasks ask for. */
    readonly storage: string;
    /** Why the machine takes no Fargate tasks. */
    readonly problem?: string;
  };
  readonly memoryBytes: number;
  /** All machines of the installation; none while there is one alone. */
  readonly machines: readonly MachineDescription[];
  readonly network: Enforcement & {
    /** What carries the load balancers of the machine, or why nothing does. */
    readonly loadBalancers: string;
    /** Of the first account, in the installation's region; absent when it was deleted. */
    readonly defaultVpc?: {
      readonly vpcId: string;
      readonly cidr: string;
      readonly securityGroupId: string;
      readonly subnets: readonly {
        readonly subnetId: string;
        readonly cidr: string;
        readonly availabilityZone: string;
      }[];
    };
  };
  readonly counts: {
    readonly clusters: number;
    readonly services: number;
    readonly containerInstances: number;
    /** Tasks by `lastStatus`. */
    readonly tasks: Readonly<Record<string, number>>;
  };
  /** Of Kubernetes clusters, with what they hold of the machines: CPU units and MiB. */
  readonly nodes: { readonly count: number; readonly cpu: number; readonly memory: number };
}

export interface InterruptSpotRequest {
  /** Id or ARN of a task on Fargate Spot; left out: all of them. */
  readonly task?: string;
}

export interface InterruptSpotResponse {
  readonly taskArns: readonly string[];
}

export interface AddInstanceRequest {
  /** Default `default`; made when it does not exist. */
  readonly cluster?: string;
  /** A name of its own for people; default: made up. */
  readonly name?: string;
  /** E.g. `us-east-1b`; default: the region's first. */
  readonly availabilityZone?: string;
  /** Of the cluster, for an Auto Scaling group: its tasks go to such instances only. */
  readonly capacityProvider?: string;
  /** CPU units (1024 is one core); default: half of what the machine's own instance has free. */
  readonly cpu?: number;
  /** MiB; default: half of what the machine's own instance has free. */
  readonly memory?: number;
}

export interface InstanceDescription {
  /** The operator's handle, stable over restarts. */
  readonly id: string;
  readonly name: string;
  readonly cluster: string;
  readonly availabilityZone: string;
  /** Absent until the agent has registered. */
  readonly containerInstanceArn?: string;
  readonly status: string;
  readonly agentConnected: boolean;
  readonly cpu: number;
  readonly memory: number;
  readonly runningTasksCount: number;
}

/** A node of a Kubernetes cluster: what it holds of a machine, the container instances there don't have. */
export interface NodeDescription {
  /** `i-…`, as EC2 shows it. */
  readonly id: string;
  /** As the cluster calls it; absent until EC2 has launched it. */
  readonly name?: string;
  readonly cluster: string;
  /** Absent, as the type: a pod on Fargate has it for itself. */
  readonly nodegroup?: string;
  readonly instanceType?: string;
  readonly availabilityZone?: string;
  /** The name of the machine that it is on; absent: it is on the control plane's. */
  readonly machine?: string;
  readonly status: string;
  /** Why there is no room for it. */
  readonly problem?: string;
  /** CPU units. */
  readonly cpu: number;
  /** MiB. */
  readonly memory: number;
}

export interface ListInstancesResponse {
  readonly instances: readonly InstanceDescription[];
  readonly nodes: readonly NodeDescription[];
}

/** An event as EventBridge hands it on. */
export interface EventDescription {
  readonly 'detail-type': string;
  readonly source: string;
  /** ISO 8601. */
  readonly time: string;
  readonly resources: readonly string[];
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface EventsResponse {
  /** Oldest first. */
  readonly events: readonly EventDescription[];
  /** Where to go on, as the next `after`. */
  readonly next: number;
}

export interface BalancerLogsResponse {
  /** In AWS's format, oldest first. */
  readonly lines: readonly string[];
  /** Where to go on, as the next `after`. */
  readonly next: number;
}

export interface AccountDescription {
  readonly accountId: string;
  /** The first one, which came with the installation, has none. */
  readonly accountName?: string;
}

export interface AccountsResponse {
  readonly accounts: readonly AccountDescription[];
}

export interface NewAccountRequest {
  readonly name: string;
}

/** With its root user's key, which is shown this once. */
export interface NewAccountResponse extends AccountDescription {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface SignInRequest {
  /** `root`, the name of a user or a role, `user/…`, `role/…` or an ARN. */
  readonly principal: string;
  /** Name or id; default: the first one. */
  readonly account?: string;
  /** Default: 12 hours, or as long as a session of the principal can last. */
  readonly durationSeconds?: number;
}

export interface SignInResponse {
  readonly arn: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

export interface ExplainRequest {
  /** As in `SignInRequest`. */
  readonly principal: string;
  readonly account?: string;
  readonly action: string;
  readonly resource: string;
  /** Condition keys that the request would bring. */
  readonly context: Readonly<Record<string, readonly string[]>>;
}

export interface ExplainResponse {
  readonly principal: string;
  readonly decision: 'allowed' | 'explicitDeny' | 'implicitDeny';
  /** Of a denial, as it ends AWS's message, and of what no policy decides. */
  readonly reason?: string;
  /** Every statement that is about the action. */
  readonly statements: readonly {
    readonly policyType: string;
    readonly policy: string;
    /** Whose inline policy it is, where the user has it by a group. */
    readonly group?: string;
    readonly number: number;
    readonly effect: 'Allow' | 'Deny';
    readonly verdict: 'applies' | 'another resource' | 'its conditions do not hold';
    readonly sid?: string;
  }[];
  /** Condition keys that these statements ask for and that were not given. */
  readonly missingKeys: readonly string[];
}

/** Sent before the process ends. */
export interface ShutdownResponse {
  readonly pid: number;
}

export interface OperatorError {
  readonly message: string;
}

/** A client of one running server. */
export class OperatorClient {
  readonly #server: Pick<ServerFile, 'endpoint'>;
  readonly #credentials: CallCredentials;
  readonly #clock: Clock;

  constructor(server: Pick<ServerFile, 'endpoint'>, credentials: CallCredentials, clock: Clock) {
    this.#server = server;
    this.#credentials = credentials;
    this.#clock = clock;
  }

  status(signal: AbortSignal): Promise<StatusResponse> {
    return this.#call<StatusResponse>('GET', operatorPaths.status, ['pid', 'counts'], { signal });
  }

  listInstances(cluster: string | undefined, signal: AbortSignal): Promise<ListInstancesResponse> {
    const query = cluster === undefined ? {} : { cluster };
    return this.#call<ListInstancesResponse>('GET', operatorPaths.instances, ['instances', 'nodes'], {
      query,
      signal,
    });
  }

  addInstance(input: AddInstanceRequest, signal: AbortSignal): Promise<InstanceDescription> {
    return this.#call<InstanceDescription>('POST', operatorPaths.instances, ['id'], { input, signal });
  }

  /** Refused while tasks run on it, unless `force` stops them first. */
  removeInstance(
    id: string,
    { force, signal }: { readonly force: boolean; readonly signal: AbortSignal },
  ): Promise<InstanceDescription> {
    const path = `${operatorPaths.instances}/${encodeURIComponent(id)}`;
    const query = force ? { force: 'true' } : {};
    return this.#call<InstanceDescription>('DELETE', path, ['id'], { query, signal });
  }

  events(place: AskedPlace, signal: AbortSignal): Promise<EventsResponse> {
    const query = placeQuery(place);
    return this.#call<EventsResponse>('GET', operatorPaths.events, ['events', 'next'], { query, signal });
  }

  /** @param name Or ARN. */
  balancerLogs(name: string, place: AskedPlace, signal: AbortSignal): Promise<BalancerLogsResponse> {
    const query = { name, ...placeQuery(place) };
    return this.#call<BalancerLogsResponse>('GET', operatorPaths.balancerLogs, ['lines', 'next'], {
      query,
      signal,
    });
  }

  interruptSpot(input: InterruptSpotRequest, signal: AbortSignal): Promise<InterruptSpotResponse> {
    return this.#call<InterruptSpotResponse>('POST', operatorPaths.spotInterruptions, ['taskArns'], {
      input,
      signal,
    });
  }

  network(signal: AbortSignal): Promise<NetworkResponse> {
    return this.#call<NetworkResponse>('GET', operatorPaths.network, ['vpcs'], { signal });
  }

  explainPacket(input: ExplainPacketRequest, signal: AbortSignal): Promise<ExplainPacketResponse> {
    return this.#call<ExplainPacketResponse>('POST', operatorPaths.packetExplanations, ['passes'], {
      input,
      signal,
    });
  }

  /** Without `vpcId`: in the default VPC. */
  resolveName(
    { name, vpcId }: { readonly name: string; readonly vpcId?: string },
    signal: AbortSignal,
  ): Promise<ResolvedName> {
    const query = { name, ...(vpcId !== undefined && { vpcId }) };
    return this.#call<ResolvedName>('GET', operatorPaths.resolvedNames, ['addresses'], { query, signal });
  }

  listAccounts(signal: AbortSignal): Promise<AccountsResponse> {
    return this.#call<AccountsResponse>('GET', operatorPaths.accounts, ['accounts'], { signal });
  }

  createAccount(input: NewAccountRequest, signal: AbortSignal): Promise<NewAccountResponse> {
    return this.#call<NewAccountResponse>('POST', operatorPaths.accounts, ['accountId'], { input, signal });
  }

  signIn(input: SignInRequest, signal: AbortSignal): Promise<SignInResponse> {
    return this.#call<SignInResponse>('POST', operatorPaths.sessions, ['sessionToken'], { input, signal });
  }

  explain(input: ExplainRequest, signal: AbortSignal): Promise<ExplainResponse> {
    return this.#call<ExplainResponse>('POST', operatorPaths.explanations, ['decision'], { input, signal });
  }

  listMachines(signal: AbortSignal): Promise<MachinesResponse> {
    return this.#call<MachinesResponse>('GET', operatorPaths.machines, ['machines'], { signal });
  }

  inviteMachine(signal: AbortSignal): Promise<InvitationResponse> {
    return this.#call<InvitationResponse>('POST', operatorPaths.invitations, ['token'], {
      input: {},
      signal,
    });
  }

  join(input: JoinRequest, signal: AbortSignal): Promise<JoinResponse> {
    return this.#call<JoinResponse>('POST', operatorPaths.machines, ['machineId'], { input, signal });
  }

  /** A machine that asks for itself is removed whatever `id` says. */
  removeMachine(id: string, signal: AbortSignal): Promise<MachineDescription> {
    const path = `${operatorPaths.machines}/${encodeURIComponent(id)}`;
    return this.#call<MachineDescription>('DELETE', path, ['id'], { signal });
  }

  shutdown(signal: AbortSignal): Promise<ShutdownResponse> {
    return this.#call<ShutdownResponse>('POST', operatorPaths.shutdown, ['pid'], { input: {}, signal });
  }

  /** Calls, and takes the answer for what it should be when it has `members`. */
  async #call<Response extends object>(
    method: string,
    path: string,
    members: readonly (keyof Response & string)[],
    options: {
      readonly input?: object;
      readonly query?: Readonly<Record<string, string>>;
      readonly signal: AbortSignal;
    },
  ): Promise<Response> {
    const { input, query = {}, signal } = options;
    const body = input === undefined ? '' : JSON.stringify(input);
    const url = new URL(path, this.#server.endpoint);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const { status, text } = await signedCall(
      { method, url, body },
      { credentials: this.#credentials, clock: this.#clock, signal },
    );
    const answer = parse(text);
    const isAnswer = (value: object | undefined): value is Response =>
      value !== undefined && members.every((member) => member in value);
    if (status >= 200 && status < 300 && isAnswer(answer)) return answer;
    const message = answer !== undefined && 'message' in answer ? String(answer.message) : text.slice(0, 500);
    // What the operator asked for wrongly is told as it stands; anything else with where it came from.
    throw new CommandError(
      status < 500 ? message : `${method} ${path} failed with status ${status}: ${message}`,
    );
  }
}

function parse(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
