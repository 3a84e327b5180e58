import type { Server } from 'node:net';
import {
  type ClientCounts,
  type GroupCounts,
  noClientCounts,
  type TargetGroupPlan,
} from '../../../../balancing/index.ts';
import type { Clock, Random } from '../../../../clock/index.ts';
import { askGuard } from '../../guard/ask.ts';
import { isLayer4, type Observation, targetName, usesTarget } from '../../targets.ts';
import type { ProxyConfiguration, ProxyStatus } from '../control.ts';
import { certificatesOf } from './certificates.ts';
import { Connections } from './connections.ts';
import type { Dial } from './dial.ts';
import { openHttpListener } from './http-listener.ts';
import { kindOf, type ListenerSetting, type ListeningServer } from './listener.ts';
import { TargetGroup } from './target-group.ts';
import { openTcpListener } from './tcp-listener.ts';

export interface ProxyOptions {
  /** To targets of a group. */
  readonly dial: (targetType: 'ip' | 'instance') => Dial;
  readonly clock: Clock;
  readonly random: Random;
}

/** The proxy of a node: what it does is given whole, and only what differs is touched. */
export class NodeProxy implements Disposable {
  readonly #options: ProxyOptions;
  readonly #groups = new Map<string, TargetGroup>();
  readonly #listeners = new Map<string, { readonly kind: string; readonly listening: ListeningServer }>();
  readonly #fromClients = new Connections();
  readonly #toTargets = new Connections();
  #own: ClientCounts = noClientCounts;

  constructor(options: ProxyOptions) {
    this.#options = options;
  }

  /** @throws {BalancerError | Error} a certificate can't be used, or a port: it stays as it was. */
  async configure(configuration: ProxyConfiguration): Promise<void> {
    const { plan, node, cookieKey, certificates, known } = configuration;
    const { attributes } = plan;
    const chains = new Map(certificates);
    const guard = askGuard(node.interfaceId, this.#options.clock);
    const wanted = plan.listeners
      // The kernel carries datagrams.
      .filter(({ protocol }) => protocol !== 'UDP')
      .map((listener): ListenerSetting => {
        const isSecure = listener.protocol === 'HTTPS' || listener.protocol === 'TLS';
        return {
          ...{ plan: listener, attributes, cookieKey, guard, group: (arn: string) => this.#group(arn) },
          ...(isSecure ? { certificates: certificatesOf(listener, chains) } : {}),
        };
      });
    const groups = new Map(plan.targetGroups.map((group) => [group.arn, group]));
    const health = new Map(known);
    for (const group of groups.values()) {
      const targets = group.targets.filter((target) => usesTarget(plan, node, group, target));
      const here = this.#groups.get(group.arn) ?? this.#newGroup(group);
      this.#groups.set(group.arn, here);
      here.follow(group, targets, health);
    }
    const opened = await this.#open(wanted, node.address);
    for (const setting of wanted) {
      const { id } = setting.plan;
      const before = this.#listeners.get(id);
      const listening = opened.get(id);
      if (listening === undefined) before?.listening.follow(setting);
      else {
        before?.listening.finish();
        this.#listeners.set(id, { kind: kindOf(setting), listening });
      }
    }
    for (const [id, { listening }] of this.#listeners) {
      if (wanted.some((setting) => setting.plan.id === id)) continue;
      this.#listeners.delete(id);
      listening.finish();
    }
    for (const [arn, group] of this.#groups) {
      if (groups.has(arn)) continue;
      this.#groups.delete(arn);
      group[Symbol.dispose]();
    }
  }

  status(): Omit<ProxyStatus, 'fingerprint' | 'version'> {
    const targets: [string, Observation][] = [];
    const groups: [string, GroupCounts][] = [];
    for (const group of this.#groups.values()) {
      groups.push([group.plan.id, group.meter.counts]);
      for (const target of group.targets) {
        targets.push([targetName(group.plan, target.plan), target.observation()]);
      }
    }
    const clients = {
      ...this.#own,
      newConnections: this.#fromClients.count,
      bytes: this.#fromClients.bytes,
    };
    return {
      ...{ targets, clients, groups },
      open: { fromClients: this.#fromClients.open, toTargets: this.#toTargets.open },
    };
  }

  /** Takes nothing new; what is under way goes on. */
  finish(): void {
    for (const { listening } of this.#listeners.values()) listening.finish();
    this.#listeners.clear();
  }

  /** Of clients. */
  get openConnections(): number {
    return this.#fromClients.open;
  }

  [Symbol.dispose](): void {
    this.finish();
    for (const group of this.#groups.values()) group[Symbol.dispose]();
    this.#fromClients.destroy();
    this.#toTargets.destroy();
  }

  #group(arn: string): TargetGroup {
    const group = this.#groups.get(arn);
    if (group === undefined) throw new Error(`The plan names a target group that it does not have: ${arn}`);
    return group;
  }

  #newGroup(plan: TargetGroupPlan): TargetGroup {
    const { dial, clock, random } = this.#options;
    return new TargetGroup(
      plan,
      { dial: dial(plan.targetType), connections: this.#toTargets, clock },
      random,
    );
  }

  /** Servers for those that need another one than they have, by id. @throws a port can't be had. */
  async #open(
    wanted: readonly ListenerSetting[],
    address: string,
  ): Promise<ReadonlyMap<string, ListeningServer>> {
    const { clock, random } = this.#options;
    const parts = { connections: this.#fromClients, answered: this.#answered, clock, random };
    const opened = new Map<string, ListeningServer>();
    try {
      for (const setting of wanted) {
        const { id, protocol, port } = setting.plan;
        if (this.#listeners.get(id)?.kind === kindOf(setting)) continue;
        const open = isLayer4(protocol) ? openTcpListener : openHttpListener;
        const listening = open(setting, parts);
        opened.set(id, listening);
        await listen(listening.server, address, port);
      }
    } catch (error) {
      for (const listening of opened.values()) listening.finish();
      throw error;
    }
    return opened;
  }

  readonly #answered = (status: number): void => {
    const name = `own${Math.floor(status / 100)}xx`;
    if (name === 'own3xx' || name === 'own4xx' || name === 'own5xx') {
      this.#own = { ...this.#own, [name]: this.#own[name] + 1 };
    }
  };
}

const backlog = 4_096;

/** Beside another one on the same port, which may finish meanwhile. */
async function listen(server: Server, host: string, port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen({ host, port, backlog, reusePort: true }, resolve);
  await promise;
  server.off('error', reject);
}
