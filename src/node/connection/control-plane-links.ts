import type { AgentOptions } from '../agent-options.ts';
import { keepRunning } from '../keep-running.ts';
import type { ServiceConnect } from '../service-connect/service-connect.ts';
import type { StateFile } from '../state/state-file.ts';
import type { RoleCredentials } from '../tasks/role-credentials.ts';
import type { TaskBoard } from '../tasks/task-board.ts';
import type { TaskOwner } from '../tasks/task-owner.ts';
import { openAcsSession } from './acs-session.ts';
import type { EcsApi } from './ecs-api.ts';
import { Link } from './link.ts';
import { PollEndpoints } from './poll-endpoints.ts';
import { openTcsSession, type TcsSession } from './tcs-session.ts';

/** The official agent identifies its build here; ours says what it is. */
const agentHash = 'catamaran';

/** The agent's two connections: commands (ACS) and telemetry (TCS). */
export class ControlPlaneLinks {
  readonly acs: Link;
  readonly tcs: Link;
  readonly #agent: Parameters<typeof keepRunning>[2];
  #tcsSession: TcsSession | undefined;
  #hasConnected = false;

  constructor(options: ControlPlaneLinksOptions) {
    const { agent, api, containerInstanceArn, engineVersion, signal } = options;
    const { cluster, region, credentials, clock, random, log, seams } = agent;
    const endpoints = new PollEndpoints(
      () => api.discoverPollEndpoint(cluster, containerInstanceArn, signal),
      clock,
    );
    const shared = {
      ...{ region, credentials, clock, random, log, signal },
      ...(seams?.openSocket && { openSocket: seams.openSocket }),
      onFailure: () => endpoints.forget(),
    };
    const versions = { agentHash, agentVersion: options.agentVersion };

    this.#agent = { clock, random, log, signal };
    this.acs = new Link({
      ...shared,
      name: 'ACS',
      url: async () =>
        withQuery(await endpoints.url('endpoint'), {
          ...versions,
          clusterArn: cluster,
          containerInstanceArn,
          dockerVersion: `DockerVersion: ${engineVersion}`,
          protocolVersion: '2',
          // Until the first connection of this process: the credentials that it kept in memory are gone.
          sendCredentials: String(!this.#hasConnected),
          seqNum: '1',
        }),
      open: (send) => {
        this.#hasConnected = true;
        options.onConnected();
        return openAcsSession({ ...options, cluster, log }, send);
      },
    });
    this.tcs = new Link({
      ...shared,
      name: 'TCS',
      url: async () =>
        withQuery(await endpoints.url('telemetryEndpoint'), {
          ...versions,
          cluster,
          containerInstance: containerInstanceArn,
          dockerVersion: engineVersion,
        }),
      open: (send) => {
        const { cpuUnits } = agent.instance.resources;
        const { runtime } = agent;
        this.#tcsSession = openTcsSession({ ...options, cluster, runtime, cpuUnits, clock, random }, send);
        return this.#tcsSession;
      },
    });
  }

  /** Until the signal aborts. Neither link's failure touches the other. */
  async run(): Promise<void> {
    await Promise.all(
      [this.acs, this.tcs].map((link) => keepRunning(`${link.name} link`, () => link.run(), this.#agent)),
    );
  }

  healthChanged(owner: TaskOwner): void {
    if (this.tcs.status.state === 'connected') this.#tcsSession?.healthChanged(owner);
  }
}

function withQuery(url: URL, parameters: Readonly<Record<string, string>>): URL {
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url;
}

export interface ControlPlaneLinksOptions {
  /** Left out: no task here has a proxy. */
  readonly serviceConnect?: Pick<ServiceConnect, 'metrics'> | undefined;
  readonly agent: AgentOptions;
  readonly agentVersion: string;
  readonly engineVersion: string;
  readonly containerInstanceArn: string;
  readonly api: EcsApi;
  readonly board: TaskBoard;
  readonly state: StateFile;
  readonly credentials: RoleCredentials;
  readonly signal: AbortSignal;
  /** The control plane is there (again). */
  onConnected(): void;
  reportStopped(taskArn: string, clusterArn: string, reason: string): void;
}
