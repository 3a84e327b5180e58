import { statfs } from 'node:fs/promises';
import type { ECS } from '@aws-sdk/client-ecs';
import type {
  AddInstanceRequest,
  FargateIsolation,
  InstanceDescription,
  NodeDescription,
  StatusResponse,
} from '../cli/index.ts';
import type { Clock } from '../clock/index.ts';
import { type InstanceOnMachine, type Machine, MachineError } from '../node/index.ts';
import { type Runtime, RuntimeError } from '../runtime/index.ts';
import type { DefaultVpc } from '../services/ec2/index.ts';
import type { Census } from '../services/ecs/index.ts';
import type { RosteredNode } from '../services/eks/index.ts';
import type { EventLog } from '../services/events/index.ts';
import type { IamOperator } from '../services/iam/index.ts';
import { listMachines, type MachineParts } from './machines/machine-routes.ts';
import type { NetworkParts } from './network-routes.ts';
import type { answerBalancerLogs } from './operator-balancer-logs.ts';

/** What the operator's questions are answered from. */
export interface OperatorParts {
  readonly pid: number;
  readonly version: string;
  readonly endpoint: string;
  readonly region: string;
  readonly accountId: string;
  readonly stateDirectory: string;
  readonly startedAt: number;
  readonly engineAddress: string;
  readonly network: NetworkParts;
  readonly machines: MachineParts;
  readonly defaultVpc: () => DefaultVpc | undefined;
  readonly census: () => Census;
  readonly nodes: () => readonly RosteredNode[];
  /** Their names, by id. */
  readonly otherMachines: () => ReadonlyMap<string, string>;
  readonly interruptSpot: (task: string | undefined) => Promise<readonly string[]>;
  readonly loadIdentities: () => Promise<IamOperator>;
  readonly ecs: ECS;
  readonly runtime: Runtime;
  readonly machine: Machine;
  readonly eventLog: EventLog;
  readonly balancerLogs: Parameters<typeof answerBalancerLogs>[0];
  readonly clock: Clock;
  readonly fargateIsolation: FargateIsolation;
}

export async function status(parts: OperatorParts): Promise<StatusResponse> {
  return {
    pid: parts.pid,
    version: parts.version,
    endpoint: parts.endpoint,
    region: parts.region,
    accountId: parts.accountId,
    state: parts.stateDirectory,
    startedAt: parts.startedAt,
    engine: await describeEngine(parts),
    fargate: await describeFargate(parts),
    memoryBytes: process.memoryUsage.rss(),
    machines: listMachines(parts.machines),
    network: describeNetwork(parts),
    counts: parts.census(),
    nodes: nodeShares(parts.nodes()),
  };
}

function describeNetwork({ network, defaultVpc }: OperatorParts): StatusResponse['network'] {
  const { publicCidr, whyNotEnforced: why, loadBalancers } = network;
  const vpc = defaultVpc();
  return {
    ...{ isEnforced: why === undefined, publicCidr, loadBalancers },
    ...(why !== undefined && { why }),
    ...(vpc && { defaultVpc: vpc }),
  };
}

/** What is not enforced is said wherever the machine is described. */
async function describeStorage({ runtime, stateDirectory }: OperatorParts): Promise<string> {
  const disks = await runtime.sandboxDisks().catch((error: unknown) => ({
    works: false as const,
    why: error instanceof Error ? error.message : String(error),
  }));
  if (!disks.works)
    return (
      'ephemeral storage (20 GiB, or what a task asks for) is shown on tasks and not limited: nothing here keeps a ' +
      `task from filling the disk of the machine. ${disks.why}`
    );
  const { bavail, bsize } = await statfs(stateDirectory);
  return (
    'each task writes on a file system of its own, of the size of its ephemeral storage (20 GiB, or what it asks for). ' +
    `Nothing is set aside for it: the machine's disk has ${Math.floor((bavail * bsize) / 1_024 ** 3)} GiB left for all`
  );
}

async function describeFargate(parts: OperatorParts): Promise<StatusResponse['fargate']> {
  const { runtime, machine, fargateIsolation: asked } = parts;
  const problem = machine.fargateHost()?.problem;
  const common = {
    asked,
    storage: await describeStorage(parts),
    ...(problem === undefined ? {} : { problem }),
  };
  if (asked === 'runc')
    return {
      ...common,
      isolation: 'runc',
      why: 'runc, like any container: --fargate-isolation runc asks for it',
    };
  const gvisor = await runtime.gvisor();
  if (gvisor.works) return { ...common, isolation: 'gvisor', why: gvisor.how };
  return asked === 'gvisor'
    ? {
        ...common,
        isolation: 'none',
        why: `--fargate-isolation gvisor asks for gVisor, so Fargate tasks fail to start. ${gvisor.why}`,
      }
    : { ...common, isolation: 'runc', why: `runc, like any container, as there is no gVisor. ${gvisor.why}` };
}

/** The Engine may be away just now: that is an answer too. */
async function describeEngine({ runtime, engineAddress }: OperatorParts): Promise<StatusResponse['engine']> {
  try {
    const info = await runtime.info();
    return {
      name: info.engine,
      version: info.version,
      address: engineAddress,
      isConnected: true,
      limits: info.limits.map(({ message }) => message),
    };
  } catch (error) {
    const why = error instanceof RuntimeError ? error.message : String(error);
    return {
      name: runtime.name,
      version: '',
      address: engineAddress,
      isConnected: false,
      problem:
        `${why}. Running containers go on, and new tasks wait. Start the engine again ` +
        '("systemctl start docker"; where no systemd runs, ./catamaran setup): Catamaran goes on by itself.',
      limits: [],
    };
  }
}

export async function listInstances(
  parts: OperatorParts,
  cluster: string | undefined,
): Promise<InstanceDescription[]> {
  const wanted = parts.machine
    .instances()
    .filter((instance) => cluster === undefined || instance.cluster === cluster);
  return Promise.all(wanted.map((instance) => describeInstance(parts, instance)));
}

/** What they hold of machines: those that nobody has room for hold nothing. */
export function nodeShares(nodes: readonly RosteredNode[]): StatusResponse['nodes'] {
  const shares = nodes.filter(({ status }) => status !== 'NO_ROOM').map(({ instance }) => instance.share);
  return {
    count: shares.length,
    cpu: shares.reduce((sum, { cpu }) => sum + cpu, 0),
    memory: shares.reduce((sum, { memoryMiB }) => sum + memoryMiB, 0),
  };
}

export function listNodes(
  { nodes, otherMachines }: Pick<OperatorParts, 'nodes' | 'otherMachines'>,
  cluster: string | undefined,
): NodeDescription[] {
  const names = otherMachines();
  return nodes()
    .filter(({ instance }) => cluster === undefined || instance.clusterName === cluster)
    .map(({ instance: { launched, share, machineId, ...instance }, status, message }) => ({
      id: instance.instanceId,
      ...(machineId !== undefined && { machine: names.get(machineId) ?? machineId }),
      ...(launched && { name: launched.privateDnsName, availabilityZone: launched.availabilityZone }),
      ...{ cluster: instance.clusterName, status },
      // A pod on Fargate has a node of its own, of no group and of no instance type.
      ...(instance.nodegroupName !== undefined && {
        ...{ nodegroup: instance.nodegroupName, instanceType: instance.instanceType },
      }),
      ...(message !== undefined && { problem: message }),
      ...{ cpu: share.cpu, memory: share.memoryMiB },
    }));
}

/** Without a size: half of what the machine's own instance has free. */
export async function addInstance(
  parts: OperatorParts,
  request: AddInstanceRequest,
): Promise<InstanceDescription> {
  const { region } = parts;
  const { availabilityZone, capacityProvider } = request;
  if (availabilityZone !== undefined && !new RegExp(`^${region}[a-z]$`).test(availabilityZone))
    throw new MachineError(
      `There is no availability zone ${availabilityZone} in ${region}: its zones are ${region}a to ${region}z`,
    );
  const free = await parts.machine.free();
  const instance = await parts.machine.add({
    cluster: request.cluster ?? 'default',
    ...(request.name === undefined ? {} : { name: request.name }),
    ...(availabilityZone === undefined ? {} : { availabilityZone }),
    ...(capacityProvider === undefined ? {} : { capacityProvider }),
    size: {
      cpu: request.cpu ?? Math.floor(free.cpu / 2),
      memoryMiB: request.memory ?? Math.floor(free.memoryMiB / 2),
    },
  });
  return describeInstance(parts, instance);
}

/** Answers with the instance as it was. */
export async function removeInstance(
  parts: OperatorParts,
  id: string,
  options: { readonly force: boolean; readonly signal: AbortSignal },
): Promise<InstanceDescription> {
  return describeInstance(parts, await parts.machine.remove(id, options));
}

async function describeInstance(
  { ecs, region }: OperatorParts,
  instance: InstanceOnMachine,
): Promise<InstanceDescription> {
  const arn = instance.containerInstanceArn;
  const described =
    arn === undefined
      ? undefined
      : (await ecs.describeContainerInstances({ cluster: instance.cluster, containerInstances: [arn] }))
          .containerInstances?.[0];
  return {
    id: instance.id,
    name: instance.name,
    cluster: instance.cluster,
    availabilityZone: instance.availabilityZone ?? `${region}a`,
    ...(arn === undefined ? {} : { containerInstanceArn: arn }),
    status:
      described?.status ?? (instance.problem === undefined ? 'REGISTERING' : `FAILED: ${instance.problem}`),
    agentConnected: described?.agentConnected ?? false,
    cpu: instance.share.cpu,
    memory: instance.share.memoryMiB,
    runningTasksCount: described?.runningTasksCount ?? 0,
  };
}
