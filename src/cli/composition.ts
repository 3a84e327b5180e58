import type { Clock, Random } from '../clock/index.ts';
import type { RootCredentials, ServerFile } from '../installation/index.ts';

/**
 * What the commands need of the rest of the house, handed in by `main.ts`. Commands that talk to a running
 * server do so over its API; what is here is only what has to happen in this process.
 */
export interface Composition {
  readonly version: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly engine: EngineDoor;
  /**
   * Starts a server in this process and resolves when it answers requests, with `server.json` and
   * `credentials.json` written.
   * @throws {CommandError} with what to do: the port is taken, the state directory is in use, no Engine.
   */
  startServer(options: ServerOptions): Promise<RunningServer>;
  /**
   * Starts a machine that has joined an installation elsewhere, and resolves when its agents have begun.
   * @throws {CommandError} with what to do.
   */
  startJoined(options: JoinedOptions): Promise<RunningMachine>;
  /**
   * The address of this machine from which it reaches a control plane, e.g. `192.0.2.2`.
   * @throws what keeps it from being reached.
   */
  ownAddress(endpoint: string): Promise<string>;
  /** Begins to load what `startServer` will need, for whoever still has something to wait for before. */
  loadServer(): void;
  /**
   * Removes every container, network, volume and image that the installation made, by its labels, and then its
   * state directory. Nothing serves the directory. What is already gone is success.
   */
  purge(stateDirectory: string, signal: AbortSignal): Promise<PurgeReport>;
  /**
   * Makes an image that holds this machine's busybox and nothing else, and loads it into the Engine; the same
   * name again is success.
   */
  makeBusyboxImage(reference: string): Promise<void>;
  /** Removes an image by its name; absent is success. */
  removeImage(reference: string): Promise<void>;
}

export interface EngineDoor {
  /** The Engine that answers on this machine; undefined when none does. */
  find(signal: AbortSignal): Promise<EngineDescription | undefined>;
  /**
   * Starts the installed Docker Engine by hand, for machines without a service manager, and waits until it
   * answers. It keeps running after this process.
   * @throws with the end of the Engine's log when it does not come up.
   */
  start(signal: AbortSignal): Promise<EngineDescription>;
  /** Whether the Engine that answers knows gVisor or could be told of it; undefined when none answers. */
  gvisor(signal: AbortSignal): Promise<GvisorState | undefined>;
  /** Tells the Engine of the gVisor that is installed. @throws with why it can't be. */
  offerGvisor(signal: AbortSignal): Promise<void>;
}

export type GvisorState =
  | { readonly state: 'offered' }
  | { readonly state: 'possible' }
  /** The Engine, or its configuration, is somebody else's to change. */
  | { readonly state: 'foreign'; readonly why: string };

/** `auto`: gVisor where it works, else runc as for any container. `gvisor`: that or nothing. */
export const fargateIsolations = ['auto', 'gvisor', 'runc'] as const;
export type FargateIsolation = (typeof fargateIsolations)[number];

/** `auto`: VPCs are in the kernel where that can be, else networks of the Engine's take their place. */
export const vpcPlaces = ['auto', 'kernel', 'engine'] as const;
export type VpcPlace = (typeof vpcPlaces)[number];

/** `auto`: HAProxy carries load balancers where it is installed, else a proxy of Node's. */
export const balancerChoices = ['auto', 'node'] as const;
export type BalancerChoice = (typeof balancerChoices)[number];

export interface EngineDescription {
  /** E.g. `docker`, `podman`. */
  readonly name: string;
  readonly version: string;
  /** E.g. `unix:///var/run/docker.sock`. */
  readonly address: string;
}

export interface ServerOptions {
  readonly stateDirectory: string;
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Undefined: the installation's region, for a new one `us-east-1`. */
  readonly region?: string;
  /** What separates Fargate tasks from the machine. */
  readonly fargateIsolation: FargateIsolation;
  readonly vpcs: VpcPlace;
  readonly loadBalancers: BalancerChoice;
  /** Answers Lambda's Invoke API for lifecycle hooks; undefined: those are refused. */
  readonly lambdaEndpoint?: URL;
  /** Where the server's log goes; undefined: to standard error. */
  readonly logFile?: string;
  /** Aborting it ends a start under way and closes what that has opened. A server that runs heeds it no more. */
  readonly signal?: AbortSignal;
}

export interface RunningServer extends Running {
  readonly credentials: RootCredentials;
  /** Why networks of the Engine's take the place of VPCs; undefined: they don't. */
  readonly whyNoVpcs: string | undefined;
  /** What carries load balancers, or why nothing does. */
  readonly loadBalancers: string;
}

export type JoinedOptions = Pick<ServerOptions, 'stateDirectory' | 'fargateIsolation' | 'logFile' | 'signal'>;

export interface RunningMachine extends Running {
  readonly machineId: string;
}

export interface Running {
  readonly server: ServerFile;
  readonly engine: EngineDescription;
  /** Resolves when it has stopped, by `stop` or by a shutdown request; rejects when it broke. */
  readonly stopped: Promise<void>;
  /** Stops serving; containers keep running. Idempotent. */
  stop(): Promise<void>;
}

export interface PurgeReport {
  readonly containers: number;
  readonly networks: number;
  readonly volumes: number;
}
