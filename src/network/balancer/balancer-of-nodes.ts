import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type {
  Guard,
  LoadBalancerPlan,
  NodeReport,
  ObservedHealth,
  TargetGroupPlan,
  TargetPlan,
  TargetReport,
} from '../../balancing/index.ts';
import { hex, type Random } from '../../clock/index.ts';
import { Turns } from '../linux/turns.ts';
import { type Assignment, assignServers } from './assignment.ts';
import type { BalancerReports, CertificateChain } from './balancer.ts';
import { directoriesIn } from './directories.ts';
import type { BalancerNode } from './node.ts';
import type { NodePlace } from './node-proxy.ts';
import { refusePlan } from './refuse-plan.ts';
import { targetName } from './targets.ts';
import { writeWhole } from './write-whole.ts';

type NodeOfBalancer = Pick<
  BalancerNode,
  'why' | 'observation' | 'countedUnder' | 'apply' | 'remove' | typeof Symbol.asyncDispose
>;

export interface BalancerOptions {
  readonly openNode: (place: NodePlace) => NodeOfBalancer;
  /** Whether the driver can carry a plan out. @throws {BalancerError} it can't. */
  readonly refuse?: (plan: LoadBalancerPlan) => void;
  /** PEM of a certificate. @throws when there is none. */
  readonly certificate: (arn: string) => CertificateChain | Promise<CertificateChain>;
  /** Whether a request passes that a rule's guard, or the listener's, is asked for. */
  readonly guard: Guard;
  readonly reports: BalancerReports;
  readonly directory: string;
  readonly random: Random;
}

/** What is remembered of a load balancer beside its nodes' configurations. */
interface Remembered {
  readonly cookieKey: string;
  readonly assignments: Readonly<Record<string, Assignment>>;
}

/** A load balancer: its nodes, what they have in common, and what all of them together see. */
export class BalancerOfNodes implements AsyncDisposable {
  readonly #options: BalancerOptions;
  readonly #directory: string;
  readonly #turns = new Turns();
  readonly #nodes = new Map<string, NodeOfBalancer>();
  #plan: LoadBalancerPlan | undefined;
  #remembered: Remembered | undefined;
  readonly #reported = new Map<string, TargetReport>();
  readonly #draining = new Set<string>();
  /** Names of the targets that drain by a plan. */
  readonly #drainingBy = new WeakMap<LoadBalancerPlan, ReadonlySet<string>>();
  #reportedNodes = '';

  constructor(id: string, options: BalancerOptions) {
    this.#options = options;
    this.#directory = join(options.directory, id);
  }

  apply(plan: LoadBalancerPlan, signal?: AbortSignal): Promise<void> {
    return this.#turns.take(() => this.#apply(plan, signal));
  }

  async #apply(plan: LoadBalancerPlan, signal?: AbortSignal): Promise<void> {
    refusePlan(plan);
    const { certificate, refuse } = this.#options;
    refuse?.(plan);
    const arns = new Set(plan.listeners.flatMap(({ certificateArns }) => certificateArns));
    const certificates = new Map(
      await Promise.all([...arns].map(async (arn) => [arn, await certificate(arn)] as const)),
    );
    const { cookieKey, assignments } = this.#remember(plan);
    this.#plan = plan;
    for (const [interfaceId, node] of this.#nodes) {
      if (plan.nodes.some((wanted) => wanted.interfaceId === interfaceId)) continue;
      await node.remove();
      this.#nodes.delete(interfaceId);
    }
    const applied = plan.nodes.map((node) =>
      this.#nodeOf(node.interfaceId).apply(
        {
          ...{ plan, node, certificates, cookieKey },
          assignments: new Map(Object.entries(assignments)),
        },
        signal,
      ),
    );
    // All of them, before one's failure is told: the others carry traffic.
    const failed = (await Promise.allSettled(applied)).find(({ status }) => status === 'rejected');
    this.#observe();
    if (failed?.status === 'rejected') throw failed.reason;
  }

  remove(): Promise<void> {
    return this.#turns.take(async () => {
      for (const interfaceId of this.#known()) await this.#nodeOf(interfaceId).remove();
      this.#nodes.clear();
      rmSync(this.#directory, { recursive: true, force: true });
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#turns.take(async () => {
      await Promise.all(this.#nodes.values().map((node) => node[Symbol.asyncDispose]()));
    });
  }

  #nodeOf(interfaceId: string): NodeOfBalancer {
    const known = this.#nodes.get(interfaceId);
    if (known !== undefined) return known;
    const node = this.#options.openNode({
      ...{ interfaceId, guard: this.#options.guard },
      directory: join(this.#directory, interfaceId),
      observed: () => this.#observe(),
      carried: (traffic) => {
        if (this.#plan !== undefined) this.#options.reports.traffic(this.#plan.arn, traffic);
      },
      logged: (entries) => {
        if (this.#plan !== undefined) this.#options.reports.logged(this.#plan.arn, { interfaceId, entries });
      },
    });
    this.#nodes.set(interfaceId, node);
    return node;
  }

  /** Ids of interfaces of nodes, also of those that an earlier process made. */
  #known(): string[] {
    return [...new Set([...this.#nodes.keys(), ...directoriesIn(this.#directory)])];
  }

  #remember(plan: LoadBalancerPlan): Remembered {
    const path = join(this.#directory, 'balancer.json');
    const known = this.#remembered ?? readRemembered(path);
    const assignments = plan.targetGroups.map(
      ({ arn, targets }) => [arn, assignServers(known?.assignments[arn], targets)] as const,
    );
    this.#remembered = {
      cookieKey: known?.cookieKey ?? hex(this.#options.random, 32),
      assignments: Object.fromEntries(assignments),
    };
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
    writeWhole(path, `${JSON.stringify(this.#remembered)}\n`);
    return this.#remembered;
  }

  #observe(): void {
    const plan = this.#plan;
    if (plan === undefined) return;
    const nodes = plan.nodes.map(({ interfaceId }): NodeReport => {
      const why = this.#nodes.get(interfaceId)?.why;
      return { interfaceId, isUp: why === undefined, ...(why === undefined ? {} : { why }) };
    });
    const told = JSON.stringify(nodes);
    if (told !== this.#reportedNodes) this.#options.reports.nodes(plan.arn, nodes);
    this.#reportedNodes = told;

    const seen = new Set<string>();
    const news: TargetReport[] = [];
    for (const group of plan.targetGroups) {
      for (const target of group.targets) {
        const name = targetName(group, target);
        seen.add(name);
        if (!this.#isCounted(group, target)) continue;
        const before = this.#reported.get(name);
        const report = this.#reportOf(group, target, before);
        if (report === undefined || JSON.stringify(report) === JSON.stringify(before)) continue;
        this.#reported.set(name, report);
        news.push(report);
      }
    }
    for (const known of [this.#reported, this.#draining])
      for (const name of known.keys()) if (!seen.has(name)) known.delete(name);
    if (news.length > 0) this.#options.reports.targets(plan.arn, news);
  }

  /**
   * Whether what was counted of a target says something: when it drains, only what each node counted after it had been told
   * to send it nothing new, however long that takes. Then it is told again, though it be the same.
   */
  #isCounted(group: TargetGroupPlan, target: TargetPlan): boolean {
    const name = targetName(group, target);
    if (!target.isDraining) {
      this.#draining.delete(name);
      return true;
    }
    if (!this.#draining.has(name)) {
      this.#draining.add(name);
      this.#reported.delete(name);
    }
    return this.#nodes
      .values()
      .filter((node) => node.observation(group, target) !== undefined)
      .every(({ countedUnder }) => countedUnder !== undefined && this.#drainingOf(countedUnder).has(name));
  }

  #drainingOf(plan: LoadBalancerPlan): ReadonlySet<string> {
    const known = this.#drainingBy.get(plan);
    if (known !== undefined) return known;
    const names = plan.targetGroups.flatMap((group) =>
      group.targets.filter(({ isDraining }) => isDraining).map((target) => targetName(group, target)),
    );
    const draining = new Set(names);
    this.#drainingBy.set(plan, draining);
    return draining;
  }

  /** Undefined: no node has seen it yet. */
  #reportOf(group: TargetGroupPlan, target: TargetPlan, before?: TargetReport): TargetReport | undefined {
    const observations = [...this.#nodes.values()].flatMap((node) => node.observation(group, target) ?? []);
    if (observations.length === 0) return undefined;
    return {
      targetGroupArn: group.arn,
      id: target.id,
      port: target.port,
      health: together(
        observations.map(({ health }) => health),
        before?.health,
      ),
      isDraining: target.isDraining,
      outstanding: observations.reduce((sum, { outstanding }) => sum + outstanding, 0),
    };
  }
}

/** What nodes agree on; as long as they don't, it is what it was. */
function together(
  all: readonly ObservedHealth[],
  before: ObservedHealth = { state: 'initial' },
): ObservedHealth {
  const [first] = all;
  return first !== undefined && all.every(({ state }) => state === first.state) ? first : before;
}

function readRemembered(path: string): Remembered | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Remembered;
  } catch {
    // A first start, or a file that was lost: targets get new servers then.
    return undefined;
  }
}
