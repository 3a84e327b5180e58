import type { Clock, Random } from '../../../clock/index.ts';
import type { Log } from '../../../log.ts';
import type { Runtime, RuntimeInfo } from '../../../runtime/index.ts';
import { BackOff, retry } from '../../back-off.ts';
import { Gate } from '../../gate.ts';
import type { Api } from '../api/api-client.ts';
import { ApiError, isConflict, isNotFound } from '../api/api-error.ts';
import { leases, nodes } from '../api/resources.ts';
import type { PressureType } from '../eviction/thresholds.ts';
import type { KubeletOptions, KubeletSettings, NodeDescription } from '../kubelet-options.ts';
import type { Node, NodeStatus } from '../objects/node.ts';
import { handlersOf } from '../pods/runtime-handlers.ts';
import { conditionEvents } from './condition-events.ts';
import { type MachineFacts, nodeInfo } from './node-facts.ts';
import {
  nodeConditions,
  nodeLabels,
  nodeLease,
  nodeObject,
  nodeStatus,
  saysTheSame,
  withExtended,
} from './node-object.ts';

export interface NodeReporterOptions {
  readonly description: NodeDescription;
  readonly api: Api;
  readonly runtime: Pick<Runtime, 'info'>;
  readonly isolation: KubeletOptions['isolation'];
  readonly machine: MachineFacts;
  /** With its `v`. */
  readonly kubeletVersion: string;
  readonly settings: KubeletSettings;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** What the node is short of. */
  readonly pressures: () => ReadonlySet<PressureType>;
  /** Where the kubelet's own API listens, once it does. */
  readonly port: () => number | undefined;
  /** Something has become of the node, of which an event tells. @param reason The event's. */
  readonly onBecame?: (reason: string) => void;
}

/**
 * The one writer of the node's status and of its lease. The lease is renewed often and costs little; the status is
 * written when it says something new, and now and then all the same.
 */
export class NodeReporter {
  readonly #options: NodeReporterOptions;
  readonly #gate = new Gate();
  #node: Node | undefined;
  #engine: RuntimeInfo | undefined;
  #reportedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: NodeReporterOptions) {
    this.#options = options;
  }

  /** As the API server last told it; undefined before it is registered. */
  get node(): Node | undefined {
    return this.#node;
  }

  /** Asks for the node; where nobody answers, what was told last still counts. */
  async refresh(signal: AbortSignal): Promise<void> {
    const { api, log } = this.#options;
    try {
      this.#node = await api.get(nodes, undefined, this.#name, signal);
    } catch (error) {
      log.debug('The node could not be read', { node: this.#name, error });
    }
  }

  /** Something about the node has changed: it is looked at now. */
  poke(): void {
    this.#gate.open();
  }

  /**
   * Creates the node, or takes up the one that is there: its labels are set as the kubelet has them, its taints are left.
   * Tries until it succeeds. @throws the signal's reason, or an {ApiError} that will not pass.
   */
  async register(signal: AbortSignal): Promise<Node> {
    const { clock, random, log } = this.#options;
    this.#node = await retry(() => this.#registerOnce(signal), {
      ...{ clock, signal },
      backOff: new BackOff({ leastMs: 200, mostMs: 7_000 }, random),
      isRetryable: () => true,
      onFailure: (error, delayMs) => {
        log.warn('The node could not be registered: trying again', { node: this.#name, delayMs, error });
      },
    });
    return this.#node;
  }

  /** Writes the status until the signal aborts. */
  async reportStatus(signal: AbortSignal): Promise<void> {
    const { clock, log, settings } = this.#options;
    let lastReason: string | undefined;
    while (!signal.aborted) {
      try {
        await this.#report(signal);
        lastReason = undefined;
      } catch (error) {
        if (signal.aborted) return;
        const reason = error instanceof Error ? error.message : String(error);
        if (reason !== lastReason)
          log.warn('The node status could not be reported', { node: this.#name, error });
        lastReason = reason;
      }
      await this.#gate.wait(signal, clock, settings.statusCheckMs);
    }
  }

  /** Renews the lease until the signal aborts. */
  async renewLease(signal: AbortSignal): Promise<void> {
    const { clock, random, log, settings } = this.#options;
    const backOff = new BackOff({ leastMs: 200, mostMs: 7_000 }, random);
    while (!signal.aborted) {
      let delayMs = settings.leaseRenewMs;
      try {
        await this.#renew(signal);
        backOff.reset();
      } catch (error) {
        if (signal.aborted) return;
        delayMs = Math.min(delayMs, backOff.nextDelayMs());
        log.debug('The node lease could not be renewed: trying again', { node: this.#name, delayMs, error });
      }
      await clock.sleep(delayMs, signal).catch(() => {});
    }
  }

  get #name(): string {
    return this.#options.description.name;
  }

  async #registerOnce(signal: AbortSignal): Promise<Node> {
    const { api, description } = this.#options;
    const status = await this.#status([]);
    const architecture = this.#engine?.architecture ?? '';
    try {
      const made = await api.create(nodes, undefined, nodeObject(description, architecture, status), signal);
      this.#tell(status, {});
      return made;
    } catch (error) {
      if (!(error instanceof ApiError && error.reason === 'AlreadyExists')) throw error;
    }
    const { metadata, spec } = nodeObject(description, architecture, status);
    const body = {
      metadata: { labels: nodeLabels(description, architecture), annotations: metadata.annotations },
      spec: { providerID: spec?.providerID },
    };
    return api.patch(nodes, undefined, this.#name, { type: 'merge', body }, signal);
  }

  async #report(signal: AbortSignal): Promise<void> {
    const { api, clock, settings } = this.#options;
    // Others write to it, too: what it has of their resources.
    this.#node = await api.get(nodes, undefined, this.#name, signal);
    const { status: before = {} } = this.#node;
    const status = withExtended(await this.#status(before.conditions ?? []), before);
    const isDue = clock.monotonic() - this.#reportedAtMs >= settings.statusReportMs;
    if (!isDue && saysTheSame(status, this.#known(before, status))) return;
    const patch = { type: 'strategic', body: { status }, subresource: 'status' } as const;
    this.#node = await api.patch(nodes, undefined, this.#name, patch, signal);
    this.#reportedAtMs = clock.monotonic();
    this.#tell(status, before);
  }

  #tell({ conditions = [] }: NodeStatus, { conditions: before = [] }: NodeStatus): void {
    for (const reason of conditionEvents(conditions, before)) this.#options.onBecame?.(reason);
  }

  /** Of what the API server has, that which the kubelet writes. */
  #known(before: NodeStatus, status: NodeStatus): NodeStatus {
    const types = new Set(status.conditions?.map(({ type }) => type));
    const members = Object.keys(status) as (keyof NodeStatus)[];
    const known = Object.fromEntries(members.map((member) => [member, before[member]]));
    const own = (amounts: NodeStatus['capacity'], written: NodeStatus['capacity'] = {}) =>
      amounts && Object.fromEntries(Object.keys(written).map((name) => [name, amounts[name] ?? '']));
    return {
      ...known,
      ...(before.capacity && { capacity: own(before.capacity, status.capacity) ?? {} }),
      ...(before.allocatable && { allocatable: own(before.allocatable, status.allocatable) ?? {} }),
      conditions: before.conditions?.filter(({ type }) => types.has(type)) ?? [],
    };
  }

  async #status(before: Parameters<typeof nodeConditions>[1]): Promise<NodeStatus> {
    const { description, runtime, machine, kubeletVersion, clock, pressures, port } = this.#options;
    let notReady: string | undefined;
    try {
      this.#engine = await runtime.info();
    } catch (error) {
      // A node that was never told what it runs on can't be described.
      if (this.#engine === undefined) throw error;
      notReady = 'container runtime is down';
    }
    const health = { pressures: pressures(), ...(notReady !== undefined && { notReady }) };
    const conditions = nodeConditions(health, before, clock.now());
    return nodeStatus(description, conditions, {
      info: nodeInfo(description, this.#engine, machine, kubeletVersion),
      handlers: handlersOf(this.#engine, this.#options.isolation),
      port: port(),
    });
  }

  async #renew(signal: AbortSignal): Promise<void> {
    const { api, clock, settings } = this.#options;
    const lease = nodeLease(this.#name, this.#node, {
      ...{ nowMs: clock.now(), durationSeconds: settings.leaseDurationSeconds },
    });
    try {
      const patch = { type: 'merge', body: lease } as const;
      await api.patch(leases, lease.metadata.namespace, this.#name, patch, signal);
    } catch (error) {
      if (!isNotFound(error)) throw error;
      await api.create(leases, lease.metadata.namespace, lease, signal).catch((failure: unknown) => {
        if (!isConflict(failure)) throw failure;
      });
    }
  }
}
