import type { NodeReport, ObservedHealth, TargetReport } from '../../../balancing/index.ts';
import type { Log } from '../../../log.ts';
import type { State, Transaction } from '../../../reconcile/index.ts';
import { readArn, type Scope, scopeOfArn } from '../arn.ts';
import { findLoadBalancer, putLoadBalancer } from '../context.ts';
import {
  type LoadBalancerRecord,
  type TargetHealthRecord,
  targetHealths,
  targetKey,
  targets,
} from '../records.ts';

/** What data planes tell of what they see. Nobody waits for it to be written. */
export interface ReportSink extends AsyncDisposable {
  /** Those of a load balancer's targets of which something new is to say. */
  targets(loadBalancerArn: string, reports: readonly TargetReport[]): void;
  /** All of its nodes. */
  nodes(loadBalancerArn: string, reports: readonly NodeReport[]): void;
  /** Until everything that was told is written. */
  settled(): Promise<void>;
}

/** So many are written at once. */
const batchSize = 200;

type Write = (tx: Transaction) => void;

/**
 * The one writer of what is seen: health of targets, and whether a load balancer carries traffic. Of what is told of a
 * thing while others are being written, the last counts; what is known already writes nothing.
 */
export function reportSink(state: State, log: Log): ReportSink {
  /** By what they are about. */
  const waiting = new Map<string, Write>();
  let working: Promise<void> | undefined;

  const work = async (): Promise<void> => {
    // What comes in the same turn goes together.
    await Promise.resolve();
    while (waiting.size > 0) {
      const batch = [...waiting].slice(0, batchSize);
      for (const [about] of batch) waiting.delete(about);
      try {
        await state.transact((tx) => {
          for (const [, write] of batch) write(tx);
        });
      } catch (error) {
        log.error('What was seen of load balancers could not be written: it counts when it changes again', {
          error,
        });
      }
    }
    // In the same turn as the loop's end: what is told later begins anew.
    working = undefined;
  };
  const note = (about: string, write: Write): void => {
    waiting.delete(about);
    waiting.set(about, write);
    working ??= work();
  };
  const settled = async (): Promise<void> => {
    while (working !== undefined) await working;
  };
  return {
    targets: (_loadBalancerArn, reports) => {
      for (const report of reports)
        note(`${report.targetGroupArn} ${report.id} ${report.port}`, (tx) => writeTarget(tx, report));
    },
    nodes: (loadBalancerArn, reports) =>
      note(loadBalancerArn, (tx) => writeNodes(tx, loadBalancerArn, reports)),
    settled,
    [Symbol.asyncDispose]: settled,
  };
}

function writeTarget(tx: Transaction, report: TargetReport): void {
  const { targetGroupArn, id, port, health, outstanding } = report;
  const scope: Scope = scopeOfArn(targetGroupArn);
  const group = readArn(scope, targetGroupArn);
  if (group?.type !== 'targetgroup') return;
  const identity = { targetGroupId: group.id, id, port };
  const target = tx.get(targets, targetKey(targets, scope, identity));
  // Gone since it was looked at.
  if (target === undefined) return;
  const isDraining = target.drainsUntil !== undefined;
  // As long as the data plane knows nothing of it, it may send more.
  if (isDraining && (!report.isDraining || outstanding > 0)) return;
  const seen: TargetHealthRecord = {
    targetGroupId: group.id,
    ...(isDraining ? ({ state: 'drained' } as const) : healthOf(health)),
  };
  tx.put(targetHealths, targetKey(targetHealths, scope, identity), seen);
}

function healthOf(health: ObservedHealth) {
  if (health.state !== 'unhealthy') return { state: health.state } as const;
  const { cause } = health;
  return cause.type === 'code-mismatch'
    ? ({ state: 'unhealthy', cause: 'code-mismatch', code: cause.code } as const)
    : ({ state: 'unhealthy', cause: cause.type } as const);
}

function writeNodes(tx: Transaction, arn: string, reports: readonly NodeReport[]): void {
  const scope = scopeOfArn(arn);
  const balancer = findLoadBalancer(tx, scope, arn);
  if (balancer === undefined) return;
  const { code, reason } = stateOf(balancer, reports);
  const isSame = code === balancer.state && reason === balancer.stateReason;
  if (isSame) return;
  const { stateReason: _before, ...rest } = balancer;
  putLoadBalancer(tx, scope, {
    ...{ ...rest, state: code },
    ...(reason !== undefined && { stateReason: reason }),
  });
}

/** It is active once all of its nodes carry traffic, and impaired when one of them does not any more. */
function stateOf(
  { nodes, state }: LoadBalancerRecord,
  reports: readonly NodeReport[],
): { readonly code: LoadBalancerRecord['state']; readonly reason?: string } {
  const seen = new Map(reports.map((report) => [report.interfaceId, report]));
  const down = nodes.filter(({ interfaceId }) => seen.get(interfaceId)?.isUp !== true);
  if (down.length === 0) return { code: 'active' };
  const why = down.flatMap(({ interfaceId }) => seen.get(interfaceId)?.why ?? []);
  return {
    code: state === 'provisioning' ? 'provisioning' : 'active_impaired',
    ...(why.length > 0 && { reason: [...new Set(why)].join('; ') }),
  };
}
