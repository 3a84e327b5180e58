import { Refusal } from '../../../protocols/index.ts';
import {
  again,
  done,
  type Outcome,
  type Reconciler,
  type RecordKey,
  type Stored,
  watching,
} from '../../../reconcile/index.ts';
import { type Scope, scopeOfKey } from '../arn.ts';
import type { EcsContext } from '../context.ts';
import { isAdmitted } from '../express/admissions.ts';
import { expressArn, makeInfrastructure } from '../express/make-infrastructure.ts';
import {
  type ExpressLoadBalancerRecord,
  type ExpressResources,
  type ExpressServiceRecord,
  expressLoadBalancerKey,
  expressLoadBalancers,
  expressServiceKey,
  expressServices,
  servicesOfLoadBalancer,
} from '../express/records.ts';
import { removeInfrastructure, removeScaling } from '../express/remove-infrastructure.ts';
import type { Site } from '../express/site.ts';
import { managedTags } from '../ingress/make.ts';
import { type ServiceRecord, services } from '../records.ts';
import { serviceKey } from '../service-lookup.ts';

/** Something was asked for that is done in a moment, such as a certificate. */
const soonMs = 250;
/** What another service refuses may be mended: a role's policy, a quota. */
const refusedMs = 10_000;

/**
 * Makes what Express services stand on, and takes it away. A key of work is that of the load balancer which some of them
 * share: they are served one after the other, so that nobody else changes it meanwhile.
 */
export function expressInfrastructure(ecs: EcsContext): Reconciler {
  const loadBalancerOf = (key: string, express: ExpressServiceRecord | undefined): readonly string[] =>
    express === undefined ? [] : [expressLoadBalancerKey(scopeOfKey(key), express.loadBalancerName)];
  return {
    name: 'express-infrastructure',
    watches: [
      watching(expressServices, ({ key, after }) => loadBalancerOf(key, after)),
      watching<ServiceRecord>(services, ({ key, before, after }) => {
        const service = after ?? before;
        if (service?.resourceManagementType !== 'ECS') return [];
        const at = expressServiceKey(scopeOfKey(key), service.cluster, service.name);
        return loadBalancerOf(key, ecs.state.get(expressServices, at));
      }),
    ],
    reconcile: async (key): Promise<Outcome> => {
      const loadBalancer = ecs.state.get(expressLoadBalancers, key as RecordKey);
      if (loadBalancer === undefined) return done;
      const scope = scopeOfKey(key);
      const waits: number[] = [];
      for (const stored of servicesOfLoadBalancer(ecs.state, scope, loadBalancer.name)) {
        const outcome = await serve(ecs, scope, loadBalancer, stored);
        if (outcome.type === 'again') waits.push(outcome.afterMs);
      }
      return waits.length > 0 ? again(Math.min(...waits)) : done;
    },
  };
}

async function serve(
  ecs: EcsContext,
  scope: Scope,
  loadBalancer: ExpressLoadBalancerRecord,
  { key, value: express }: Stored<ExpressServiceRecord>,
): Promise<Outcome> {
  const service = ecs.state.get(services, serviceKey(scope, express.cluster, express.name));
  const change = changing(ecs, key);
  try {
    if (service?.status === 'ACTIVE') return await make(ecs, scope, loadBalancer, express, service, change);
    return await remove(ecs, scope, loadBalancer, express, service, change);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const obstacle = `${error.code}: ${error.message}`;
    await change((record) => (record.obstacle === obstacle ? record : { ...record, obstacle }));
    return again(refusedMs);
  }
}

type Change = (change: (record: ExpressServiceRecord) => ExpressServiceRecord) => Promise<void>;

/** Changes the record as it is now; nothing is written where nothing changes. */
function changing(ecs: EcsContext, key: RecordKey): Change {
  return (change) =>
    ecs.state.transact((tx) => {
      const record = tx.get(expressServices, key);
      if (record === undefined) return;
      const changed = change(record);
      if (changed !== record) tx.put(expressServices, key, changed);
    });
}

async function make(
  ecs: EcsContext,
  scope: Scope,
  loadBalancer: ExpressLoadBalancerRecord,
  express: ExpressServiceRecord,
  service: ServiceRecord,
  change: Change,
): Promise<Outcome> {
  const isMade = express.madeRevision === express.revision && !service.awaitsInfrastructure;
  if (isMade && isAdmitted({ ecs, scope, express, service })) return done;
  const note = (made: Partial<ExpressResources>): Promise<void> =>
    change((record) => {
      const isNews = Object.entries(made).some(
        ([name, value]) =>
          JSON.stringify(record.made[name as keyof ExpressResources]) !== JSON.stringify(value),
      );
      return isNews ? { ...record, made: { ...record.made, ...made }, madeAt: ecs.clock.now() } : record;
    });
  const ask = ecs.infrastructure.assumeRole({
    ...{ scope, roleArn: express.infrastructureRoleArn },
    sourceArn: expressArn({ scope, express }),
  });
  const site: Site = { ecs, scope, ask, tags: managedTags, loadBalancer, express, service, note };
  if (!(await makeInfrastructure(site))) return again(soonMs);
  await change(({ obstacle: _obstacle, ...record }) => ({ ...record, madeRevision: express.revision }));
  return done;
}

async function remove(
  ecs: EcsContext,
  scope: Scope,
  loadBalancer: ExpressLoadBalancerRecord,
  express: ExpressServiceRecord,
  service: ServiceRecord | undefined,
  change: Change,
): Promise<Outcome> {
  if (!express.isEnding) await change((record) => ({ ...record, isEnding: true }));
  const ask = ecs.infrastructure.assumeRole({
    ...{ scope, roleArn: express.infrastructureRoleArn },
    sourceArn: expressArn({ scope, express }),
  });
  const leaving = { ecs, scope, ask, express, loadBalancer };
  await removeScaling(leaving);
  if (service?.status === 'DRAINING') return done;
  const others = await othersOrEnd(ecs, scope, loadBalancer, express);
  const heir = others.find(({ made }) => made.listener !== undefined) ?? others[0];
  if (!(await removeInfrastructure(leaving, heir && { certificate: heir.made.certificate })))
    return again(soonMs);
  await ecs.state.transact((tx) => {
    const key = expressServiceKey(scope, express.cluster, express.name);
    const record = tx.get(expressServices, key);
    if (record === undefined) return;
    const { obstacle: _obstacle, ...rest } = record;
    // Its service may have been forgotten over it; else it is shown as INACTIVE for as long as that is.
    if (service === undefined) tx.delete(expressServices, key);
    else tx.put(expressServices, key, { ...rest, made: {}, removedAt: ecs.clock.now() });
    const place = expressLoadBalancerKey(scope, loadBalancer.name);
    if (tx.get(expressLoadBalancers, place)?.isEnding) tx.delete(expressLoadBalancers, place);
  });
  return done;
}

/** The others behind the load balancer; without any, nobody else comes to it from now on. */
function othersOrEnd(
  ecs: EcsContext,
  scope: Scope,
  { name }: ExpressLoadBalancerRecord,
  express: ExpressServiceRecord,
): Promise<readonly ExpressServiceRecord[]> {
  return ecs.state.transact((tx) => {
    const others = servicesOfLoadBalancer(tx, scope, name)
      .map(({ value }) => value)
      .filter((each) => each.name !== express.name || each.cluster !== express.cluster);
    const place = expressLoadBalancerKey(scope, name);
    const record = tx.get(expressLoadBalancers, place);
    if (others.length === 0 && record !== undefined && !record.isEnding)
      tx.put(expressLoadBalancers, place, { ...record, isEnding: true });
    return others;
  });
}
