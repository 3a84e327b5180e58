import type { Clock, Random } from '../../clock/index.ts';
import type { EventCorrelation } from '../../event-correlation.ts';
import type { Log } from '../../log.ts';
import { again, done, type Outcome, type State } from '../../reconcile/index.ts';
import type { Requester } from '../apiserver/admission/attributes.ts';
import { controlPlane } from '../apiserver/admission/chain.ts';
import { bindPod } from '../apiserver/bind-pod.ts';
import type { Cluster } from '../apiserver/cluster.ts';
import { ApiError } from '../apiserver/status.ts';
import { EventRecorder } from '../controllers/event-recorder.ts';
import { Writer } from '../controllers/writer.ts';
import { type ClusterScheduler, schedulerName } from './cluster-scheduler.ts';
import type { Placement } from './placement.ts';
import { prepareVolumes } from './prepare-volumes.ts';
import { tellUnplaced } from './tell.ts';

const program = 'kube-scheduler';
const by: Requester = {
  ...controlPlane,
  user: { username: 'system:kube-scheduler', groups: ['system:authenticated'] },
};
const options = { isDryRun: false, fieldValidation: 'Ignore', fieldManager: program } as const;

/** So many pods a turn, and no longer than this: other clusters, and all who ask the API, are to have their turns. */
const mostPods = 256;
const mostMs = 10;

export interface TurnContext {
  readonly state: State;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly correlation: EventCorrelation;
}

/** One turn for one cluster: decides about some of those that wait, and writes what was decided. */
export async function takeTurn(
  { state, clock, random, log, correlation }: TurnContext,
  cluster: Cluster,
  scheduler: ClusterScheduler,
): Promise<Outcome> {
  // Of what was tried last, some may have been written whatever was answered: nothing is decided by less.
  if (scheduler.isBehind) await state.reached(await cluster.objects.revision());
  scheduler.isBehind = true;
  const began = clock.now();
  scheduler.catchUp(began);
  const isEnough = (decided: number): boolean => decided >= mostPods || clock.now() - began >= mostMs;
  const { placed, unplaced } = scheduler.decide(began, isEnough);
  const writer = new Writer(cluster, { by, program });
  const events = new EventRecorder(writer, schedulerName, { correlation, clock, random });
  const written = await Promise.allSettled([
    ...placed.map((it) =>
      it.steps.length > 0
        ? prepare(writer, scheduler, it, clock.now())
        : bind(cluster, scheduler, events, it),
    ),
    ...unplaced.map((it) => tellUnplaced(cluster, writer, events, it)),
  ]);
  // One pod's trouble is no other's: it is tried again in its time.
  for (const outcome of written)
    if (outcome.status === 'rejected')
      log.warn('A pod could not be scheduled', { cluster: cluster.objects.place.id, error: outcome.reason });
  await events.flush();
  await state.reached(await cluster.objects.revision());
  scheduler.isBehind = false;
  const now = clock.now();
  scheduler.catchUp(now);
  if (scheduler.queue.hasNext(now)) return again(0);
  const next = scheduler.nextAt();
  return next === undefined ? done : again(Math.max(0, next - now));
}

async function prepare(
  writer: Writer,
  scheduler: ClusterScheduler,
  placement: Placement,
  now: number,
): Promise<void> {
  let isPrepared = false;
  try {
    isPrepared = await prepareVolumes(writer, placement.nodeName, placement.steps);
  } finally {
    if (isPrepared) scheduler.awaitVolumes(placement, now);
    else scheduler.takeBack(placement, now);
  }
}

/** A pod that is gone, or has a node by now, is looked at again; with whatever else is wrong, it is tried again later. */
async function bind(
  cluster: Cluster,
  scheduler: ClusterScheduler,
  events: EventRecorder,
  placement: Placement,
): Promise<void> {
  const { queued, nodeName } = placement;
  const { pod, namespace } = queued.info;
  const { name, uid } = pod.metadata;
  const binding = { metadata: { name, uid }, target: { kind: 'Node', name: nodeName } };
  try {
    await bindPod(cluster, { namespace, name }, binding, options, by);
    events.normal(pod, 'Scheduled', `Successfully assigned ${namespace}/${name} to ${nodeName}`);
  } catch (error) {
    scheduler.takeBack(placement, cluster.clock.now());
    if (!(error instanceof ApiError)) throw error;
  }
}
