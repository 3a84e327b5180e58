import { again, done, type Outcome, type Reader } from '../../reconcile/index.ts';
import type { KubernetesContext } from '../context.ts';
import type { Work } from '../controllers/controller.ts';
import type { Kept } from '../controllers/objects.ts';
import { type Writer, withoutVersion } from '../controllers/writer.ts';
import type { Resource } from '../schema/catalogue.ts';
import { type BalancerSite, ToldClients } from './clients.ts';
import { siteOf } from './clusters.ts';
import { converge, nameByDns, removeBalancer } from './converge.ts';
import { refusalOf } from './infrastructure.ts';
import type { LoadBalancerIngress } from './ingress-objects.ts';
import { ModelError, type WantedBalancer } from './model.ts';
import { tellPods } from './tell-pods.ts';

/** An object that says in its status where it is reached. */
export interface Balanced extends Kept {
  readonly status?: {
    readonly loadBalancer?: { readonly ingress?: readonly LoadBalancerIngress[] };
  };
}

/** Where a model is made from. */
export interface Looking<T> {
  readonly reader: Reader;
  /** Of the object's record. */
  readonly key: string;
  readonly object: T;
  readonly clusterName: string;
}

/** What a kind of objects has load balancers by. */
export interface Balancing<T extends Balanced> {
  readonly resource: Resource;
  readonly finalizer: string;
  /** What the tags of what is made begin with, such as `service`. */
  readonly tagged: string;
  /** Whether an object is to have a load balancer. */
  isBalanced(reader: Reader, key: string, object: T): boolean;
  /** Which group, for those that share one, the object is of: what is told by tags. */
  stackOf(looking: Looking<T>): string;
  /** As if the object were to have it. @throws {ModelError} */
  model(looking: Looking<T>): WantedBalancer;
  /** Of the others that share it, when this one doesn't any more; undefined: there is none. @throws {ModelError} */
  modelWithout(looking: Looking<T>): WantedBalancer | undefined;
  /** Whether another object is reached by a name. */
  isOthers(looking: Looking<T>, hostname: string): boolean;
}

/** What others hold on to, or refuse, is looked at again so often. */
const inUseMs = 1_000;
const refusedMs = 10_000;
/** Pods that wait for their health in a target group are looked at again so often. */
const unhealthyMs = 1_000;

/** A turn of an object: its load balancer is made as it is wanted, or taken away. */
export function syncBalanced<T extends Balanced>(
  context: KubernetesContext,
  balancing: Balancing<T>,
): (work: Work<T>) => Promise<Outcome> {
  const clients = new ToldClients();
  return async (work) => {
    const { key, object, reader, events } = work;
    try {
      const ofCluster = siteOf(context, reader, key);
      if (ofCluster === undefined) return done;
      const site = { ...ofCluster, clients };
      const looking = { reader, key, object, clusterName: site.cluster.name };
      const turn = { ...balancing, ...work, looking, site };
      return balancing.isBalanced(reader, key, object) ? await make(turn) : await remove(turn);
    } catch (error) {
      if (error instanceof ModelError) {
        events.warning(object, 'FailedBuildModel', `Failed build model due to ${error.message}`);
        return error.mayChange ? again(refusedMs) : done;
      }
      const refusal = refusalOf(error);
      if (refusal === undefined) throw error;
      events.warning(object, 'FailedDeployModel', `Failed deploy model due to ${refusal}`);
      return again(refusedMs);
    }
  };
}

type Turn<T extends Balanced> = Balancing<T> &
  Work<T> & { readonly looking: Looking<T>; readonly site: BalancerSite };

async function make<T extends Balanced>(turn: Turn<T>): Promise<Outcome> {
  const { object, site, looking } = turn;
  const wanted = turn.model(looking);
  await setFinalizer(turn, true);
  const { dnsName } = await inTurn(wanted.name, () => converge(site, wanted, stackTags(turn)));
  const waiting = await tellPods(site, wanted, turn);
  const reached = waiting ? again(unhealthyMs) : done;
  const before = hostnamesOf(object);
  if (before.length === 1 && before[0] === dnsName) return reached;
  // While it is said where the earlier one is reached, it is found: after a kill too, or when it may not go yet.
  const left = await removeOthers(turn, wanted.name);
  if (left.type === 'again') return left;
  await setIngress(turn, [{ hostname: dnsName }]);
  turn.events.normal(object, 'SuccessfullyReconciled', 'Successfully reconciled');
  return reached;
}

const stackTag = <T extends Balanced>({ tagged }: Turn<T>): string => `${tagged}.eks.amazonaws.com/stack`;

const stackTags = <T extends Balanced>(turn: Turn<T>): Readonly<Record<string, string>> => ({
  [stackTag(turn)]: turn.stackOf(turn.looking),
  [`${turn.tagged}.eks.amazonaws.com/resource`]: 'LoadBalancer',
});

/** What the object was reached by before, and nobody else is: its load balancer goes. */
async function removeOthers<T extends Balanced>(turn: Turn<T>, kept: string | undefined): Promise<Outcome> {
  const { object, site, looking } = turn;
  for (const hostname of hostnamesOf(object)) {
    if (turn.isOthers(looking, hostname)) continue;
    const name = await nameByDns(site, hostname);
    if (name === undefined || name === kept) continue;
    // Of which group it was is not known any more.
    const { [stackTag(turn)]: _, ...made } = stackTags(turn);
    if (!(await inTurn(name, () => removeBalancer(site, name, [], made)))) return again(inUseMs);
  }
  return done;
}

async function remove<T extends Balanced>(turn: Turn<T>): Promise<Outcome> {
  const { object, site, looking } = turn;
  if (!(object.metadata.finalizers ?? []).includes(turn.finalizer)) return done;
  const others = turn.modelWithout(looking);
  if (others !== undefined) await inTurn(others.name, () => converge(site, others, stackTags(turn)));
  else {
    const wanted = modelOrNothing(() => turn.model(looking));
    const names = wanted?.targetGroups.map(({ name }) => name) ?? [];
    const gone =
      wanted === undefined ||
      (await inTurn(wanted.name, () => removeBalancer(site, wanted.name, names, stackTags(turn))));
    if (!gone) return again(inUseMs);
  }
  const left = await removeOthers(turn, others?.name);
  if (left.type === 'again') return left;
  if (object.metadata.deletionTimestamp === undefined) await setIngress(turn, []);
  await setFinalizer(turn, false);
  return done;
}

/** What can't be made any more is found by where it is reached. */
function modelOrNothing(model: () => WantedBalancer): WantedBalancer | undefined {
  try {
    return model();
  } catch (error) {
    if (error instanceof ModelError) return undefined;
    throw error;
  }
}

const hostnamesOf = ({ status }: Balanced): readonly string[] =>
  (status?.loadBalancer?.ingress ?? []).flatMap(({ hostname }) => hostname ?? []);

/** Work that has begun, by the load balancer's name: objects that share one take turns. */
const turns = new Map<string, Promise<unknown>>();

export async function inTurn<R>(name: string, work: () => Promise<R>): Promise<R> {
  const before = turns.get(name) ?? Promise.resolve();
  const own = before.then(work, work);
  turns.set(name, own);
  try {
    return await own;
  } finally {
    if (turns.get(name) === own) turns.delete(name);
  }
}

interface Written {
  readonly writer: Writer;
  readonly resource: Resource;
  readonly object: Balanced;
}

export async function setFinalizer(
  {
    writer,
    resource,
    object,
    finalizer,
  }: Pick<Written, 'resource' | 'writer'> & { readonly object: Kept; readonly finalizer: string },
  isWanted: boolean,
): Promise<void> {
  if ((object.metadata.finalizers ?? []).includes(finalizer) === isWanted) return;
  await writer.change<Kept>(resource, object, ({ metadata, ...present }) => {
    const { finalizers = [], ...others } = withoutVersion(metadata);
    const left = finalizers.filter((name) => name !== finalizer);
    const all = isWanted ? [...left, finalizer] : left;
    return { ...present, metadata: { ...others, ...(all.length > 0 && { finalizers: all }) } };
  });
}

function setIngress(
  { writer, resource, object }: Written,
  ingress: readonly LoadBalancerIngress[],
): Promise<void> {
  return writer.change<Balanced>(
    resource,
    object,
    ({ metadata, status, ...present }) => ({
      ...{ ...present, metadata: withoutVersion(metadata) },
      status: { ...status, loadBalancer: ingress.length > 0 ? { ingress } : {} },
    }),
    'status',
  );
}
