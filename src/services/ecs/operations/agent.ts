import type {
  AttachmentStateChange,
  ContainerStateChange,
  DiscoverPollEndpointCommandInput,
  DiscoverPollEndpointCommandOutput,
  ManagedAgentStateChange,
  NetworkBinding,
  SubmitAttachmentStateChangesCommandInput,
  SubmitAttachmentStateChangesCommandOutput,
  SubmitContainerStateChangeCommandInput,
  SubmitContainerStateChangeCommandOutput,
  SubmitTaskStateChangeCommandInput,
  SubmitTaskStateChangeCommandOutput,
} from '@aws-sdk/client-ecs';
import type { Call } from '../../service.ts';
import { attachmentArn, type Scope } from '../arn.ts';
import { requireCluster } from '../cluster-lookup.ts';
import { transactInTurn } from '../cluster-turns.ts';
import type { EcsContext } from '../context.ts';
import { invalidParameter } from '../errors.ts';
import { given } from '../given.ts';
import type { ManagedAgentReport } from '../managed-agent.ts';
import { type NetworkBindingRecord, type TaskRecord, tasks } from '../records.ts';
import type { ContainerReport, TaskReport } from '../task-report.ts';
import { applyTaskReport } from '../task-state.ts';
import { keyOfTask } from './task.ts';

/**
 * What container agents call: where to connect to, and what became of their tasks. A report about a task that
 * is long forgotten is acknowledged, as refusing would have the agent repeat it for a day.
 */
const acknowledged = { acknowledgment: 'ACK' } as const;

export function discoverPollEndpoint(
  ecs: EcsContext,
  _input: DiscoverPollEndpointCommandInput,
  _call: Call,
): Omit<DiscoverPollEndpointCommandOutput, '$metadata'> {
  const { acs, tcs } = ecs.pollEndpoints();
  return { endpoint: acs, telemetryEndpoint: tcs };
}

export async function submitTaskStateChange(
  ecs: EcsContext,
  input: SubmitTaskStateChangeCommandInput,
  call: Call,
): Promise<Omit<SubmitTaskStateChangeCommandOutput, '$metadata'>> {
  const scope: Scope = call;
  await takeReport(ecs, scope, input.cluster, input.task, call.now, (task) => ({
    ...given('status', readStatus(input.status)),
    ...given('reason', input.reason || undefined),
    containers: (input.containers ?? []).map(containerReport),
    managedAgents: (input.managedAgents ?? []).flatMap(managedAgentReport),
    isInterfaceAttached: (input.attachments ?? []).some((change) => isAttached(scope, task, change)),
    ...given('pullStartedAt', input.pullStartedAt?.getTime()),
    ...given('pullStoppedAt', input.pullStoppedAt?.getTime()),
    ...given('executionStoppedAt', input.executionStoppedAt?.getTime()),
  }));
  return acknowledged;
}

export async function submitContainerStateChange(
  ecs: EcsContext,
  input: SubmitContainerStateChangeCommandInput,
  call: Call,
): Promise<Omit<SubmitContainerStateChangeCommandOutput, '$metadata'>> {
  const { containerName, runtimeId, status, exitCode, reason, networkBindings } = input;
  const report = containerReport({ containerName, runtimeId, status, exitCode, reason, networkBindings });
  await takeReport(ecs, call, input.cluster, input.task, call.now, () => ({
    containers: [report],
  }));
  return acknowledged;
}

export async function submitAttachmentStateChanges(
  ecs: EcsContext,
  input: SubmitAttachmentStateChangesCommandInput,
  call: Call,
): Promise<Omit<SubmitAttachmentStateChangesCommandOutput, '$metadata'>> {
  const scope: Scope = call;
  await ecs.state.transact((tx) => {
    const cluster = requireCluster(tx, scope, input.cluster);
    for (const change of input.attachments ?? []) {
      const id = change.attachmentArn?.split('/').at(-1) ?? '';
      const [holder] = tx.byIndex(tasks, 'byAttachment', `${scope.accountId}/${scope.region}/${id}`);
      const isOfCluster = holder?.value.cluster === cluster.name;
      if (holder === undefined || !isOfCluster || change.attachmentArn !== attachmentArn(scope, id))
        throw invalidParameter(`The attachment ${change.attachmentArn ?? ''} was not found.`);
      if (change.status !== 'ATTACHED') continue;
      applyTaskReport(tx, holder.key, { containers: [], isInterfaceAttached: true }, call.now);
    }
  });
  return acknowledged;
}

async function takeReport(
  ecs: EcsContext,
  scope: Scope,
  clusterIdentifier: string | undefined,
  taskIdentifier: string | undefined,
  now: number,
  reportOn: (task: TaskRecord) => TaskReport,
): Promise<void> {
  if (!taskIdentifier) throw invalidParameter('Task identifier can not be blank.');
  const { name } = requireCluster(ecs.state, scope, clusterIdentifier);
  const key = keyOfTask(scope, name, taskIdentifier);
  const task = key && ecs.state.get(tasks, key);
  if (key === undefined || task === undefined) return;
  const report = reportOn(task);
  // Only the end of a task touches what launches compete for.
  if (report.status === 'STOPPED')
    await transactInTurn(ecs, scope, name, (tx) => applyTaskReport(tx, key, report, now));
  else await ecs.state.transact((tx) => applyTaskReport(tx, key, report, now));
}

function isAttached(scope: Scope, task: TaskRecord, change: AttachmentStateChange): boolean {
  const expected = task.networkInterface && attachmentArn(scope, task.networkInterface.attachmentId);
  return change.status === 'ATTACHED' && change.attachmentArn === expected;
}

function containerReport(change: ContainerStateChange): ContainerReport {
  if (!change.containerName) throw invalidParameter('Container name can not be blank.');
  return {
    name: change.containerName,
    ...given('status', readStatus(change.status)),
    ...given('runtimeId', change.runtimeId || undefined),
    ...given('imageDigest', change.imageDigest || undefined),
    ...given('exitCode', change.exitCode),
    ...given('reason', change.reason || undefined),
    ...given('networkBindings', change.networkBindings?.map(networkBinding)),
  };
}

/** ECS Exec's is the only managed agent there is. */
function managedAgentReport(change: ManagedAgentStateChange): ManagedAgentReport[] {
  if (change.managedAgentName !== 'ExecuteCommandAgent') return [];
  if (!change.containerName) throw invalidParameter('Container name can not be blank.');
  const status = readStatus(change.status);
  if (status === undefined) throw invalidParameter('The status of a managed agent can not be blank.');
  return [{ container: change.containerName, status, ...given('reason', change.reason || undefined) }];
}

function networkBinding(binding: NetworkBinding): NetworkBindingRecord {
  return {
    bindIP: binding.bindIP ?? '0.0.0.0',
    ...given('containerPort', binding.containerPort),
    ...given('hostPort', binding.hostPort),
    ...given('containerPortRange', binding.containerPortRange),
    ...given('hostPortRange', binding.hostPortRange),
    protocol: binding.protocol ?? 'tcp',
  };
}

function readStatus(status: string | undefined): 'PENDING' | 'RUNNING' | 'STOPPED' | undefined {
  switch (status) {
    case undefined:
    case '':
      return undefined;
    case 'PENDING':
    case 'RUNNING':
    case 'STOPPED':
      return status;
    default:
      throw invalidParameter(`Invalid status ${status}: it should be one of [PENDING,RUNNING,STOPPED].`);
  }
}
