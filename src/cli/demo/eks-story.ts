import { withTimeout } from '../../clock/index.ts';
import { parseQuantity } from '../../quantity.ts';
import { CommandError } from '../terminal.ts';
import { memoryMiB } from './application.ts';
import { reachedAt, timeToAnswer, untilCarried } from './balancer.ts';
import type { HullFacts } from './hull-facts.ts';
import { lookAtApplication, makeApplicationRole, makeRole } from './identity.ts';
import { at, KubernetesApi, listAt } from './kubernetes-api.ts';
import { withLoad } from './load.ts';
import {
  deployment,
  deploymentPath,
  entrance,
  ingressPath,
  podsPath,
  revisionLabel,
  serviceAccount,
} from './manifests.ts';
import { nodeType } from './prices.ts';
import { desiredCount, oneMore, pollMs, runningMs, type StoryParts, timed } from './story.ts';
import { areUp, type Replica, watchReplicas } from './watch-replicas.ts';

/** What the demo finds out about EKS, for `--json`. */
export interface EksFacts extends HullFacts {
  clusterArn: string;
  /** By name, as the demo left them. */
  pods: readonly string[];
}

const clusterName = 'demo';
const nodegroupName = 'demo';
const roleName = 'demo-pod';
const ofAws = (policy: string): string => `arn:aws:iam::aws:policy/${policy}`;

/**
 * The same application on EKS, from the cluster to the identity of its pods.
 * @param facts Filled in as the story goes on; nothing where there are no VPCs in the kernel for pods to be in.
 */
export async function tellEksStory(parts: StoryParts, facts: Partial<EksFacts>): Promise<void> {
  const { customer, image, clock, progress, output, step, signal } = parts;
  const { network } = await customer.operator.status(signal);
  if (!network.isEnforced || network.defaultVpc === undefined) {
    await step('create an EKS cluster', async () => `not without VPCs: ${network.why ?? ''}`, String);
    return;
  }
  const subnetIds = network.defaultVpc.subnets.slice(0, 2).map(({ subnetId }) => subnetId);
  const { ec2 } = await customer.clients();
  const roles = await step('create roles for the EKS cluster and its nodes', () => makeRoles(parts));
  const began = clock.monotonic();
  using api = await makeCluster(parts, roles.cluster, subnetIds, facts);
  await makeNodes(parts, api, roles.nodes, subnetIds);
  facts.capacityMs = Math.round(clock.monotonic() - began);
  const roleArn = await step('associate a role with its pods’ ServiceAccount', () => makeIdentity(parts));
  const balancer = await step(
    'create an Ingress, and with it a load balancer',
    () => makeEntrance(parts, api),
    ({ url }) => url,
  );
  const roll = (revision: number, replicas = desiredCount): Promise<void> =>
    api.apply(deployment(image, revision, replicas), signal);
  const watchPods = (revision: number, until: WatchUntil): Promise<void> =>
    watchReplicas({
      ...{ clock, progress, signal, revision, until },
      look: async () => listAt(await api.get(podsPath, signal), 'items').map(replicaOf),
      explain: () => explain(api, signal),
    });
  facts.firstAnswerMs = await timeToAnswer(parts, balancer.url, async () => {
    await step(`create a Deployment of ${desiredCount} pods`, () => roll(1));
    await step(`${desiredCount} pods Ready`, () => watchPods(1, areUp(desiredCount, 1)));
  });
  const update = async (): Promise<void> => {
    await step('update the Deployment', () => roll(2));
    await step('rollout completed', () => watchPods(2, isRolledOut(api, signal)));
  };
  facts.requests = await withLoad({ url: balancer.url, clock, progress, output, signal }, update);
  facts.oneMoreMs = await step('one more pod Ready', () =>
    timed(clock, async () => {
      await roll(2, oneMore);
      await watchPods(2, areUp(oneMore, 2));
    }),
  );
  facts.pods = listAt(await api.get(podsPath, signal), 'items').map((pod) =>
    String(at(pod, 'metadata', 'name')),
  );
  const nodes = listAt(await api.get('/api/v1/nodes', signal), 'items');
  const { identity, memory } = await step(
    'ask a pod for its credentials, and IAM what they allow',
    () => lookAtApplication(parts, { hull: 'eks', url: balancer.url, roleArn }),
    ({ identity: { role } }) => role,
  );
  facts.identity = identity;
  facts.memory = {
    ...memory,
    reservedMiB: desiredCount * memoryMiB,
    keptBackMiB: nodes.reduce<number>(
      (sum, node) => sum + mebibytesAt(node, 'capacity') - mebibytesAt(node, 'allocatable'),
      0,
    ),
  };
  const { NetworkInterfaces: interfaces = [] } = await ec2.describeNetworkInterfaces(
    { Filters: [{ Name: 'attachment.instance-id', Values: nodes.map(instanceIdOf) }] },
    { abortSignal: signal },
  );
  const held = interfaces.flatMap(({ PrivateIpAddresses = [] }) => PrivateIpAddresses);
  facts.addresses = {
    balancer: balancer.nodes,
    application: held.length,
    public: balancer.nodes + held.filter(({ Association }) => Association?.PublicIp !== undefined).length,
  };
}

type WatchUntil = (replicas: readonly Replica[]) => boolean | Promise<boolean>;

async function makeRoles({ customer, signal }: StoryParts) {
  const { iam } = await customer.clients();
  const make = async (
    name: string,
    service: string,
    actions: readonly string[],
    policies: readonly string[],
  ) => {
    const arn = await makeRole(iam, name, { service, actions }, signal);
    for (const PolicyArn of policies.map(ofAws))
      await iam.attachRolePolicy({ RoleName: name, PolicyArn }, { abortSignal: signal });
    return arn;
  };
  return {
    cluster: await make(
      ...(['demo-cluster', 'eks.amazonaws.com', ['sts:AssumeRole', 'sts:TagSession']] as const),
      ['AmazonEKSClusterPolicy', 'AmazonEKSLoadBalancingPolicy'],
    ),
    nodes: await make(...(['demo-node', 'ec2.amazonaws.com', ['sts:AssumeRole']] as const), [
      'AmazonEKSWorkerNodePolicy',
      'AmazonEKS_CNI_Policy',
    ]),
  };
}

async function makeCluster(
  { customer, clock, step, signal }: StoryParts,
  roleArn: string,
  subnetIds: string[],
  facts: Partial<EksFacts>,
): Promise<KubernetesApi> {
  const { eks } = await customer.clients();
  return step(
    'create the EKS cluster demo',
    async () => {
      const abortSignal = signal;
      await eks.createCluster(
        { name: clusterName, roleArn, resourcesVpcConfig: { subnetIds } },
        { abortSignal },
      );
      const { cluster } = await until(
        { clock, signal, what: 'The EKS cluster is ACTIVE' },
        () => eks.describeCluster({ name: clusterName }, { abortSignal }),
        (said) => said.cluster?.status === 'ACTIVE',
      );
      facts.clusterArn = cluster?.arn ?? '';
      return new KubernetesApi({
        ...{ clusterName, endpoint: cluster?.endpoint ?? '', credentials: customer.credentials, clock },
        certificateAuthority: Buffer.from(cluster?.certificateAuthority?.data ?? '', 'base64').toString(),
      });
    },
    () => facts.clusterArn ?? '',
  );
}

async function makeNodes(
  { customer, clock, step, signal }: StoryParts,
  api: KubernetesApi,
  nodeRole: string,
  subnets: string[],
): Promise<void> {
  const { eks } = await customer.clients();
  const abortSignal = signal;
  await step(`create a node group of one ${nodeType}`, () =>
    eks.createNodegroup(
      {
        ...{ clusterName, nodegroupName, nodeRole, subnets, instanceTypes: [nodeType] },
        scalingConfig: { minSize: 1, maxSize: 1, desiredSize: 1 },
      },
      { abortSignal },
    ),
  );
  await step('its node Ready', () =>
    until(
      { clock, signal, what: 'The node is Ready' },
      async () => listAt(await api.get('/api/v1/nodes', signal), 'items'),
      (nodes) => nodes.some(isReady),
      async () => {
        const { nodegroup } = await eks.describeNodegroup({ clusterName, nodegroupName }, { abortSignal });
        return (nodegroup?.health?.issues ?? []).map(({ message }) => message).join('; ');
      },
    ),
  );
}

/** A role that the pods have by EKS Pod Identity. @returns its ARN. */
async function makeIdentity({ customer, signal }: StoryParts): Promise<string> {
  const { eks, iam } = await customer.clients();
  const trusted = { service: 'pods.eks.amazonaws.com', actions: ['sts:AssumeRole', 'sts:TagSession'] };
  const roleArn = await makeApplicationRole(iam, roleName, trusted, signal);
  await eks.createPodIdentityAssociation(
    { ...{ clusterName, namespace: 'default', serviceAccount }, roleArn },
    { abortSignal: signal },
  );
  return roleArn;
}

async function makeEntrance(parts: StoryParts, api: KubernetesApi) {
  const { customer, clock, signal } = parts;
  for (const manifest of entrance) await api.apply(manifest, signal);
  const hostname = await until(
    { clock, signal, what: 'The Ingress has a load balancer' },
    async () => at(await api.get(ingressPath, signal), 'status', 'loadBalancer', 'ingress', 0, 'hostname'),
    (said) => typeof said === 'string',
  );
  const { elb } = await customer.clients();
  const { LoadBalancers = [] } = await elb.describeLoadBalancers({}, { abortSignal: signal });
  const made = LoadBalancers.find(({ DNSName }) => DNSName === hostname);
  const reached = await reachedAt(parts, made?.LoadBalancerArn ?? '');
  await untilCarried(parts, reached.url);
  return reached;
}

/** No pod of the old revision is left, and the Deployment says that it is done. */
const isRolledOut =
  (api: KubernetesApi, signal: AbortSignal) =>
  async (replicas: readonly Replica[]): Promise<boolean> => {
    if (!replicas.every(({ revision }) => revision === 2)) return false;
    const said = await api.get(deploymentPath, signal);
    return (
      at(said, 'status', 'observedGeneration') === at(said, 'metadata', 'generation') &&
      at(said, 'status', 'availableReplicas') === desiredCount
    );
  };

function replicaOf(pod: unknown): Replica {
  const name = String(at(pod, 'metadata', 'name'));
  const phase = String(at(pod, 'status', 'phase'));
  const named = {
    ...{ id: name, name: `pod ${name}` },
    revision: Number(at(pod, 'metadata', 'labels', revisionLabel)),
  };
  if (at(pod, 'metadata', 'deletionTimestamp') !== undefined)
    return { ...named, state: 'going', status: 'Terminating' };
  if (phase === 'Failed' || phase === 'Succeeded') return { ...named, state: 'gone', status: phase };
  return isReady(pod)
    ? { ...named, state: 'up', status: 'Ready' }
    : { ...named, state: 'coming', status: phase };
}

/** A pod or a node. */
const isReady = (object: unknown): boolean =>
  listAt(object, 'status', 'conditions').some(
    (condition) => at(condition, 'type') === 'Ready' && at(condition, 'status') === 'True',
  );

/** Of a node's memory: what it has, or what of it is for pods. */
function mebibytesAt(node: unknown, part: 'allocatable' | 'capacity'): number {
  const quantity = parseQuantity(String(at(node, 'status', part, 'memory')));
  return Number((quantity?.nanos ?? 0n) / 1_000_000_000n) / 1_048_576;
}

const instanceIdOf = (node: unknown): string => {
  const id = String(at(node, 'spec', 'providerID'));
  return id.slice(id.lastIndexOf('/') + 1);
};

async function explain(api: KubernetesApi, signal: AbortSignal): Promise<string> {
  const events = listAt(await api.get('/api/v1/namespaces/default/events', signal), 'items');
  const lines = events
    .slice(-8)
    .map(
      (event) => `  ${at(event, 'involvedObject', 'name')} ${at(event, 'reason')}: ${at(event, 'message')}`,
    );
  return ['The last events of its namespace:', ...lines].join('\n');
}

/** Asks again and again until it is so. @throws {CommandError} it is not in time. */
async function until<Seen>(
  { clock, signal, what }: Pick<StoryParts, 'clock' | 'signal'> & { readonly what: string },
  look: () => Promise<Seen>,
  isSo: (seen: Seen) => boolean,
  why: () => Promise<string> = async () => '',
): Promise<Seen> {
  using deadline = withTimeout(clock, runningMs, signal);
  while (true) {
    const seen = await look();
    if (isSo(seen)) return seen;
    signal.throwIfAborted();
    if (deadline.signal.aborted)
      throw new CommandError(`It is not so after ${runningMs / 1_000} s: ${what}. ${await why()}`.trimEnd());
    await clock.sleep(pollMs, signal);
  }
}
