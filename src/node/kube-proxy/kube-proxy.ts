import type { Clock, Random } from '../../clock/index.ts';
import type { Log } from '../../log.ts';
import { type ServicePlan, serviceTable } from '../../network/index.ts';
import type { ClusterView } from '../cluster-dns/cluster-names.ts';
import { Gathered } from '../gathered.ts';
import type { Api } from '../kubelet/api/api-client.ts';
import { Informer } from '../kubelet/api/informer.ts';
import { HealthChecks } from './health-checks.ts';
import { type EndpointSlice, type Service, serviceNameLabel } from './objects.ts';
import { localEndpoints, servicePlans } from './plan.ts';
import type { ProxiedNetwork } from './proxied-network.ts';
import { endpointSlices, services } from './resources.ts';
import { staleFlows } from './stale-flows.ts';

export interface KubeProxyOptions {
  readonly api: Pick<Api, 'list' | 'watch'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export interface ProxiedNode {
  readonly name: string;
  /** Its availability zone. */
  readonly zone?: string;
  /** Where its node ports are. */
  readonly primaryAddress: string;
  /** Addresses at which the node itself answers: no rules lead elsewhere from there. */
  readonly localAddresses: readonly string[];
  readonly network: ProxiedNetwork;
}

export interface Proxied extends AsyncDisposable {
  /** Resolves when the services that the cluster had at first are carried out on the node. */
  readonly carriedOut: Promise<void>;
}

/** What comes within this time is carried out together. */
const gatherMs = 50;

/**
 * Leads the services of one cluster to their endpoints, on all nodes that the cluster has on this machine: one watch for
 * all of them, and each node's own rules.
 */
export class KubeProxy implements AsyncDisposable {
  readonly #options: KubeProxyOptions;
  readonly #closing = new AbortController();
  readonly #services: Informer<Service>;
  readonly #slices: Informer<EndpointSlice>;
  readonly #running: Promise<unknown>;
  /** By `namespace/name` of the service, and the slice's own name. */
  readonly #slicesOf = new Map<string, Map<string, EndpointSlice>>();
  readonly #nodes = new Map<string, NodeRules>();

  constructor(options: KubeProxyOptions) {
    this.#options = options;
    const shared = { ...options };
    this.#services = new Informer<Service>({
      ...shared,
      resource: services,
      onChange: (now, before) => {
        const { namespace, name } = (now ?? before)?.metadata ?? { name: '' };
        this.#change(`${namespace}/${name}`);
      },
    });
    this.#slices = new Informer<EndpointSlice>({
      ...shared,
      resource: endpointSlices,
      onChange: (now, before) => this.#changeSlice(now, before),
    });
    const { signal } = this.#closing;
    this.#running = Promise.all([this.#services.run(signal), this.#slices.run(signal)]);
    this.synced.then(() => {
      for (const node of this.#nodes.values()) this.#begin(node);
    });
  }

  /** Carries the services on that node from now on; until it is disposed of, or added again with another network. */
  add(node: ProxiedNode): Proxied {
    const before = this.#nodes.get(node.name);
    const rules = new NodeRules(node, this.#options, (key) => this.#plansOf(key, node));
    this.#nodes.set(node.name, rules);
    if (this.#hasSynced()) this.#begin(rules);
    const replaced = before?.[Symbol.asyncDispose]();
    return {
      carriedOut: rules.carriedOut,
      [Symbol.asyncDispose]: async () => {
        await replaced;
        if (this.#nodes.get(node.name) === rules) this.#nodes.delete(node.name);
        await rules[Symbol.asyncDispose]();
      },
    };
  }

  /** Resolves when the cluster's services are known. */
  get synced(): Promise<unknown> {
    return Promise.all([this.#services.synced, this.#slices.synced]);
  }

  /** What the cluster's services are now: none before they are known. */
  get view(): ClusterView {
    return {
      service: (namespace, name) => this.#services.get(namespace, name),
      services: () => this.#services.all(),
      slicesOf: (namespace, name) => this.#slicesIn(`${namespace}/${name}`),
    };
  }

  /** What is in the kernel stays. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new Error('The service proxy is closing'));
    await this.#running;
    await Promise.all(this.#nodes.values().map((each) => each[Symbol.asyncDispose]()));
  }

  #hasSynced(): boolean {
    return this.#services.hasSynced && this.#slices.hasSynced;
  }

  #begin(node: NodeRules): void {
    for (const { metadata } of this.#services.all()) node.note(`${metadata.namespace}/${metadata.name}`);
    node.begin();
  }

  #changeSlice(now: EndpointSlice | undefined, before: EndpointSlice | undefined): void {
    for (const slice of [before, now]) {
      const service = slice?.metadata.labels?.[serviceNameLabel];
      if (slice === undefined || service === undefined) continue;
      const key = `${slice.metadata.namespace}/${service}`;
      const known = this.#slicesOf.get(key) ?? new Map<string, EndpointSlice>();
      if (slice === now) known.set(slice.metadata.name, slice);
      else known.delete(slice.metadata.name);
      if (known.size === 0) this.#slicesOf.delete(key);
      else this.#slicesOf.set(key, known);
      this.#change(key);
    }
  }

  #change(serviceKey: string): void {
    for (const node of this.#nodes.values()) node.note(serviceKey);
  }

  #slicesIn(serviceKey: string): readonly EndpointSlice[] {
    const all = this.#slicesOf.get(serviceKey)?.values() ?? [];
    return [...all].filter(({ addressType }) => addressType === 'IPv4');
  }

  #plansOf(key: string, node: ProxiedNode): Planned {
    const { localAddresses } = node;
    const [namespace = '', name = ''] = key.split('/');
    const service = this.#services.get(namespace, name);
    if (service === undefined || localAddresses.includes(service.spec?.clusterIP ?? '')) return { plans: [] };
    const slices = this.#slicesIn(key);
    const port = service.spec?.healthCheckNodePort ?? 0;
    return {
      plans: servicePlans(service, slices, node).map((plan) => ({
        ...plan,
        externalIps: plan.externalIps.filter((address) => !localAddresses.includes(address)),
      })),
      ...(port > 0 && { health: { port, localEndpoints: localEndpoints(slices, node.name) } }),
    };
  }
}

interface Planned {
  readonly plans: readonly ServicePlan[];
  readonly health?: { readonly port: number; readonly localEndpoints: number };
}

/** The rules of one node: what changed is planned anew, and all is told to the kernel, which is told the difference. */
class NodeRules implements AsyncDisposable {
  readonly #node: ProxiedNode;
  readonly #plansOf: (serviceKey: string) => Planned;
  readonly #work: Gathered;
  readonly #changed = new Set<string>();
  readonly #planned = new Map<string, { readonly text: string; readonly planned: Planned }>();
  readonly #healthChecks: HealthChecks;
  readonly #carriedOut = Promise.withResolvers<void>();
  #applied: readonly ServicePlan[] = [];
  #mayApply = false;

  constructor(node: ProxiedNode, options: KubeProxyOptions, plansOf: (serviceKey: string) => Planned) {
    const { clock, log } = options;
    this.#node = node;
    this.#plansOf = plansOf;
    this.#healthChecks = new HealthChecks(node.network, log);
    this.#work = new Gathered({
      ...{ gatherMs, clock, work: () => this.#apply() },
      onFailure: (error) =>
        log.error('The services of a node are not as they shall be: it is tried again', {
          ...{ node: node.name, error },
        }),
    });
  }

  get carriedOut(): Promise<void> {
    return this.#carriedOut.promise;
  }

  note(serviceKey: string): void {
    this.#changed.add(serviceKey);
    if (this.#mayApply) this.#work.poke();
  }

  /** All services are known. */
  begin(): void {
    this.#mayApply = true;
    this.#work.poke();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#work[Symbol.asyncDispose]();
    await this.#healthChecks[Symbol.asyncDispose]();
  }

  async #apply(): Promise<void> {
    const { network, primaryAddress } = this.#node;
    for (const key of this.#changed) this.#plan(key);
    this.#changed.clear();
    const all = [...this.#planned.values()];
    const plans = all.flatMap(({ planned }) => planned.plans);
    await network.setTable(serviceTable(plans, primaryAddress));
    const isStale = staleFlows(this.#applied, plans, primaryAddress);
    this.#applied = plans;
    if (isStale !== undefined) await network.interrupt(isStale);
    this.#healthChecks.set(
      Array.from(this.#planned, ([service, { planned }]) => ({ service, ...planned.health })),
    );
    this.#carriedOut.resolve();
  }

  /** What is planned as before stays the same object, and so are its rules. */
  #plan(key: string): void {
    const planned = this.#plansOf(key);
    const text = JSON.stringify(planned);
    if (planned.plans.length === 0) this.#planned.delete(key);
    else if (this.#planned.get(key)?.text !== text) this.#planned.set(key, { text, planned });
  }
}
