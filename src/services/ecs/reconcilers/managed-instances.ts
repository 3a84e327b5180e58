import {
  again,
  done,
  type Outcome,
  type Reconciler,
  type RecordKey,
  type Transaction,
  watching,
} from '../../../reconcile/index.ts';
import { readAwsvpc, terminateInstance } from '../../ec2/index.ts';
import { type Scope, scopeOfKey } from '../arn.ts';
import { capacityProviderKey } from '../capacity/providers.ts';
import { transactInTurn } from '../cluster-turns.ts';
import type { EcsContext } from '../context.ts';
import { deploymentOf, isUnderWay } from '../daemons/lookup.ts';
import {
  daemonsThere,
  startDaemonOn,
  stopDaemonsOn,
  type WantedDaemon,
  wantedDaemons,
} from '../daemons/on-instance.ts';
import { endInstance, instanceKey } from '../end-instance.ts';
import { given } from '../given.ts';
import type { CapacityPlan, Member } from '../managed-instances/capacity-ground.ts';
import { launchInstance, wantInstance } from '../managed-instances/launch.ts';
import { planCapacity } from '../managed-instances/plan.ts';
import { fittingTypes } from '../managed-instances/types.ts';
import { wouldRegister } from '../managed-instances/would-register.ts';
import {
  type ContainerInstanceRecord,
  capacityProviders,
  containerInstances,
  daemons,
  type ManagedInstanceRecord,
  type ManagedProviderRecord,
  managedInstanceKey,
  managedInstanceReportKey,
  managedInstanceReports,
  managedInstances,
  providerText,
  tasks,
} from '../records.ts';
import { awaitedPlace } from '../task-launch.ts';

/**
 * Gives each provider of Managed Instances the instances that its tasks need (`managed-instances/plan.ts`), and ends them.
 * A key of work is that of a provider's record. Machines take the instances' shares and run their agents, and say so.
 */
export function managedInstancesOf(ecs: EcsContext): Reconciler {
  const keyOf = (key: string, provider: string | undefined): readonly RecordKey[] => {
    if (provider === undefined) return [];
    const found = capacityProviderKey(scopeOfKey(key), provider);
    const record = ecs.state.get(capacityProviders, found);
    return record !== undefined && 'managedInstancesProvider' in record ? [found] : [];
  };
  return {
    name: 'managed-instances',
    watches: [
      watching(capacityProviders, ({ key, after }) =>
        after !== undefined && 'managedInstancesProvider' in after ? [key] : [],
      ),
      watching(managedInstances, ({ key, before, after }) => keyOf(key, (after ?? before)?.capacityProvider)),
      watching(managedInstanceReports, ({ key, after }) => keyOf(key, after?.capacityProvider)),
      watching(tasks, ({ key, before, after }) =>
        before?.awaiting !== undefined || after?.awaiting !== undefined
          ? keyOf(key, (after ?? before)?.capacityProviderName)
          : [],
      ),
      watching(containerInstances, ({ key, after }) =>
        after?.isManaged ? keyOf(key, after.capacityProviderName) : [],
      ),
      watching(tasks, ({ key, after }) =>
        after?.daemon === undefined ? [] : keyOf(key, after.capacityProviderName),
      ),
      watching(daemons, ({ key, before, after }) =>
        [...(before?.capacityProviders ?? []), ...(after?.capacityProviders ?? [])].flatMap((name) =>
          keyOf(key, name),
        ),
      ),
    ],
    reconcile: async (workKey): Promise<Outcome> => {
      const key = workKey as RecordKey;
      const scope = scopeOfKey(key);
      const provider = ecs.state.get(capacityProviders, key);
      if (provider === undefined || !('managedInstancesProvider' in provider)) return done;
      const nextAt = await transactInTurn(ecs, scope, provider.cluster, (tx) => settle(tx, ecs, scope, key));
      return nextAt === undefined ? done : again(Math.max(100, nextAt - ecs.clock.now()));
    },
  };
}

function settle(tx: Transaction, ecs: EcsContext, scope: Scope, key: RecordKey): number | undefined {
  const provider = tx.get(capacityProviders, key);
  if (provider === undefined || !('managedInstancesProvider' in provider)) return undefined;
  const now = ecs.clock.now();
  const { subnets, securityGroups } =
    provider.managedInstancesProvider.instanceLaunchTemplate.networkConfiguration;
  const network = readAwsvpc(tx, scope, { subnets, securityGroups });
  const subnetIds = new Map<string, string[]>();
  for (const { availabilityZone, id } of network.type === 'found' ? network.subnets : [])
    subnetIds.set(availabilityZone, [...(subnetIds.get(availabilityZone) ?? []), id]);
  const wanted = wantedDaemons(tx, scope, provider.name);
  const members = membersOf(tx, scope, provider, wanted);
  const wouldBe = wouldRegister(tx, scope, provider, wanted);
  const plan = planCapacity({
    provider: {
      status: provider.status,
      ...given('launchFailure', provider.launchFailure),
      ...given('scaleInAfter', provider.managedInstancesProvider.scaleInAfter),
    },
    drainPercent: drainPercentOf(tx, scope, wanted),
    ...{ members, now, wouldBe, zones: [...subnetIds.keys()].sort() },
    waiting: waitingFor(tx, scope, provider),
    types: fittingTypes(provider.managedInstancesProvider.instanceLaunchTemplate.instanceRequirements),
  });
  const where = (instance: ManagedInstanceRecord, portsAddress: string) => ({
    subnetIds: subnetIds.get(instance.availabilityZone) ?? [],
    ...{ vpcId: network.type === 'found' ? network.vpcId : '', portsAddress },
  });
  carryOut(tx, ecs, scope, { key, provider, members, wanted, plan, where, now });
  return plan.lookAgainAt;
}

function membersOf(
  tx: Transaction,
  scope: Scope,
  { name }: ManagedProviderRecord,
  wanted: readonly WantedDaemon[],
): readonly Member[] {
  return tx.byIndex(managedInstances, 'byProvider', providerText(scope, name)).flatMap(({ key }) => {
    const instance = tx.get(managedInstances, key);
    if (instance === undefined) return [];
    const report = tx.get(managedInstanceReports, managedInstanceReportKey(scope, instance.instanceId));
    const container = containerOf(tx, scope, instance);
    const daemons = daemonsThere(tx, scope, instance, container, wanted);
    return [{ instance, daemons, ...given('report', report), ...given('container', container) }];
  });
}

/** The least of what deployments under way say. */
function drainPercentOf(tx: Transaction, scope: Scope, wanted: readonly WantedDaemon[]): number {
  const asked = wanted.flatMap(({ daemon }) => {
    const deployment = deploymentOf(tx, scope, daemon);
    return deployment !== undefined && isUnderWay(deployment) ? [deployment.configuration.drainPercent] : [];
  });
  return Math.min(100, ...asked);
}

function containerOf(tx: Transaction, { accountId, region }: Scope, { instanceId }: ManagedInstanceRecord) {
  const within = `${accountId}/${region}/${instanceId}`;
  const [found] = tx.byIndex(containerInstances, 'byManagedInstance', within);
  return found && tx.get(containerInstances, found.key);
}

function waitingFor(tx: Transaction, scope: Scope, { name, cluster }: ManagedProviderRecord) {
  return tx
    .byIndex(tasks, 'awaitingPlacement', `${scope.accountId}/${scope.region}/${cluster}`)
    .map(({ value }) => value)
    .filter(({ capacityProviderName }) => capacityProviderName === name)
    .toSorted((one, other) => one.createdAt - other.createdAt)
    .flatMap((task) => {
      const place = awaitedPlace(tx, scope, task);
      return typeof place === 'string' ? [] : [place];
    });
}

interface Settling {
  readonly key: RecordKey;
  readonly provider: ManagedProviderRecord;
  readonly members: readonly Member[];
  readonly wanted: readonly WantedDaemon[];
  readonly plan: CapacityPlan;
  readonly where: (
    instance: ManagedInstanceRecord,
    portsAddress: string,
  ) => Parameters<typeof launchInstance>[5];
  readonly now: number;
}

function carryOut(
  tx: Transaction,
  ecs: EcsContext,
  scope: Scope,
  { key, provider, members, wanted, plan, where, now }: Settling,
): void {
  let failure = provider.launchFailure?.message;
  let hasFailed = false;
  const fail = (message: string): void => {
    hasFailed = true;
    failure = `Unable to launch a Managed Instance. ${message}`;
  };
  const change = (id: string, of: (instance: ManagedInstanceRecord) => ManagedInstanceRecord): void => {
    const instance = tx.get(managedInstances, managedInstanceKey(scope, id));
    if (instance !== undefined) tx.put(managedInstances, managedInstanceKey(scope, id), of(instance));
  };
  const memberOf = (id: string): Member | undefined =>
    members.find(({ instance }) => instance.instanceId === id);
  if (plan.noRoom !== undefined) fail(`InsufficientInstanceCapacity: ${plan.noRoom}.`);
  for (const id of plan.idle) change(id, (instance) => ({ ...instance, idleSince: now }));
  for (const id of plan.busy) change(id, ({ idleSince: _, ...instance }) => instance);
  for (const id of plan.startDaemons) {
    const container = memberOf(id)?.container;
    if (container === undefined) continue;
    for (const each of wanted) startDaemonOn(tx, ecs, scope, container, each, provider.name);
    const daemons = Object.fromEntries(wanted.map(({ daemon, revision }) => [daemon.name, revision.id]));
    change(id, (instance) => ({ ...instance, daemons }));
  }
  for (const id of plan.open) setStatus(tx, scope, memberOf(id)?.container, 'ACTIVE');
  for (const id of plan.drain) setStatus(tx, scope, memberOf(id)?.container, 'DRAINING');
  for (const id of plan.quit) {
    const { container, daemons } = memberOf(id) ?? {};
    if (container === undefined) continue;
    if (daemons?.haveFailed && container.status === 'REGISTERING')
      fail('A critical daemon of the instance has not started.');
    setStatus(tx, scope, container, 'DRAINING');
    stopDaemonsOn(tx, scope, container, now);
  }
  for (const id of plan.end) {
    const container = memberOf(id)?.container;
    if (container !== undefined && container.status !== 'INACTIVE') endInstance(tx, scope, container, now);
    change(id, (instance) => ({ ...instance, isEnding: true }));
  }
  for (const id of plan.place) {
    const member = memberOf(id);
    if (member === undefined) continue;
    const place = where(member.instance, member.report?.address ?? '');
    const launched =
      place.subnetIds.length === 0
        ? `The subnets of the zone ${member.instance.availabilityZone} do not exist any more.`
        : launchInstance(tx, ecs, scope, provider, member.instance, place, now);
    if (typeof launched === 'string') {
      fail(launched);
      change(id, (instance) => ({ ...instance, isEnding: true }));
    } else {
      failure = undefined;
      change(id, () => launched);
    }
  }
  for (const id of plan.forget) forget(tx, scope, id, now);
  for (const offer of plan.launch) wantInstance(tx, ecs, scope, provider, offer, now);
  const { launchFailure: before, ...rest } = provider;
  const isOver = provider.status === 'DEPROVISIONING' && plan.forget.length === members.length;
  const isNews = hasFailed || failure !== before?.message;
  if (!isOver && !isNews) return;
  tx.put(capacityProviders, key, {
    ...rest,
    ...(failure !== undefined && { launchFailure: { at: now, message: failure } }),
    ...(isOver && { status: 'INACTIVE', updateStatus: 'DELETE_COMPLETE' }),
  });
}

/** ACTIVE: it takes tasks. DRAINING: services take theirs away from it. */
function setStatus(
  tx: Transaction,
  scope: Scope,
  container: ContainerInstanceRecord | undefined,
  status: 'ACTIVE' | 'DRAINING',
): void {
  if (container === undefined || container.status === status) return;
  const key = instanceKey(scope, container.cluster, container.id);
  const now = tx.get(containerInstances, key) ?? container;
  tx.put(containerInstances, key, { ...now, status, version: now.version + 1 });
}

function forget(tx: Transaction, scope: Scope, id: string, now: number): void {
  terminateInstance(tx, scope, id, now);
  tx.delete(managedInstances, managedInstanceKey(scope, id));
  tx.delete(managedInstanceReports, managedInstanceReportKey(scope, id));
}
