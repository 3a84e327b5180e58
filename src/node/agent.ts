import { join } from 'node:path';
import packageJson from '#package' with { type: 'json' };
import type { Log } from '../log.ts';
import type { AgentCredentials } from './agent-credentials.ts';
import {
  type AgentOptions,
  type AgentSettings,
  type AgentStatus,
  defaultSettings,
  type MetadataOptions,
} from './agent-options.ts';
import { BackOff, isPassing, retry } from './back-off.ts';
import { capabilityAttributes } from './connection/capabilities.ts';
import { ControlPlaneLinks } from './connection/control-plane-links.ts';
import { EcsApi, httpClient } from './connection/ecs-api.ts';
import { type Registration, register } from './connection/registration.ts';
import { taskProtectionCalls } from './connection/task-protection-calls.ts';
import { ExecuteCommandAgents } from './exec/execute-command-agents.ts';
import { SessionKeys } from './exec/session-keys.ts';
import { SessionTranscripts } from './exec/session-transcripts.ts';
import { SsmMessagesApi } from './exec/ssm-messages-api.ts';
import { keepRunning } from './keep-running.ts';
import { Awslogs } from './logs/awslogs.ts';
import { LogsClients, type TaskRole } from './logs/logs-clients.ts';
import { MetadataEndpoint } from './metadata/metadata-endpoint.ts';
import { StateReporter } from './reports/state-reporter.ts';
import { discoveryApi } from './service-connect/discovery-api.ts';
import { ServiceConnect } from './service-connect/service-connect.ts';
import { Slots } from './slots.ts';
import { openStateFile, type StateFile } from './state/state-file.ts';
import { RoleCredentials } from './tasks/role-credentials.ts';
import { instanceDiskOf } from './tasks/sandbox-spec.ts';
import { TaskBoard } from './tasks/task-board.ts';
import { TaskSteps } from './tasks/task-steps.ts';

export interface Agent {
  readonly containerInstanceArn: string;
  status(): AgentStatus;
  /** Ends the agent and leaves the containers running: the next agent on this state directory adopts them. */
  close(): Promise<void>;
}

/**
 * Starts the agent of one container instance. The tasks of an earlier agent on the same state directory are taken
 * up first, whether or not the control plane answers; then the instance registers, and this resolves.
 * @throws {Error} when another agent uses the state directory, or the control plane refuses the registration; the
 * message says what to do.
 */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const abort = new AbortController();
  const { signal } = abort;
  // Undone in reverse, after the signal aborted: what uses another part ends before it.
  const parts = new AsyncDisposableStack();
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    options.signal?.removeEventListener('abort', onAbort);
    abort.abort();
    closing ??= parts.disposeAsync();
    return closing;
  };
  const onAbort = (): void => {
    close().catch((error: unknown) => options.log.error('The agent could not be closed in order', { error }));
  };
  options.signal?.addEventListener('abort', onAbort);
  try {
    options.signal?.throwIfAborted();
    const { clock, random, log, runtime, endpoint, region, credentials, seams = {} } = options;
    const settings: AgentSettings = { ...defaultSettings, ...options.settings };
    const state = parts.use((seams.openStateFile ?? openStateFile)(options.stateDirectory));
    const api = parts.use(new EcsApi(seams.ecsClient ?? httpClient({ endpoint, region, credentials })));
    const roles = new RoleCredentials();
    let registration: Registration | undefined;
    let links: ControlPlaneLinks | undefined;

    const hasRole = ({ taskArn, kind }: TaskRole) => board.owner(taskArn)?.task[kind] !== undefined;
    const metadata = new MetadataEndpoint({
      runtime,
      clock,
      log,
      credentials: roles,
      requestsPerSecond: settings.metadataRequestsPerSecond,
      burst: settings.metadataRequestBurst,
      instance: () => ({ availabilityZone: registration?.availabilityZone }),
      containerInstanceArn: () => (options.instance.fargate ? undefined : registration?.containerInstanceArn),
      listTags: (arn) => api.listTagsForResource(arn),
      taskProtection: taskProtectionCalls({
        ...{ endpoint, region, api, ecsClient: seams.ecsClient },
        credentialsOf: (taskArn) => {
          const role = { taskArn, kind: 'roleCredentials' } as const;
          return hasRole(role) ? credentialsOf(role, board, roles, clock.now()) : undefined;
        },
      }),
    });
    parts.use(metadata);
    if (options.linkLocal) parts.use(options.linkLocal.add(metadata));
    const metadataUri = options.metadata && (await listen(metadata, options.metadata, state, log));

    const clients =
      options.logs &&
      parts.use(
        new LogsClients({
          endpoint: options.logs.endpoint,
          credentials: async (role) =>
            role === undefined ? credentials : credentialsOf(role, board, roles, clock.now()),
        }),
      );
    const logs =
      clients &&
      new Awslogs({
        ...options,
        clients,
        flushIntervalMs: settings.logFlushIntervalMs,
        state,
        signal,
        hasExecutionRole: (taskArn) => hasRole({ taskArn, kind: 'executionRoleCredentials' }),
      });
    if (logs) parts.defer(() => logs.close());
    const transcripts =
      clients &&
      new SessionTranscripts({
        ...options,
        flushIntervalMs: settings.logFlushIntervalMs,
        // In AWS the agent that logs runs in the container, as the task's role.
        api: (taskArn) => {
          const role = { taskArn, kind: 'roleCredentials' } as const;
          return clients.client(region, hasRole(role) ? role : undefined);
        },
      });
    if (transcripts) parts.defer(() => transcripts.close());

    const reporter = new StateReporter({
      submit: (report, aborted) => api.submitTaskStateChange(report, aborted),
      clock,
      random,
      log,
      signal,
    });
    parts.defer(() => reporter.close());
    const reportStopped = stoppedReports(api, options, signal);
    const executeCommandAgents = new ExecuteCommandAgents({
      ...options,
      api: seams.ssmMessages ?? new SsmMessagesApi(options),
      agentVersion: packageJson.version,
      transcripts,
      keys: new SessionKeys({
        ...{ endpoint, region },
        credentials: async (taskArn) => {
          const role = { taskArn, kind: 'roleCredentials' } as const;
          return hasRole(role) ? credentialsOf(role, board, roles, clock.now()) : credentials;
        },
      }),
      signal,
    });
    parts.defer(() => executeCommandAgents.close());

    const serviceConnectDirectory = join(options.stateDirectory, 'service-connect');
    const serviceConnect =
      options.proxyImage &&
      parts.use(
        new ServiceConnect({
          ...{ runtime, clock, log, signal },
          directory: serviceConnectDirectory,
          image: options.proxyImage,
          discovery: parts.use(discoveryApi({ endpoint, region, credentials })),
        }),
      );

    const board = new TaskBoard({
      steps: new TaskSteps({
        ...options,
        settings,
        slots: new Slots(settings.startConcurrency),
        state,
        logs,
        serviceConnect,
        signal,
      }),
      ...options,
      settings,
      state,
      logs,
      signal,
      planContext: {
        instanceId: options.instance.id,
        instanceSize: options.instance.resources,
        labels: options.instance.labels ?? {},
        region,
        address: options.instance.address,
        defaultStopTimeoutSeconds: settings.containerStopTimeoutSeconds,
        metadataUri,
        joinsInterfaces: options.network !== undefined,
        offersAwslogs: logs !== undefined,
        serviceConnectDirectory: serviceConnect && serviceConnectDirectory,
        isolation: options.instance.fargate?.isolation,
        instanceDisk: instanceDiskOf(options.instance),
      },
      offersTaskRoles: options.linkLocal !== undefined,
      onTaskAdded: (owner) => metadata.add(owner),
      onTaskChanged: (owner) => {
        reporter.poke(owner);
        links?.healthChanged(owner);
        executeCommandAgents.taskChanged(owner);
        serviceConnect?.taskChanged(owner.plan, owner.progress);
      },
      onTaskRemoved: (owner) => {
        executeCommandAgents.taskRemoved(owner);
        metadata.remove(owner);
        clients?.forget(owner.taskArn);
        roles.removeAll(owner.task);
      },
      onTaskLost: (task, reason) => reportStopped(task.arn, task.taskClusterArn, reason),
    });
    parts.defer(() => board.close());
    board.recall();
    const watching = keepRunning('engine watch', () => board.watch(), { clock, random, log, signal });
    parts.defer(() => watching);

    const info = await retry(() => runtime.info(), {
      backOff: new BackOff({ leastMs: 250, mostMs: 10_000 }, random),
      clock,
      signal,
      isRetryable: () => true,
      onFailure: (error) => log.warn('The container engine does not answer: waiting for it', { error }),
    });
    registration = await register({
      ...options,
      api,
      state,
      capabilities: capabilityAttributes(info, {
        awslogs: logs !== undefined,
        taskRoles: options.linkLocal !== undefined,
        serviceConnect: serviceConnect !== undefined,
      }),
      signal,
    });
    const { containerInstanceArn } = registration;

    links = new ControlPlaneLinks({
      agent: options,
      agentVersion: packageJson.version,
      engineVersion: info.version,
      containerInstanceArn,
      api,
      board,
      state,
      credentials: roles,
      serviceConnect,
      signal,
      onConnected: () => reporter.retryNow(),
      reportStopped,
    });
    const { acs, tcs } = links;
    const linked = links.run();
    parts.defer(() => linked);

    return {
      containerInstanceArn,
      status: () => ({
        containerInstanceArn,
        acs: acs.status,
        tcs: tcs.status,
        engine: board.engine,
        tasks: board.counts(),
        reportsPending: reporter.pendingCount,
      }),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Containers that run keep the address they were told: a port that was taken once is taken again. An instance is
 * of use without the endpoint, so one that cannot be listened on costs the metadata alone.
 * @returns what containers are told; undefined when there is nothing to tell.
 */
async function listen(
  endpoint: MetadataEndpoint,
  options: MetadataOptions,
  state: StateFile,
  log: Log,
): Promise<string | undefined> {
  const { host } = options;
  const remembered = options.port === 0 ? Number(state.read('metadata-port') ?? 0) : 0;
  let port: number;
  try {
    port = await endpoint.listen(host, options.port || remembered).catch((error: unknown) => {
      if (remembered === 0 || !isPortInUse(error)) throw error;
      log.warn(
        'Another program took the task metadata port: containers that run already get no task metadata',
        {
          host,
          port: remembered,
        },
      );
      return endpoint.listen(host, 0);
    });
  } catch (error) {
    log.warn('Containers get no task metadata: their address cannot be listened on', {
      host,
      error,
    });
    return undefined;
  }
  state.write('metadata-port', String(port));
  return options.baseUri ?? `http://${host}:${port}`;
}

function isPortInUse(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE';
}

/**
 * A task's logs are written as its roles. After a restart the roles' credentials are on their way.
 * @throws {Error} until there are some that are good: what is to be written waits.
 */
function credentialsOf(
  { taskArn, kind }: TaskRole,
  board: TaskBoard,
  roles: RoleCredentials,
  nowMs: number,
): AgentCredentials {
  const id = board.owner(taskArn)?.task[kind]?.credentialsId;
  const set = id === undefined ? undefined : roles.get(id);
  if (!set) throw new Error(`The ${kind} of task '${taskArn}' have not been received yet`);
  const { accessKeyId, secretAccessKey, sessionToken, expiration } = set;
  if (Date.parse(expiration) <= nowMs)
    throw new Error(
      `The ${kind} of task '${taskArn}' have expired, and newer ones have not been received yet`,
    );
  return { accessKeyId, secretAccessKey, sessionToken, expiration: new Date(expiration) };
}

/** Reports about tasks that have no owner here: said until the control plane takes or refuses it. */
function stoppedReports(
  api: EcsApi,
  { clock, random, log }: AgentOptions,
  signal: AbortSignal,
): (taskArn: string, clusterArn: string, reason: string) => void {
  const underWay = new Set<string>();
  return (taskArn, clusterArn, reason) => {
    if (underWay.has(taskArn)) return;
    underWay.add(taskArn);
    const report = {
      taskArn,
      clusterArn,
      status: 'STOPPED' as const,
      reason,
      containers: [],
      reported: { containers: {} },
      isUrgent: true,
    };
    retry(() => api.submitTaskStateChange(report, signal), {
      backOff: new BackOff({ leastMs: 250, mostMs: 300_000 }, random),
      clock,
      signal,
      isRetryable: isPassing,
    })
      .catch((error: unknown) => {
        if (!signal.aborted) log.error('State change was refused', { task: taskArn, error });
      })
      .finally(() => underWay.delete(taskArn));
  };
}
