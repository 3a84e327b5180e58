import type { Clock, Random } from '../../clock/index.ts';
import type { Log } from '../../log.ts';
import { type NodeNetwork, type PolicyPlan, policyTable } from '../../network/index.ts';
import { Gathered } from '../gathered.ts';
import type { Api } from '../kubelet/api/api-client.ts';
import { Informer, type InformerOptions } from '../kubelet/api/informer.ts';
import type { KubernetesObject } from '../kubelet/objects/object.ts';
import { cutFlows } from './cut-flows.ts';
import { explainPolicies, type PolicyAnswer, type PolicyQuestion } from './explain-policies.ts';
import type { PolicyPod } from './objects.ts';
import { policyOf } from './policy.ts';
import { type NodePolicies, PolicyIndex } from './policy-index.ts';
import { dnsPod, podFacts } from './policy-pods.ts';
import { namespaces, networkPolicies, pods } from './resources.ts';

export interface PolicyAgentOptions {
  readonly api: Pick<Api, 'list' | 'watch'>;
  /** Whether policies are carried out at all; where that may have changed, `refresh` is called. Default: they are. */
  readonly isOn?: () => boolean;
  /** Of the service `kube-dns`, where nodes answer instead of pods. */
  readonly dnsAddress: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export interface GuardedNode {
  readonly name: string;
  /** The node's own. */
  readonly primaryAddress: string;
  /** Addresses of services at which the node itself answers: who asks there is judged as if it did not. */
  readonly answered: readonly string[];
  readonly network: Pick<NodeNetwork, 'interrupt' | 'setTable'>;
}

/** A pod does not begin before its policies are carried out. */
export interface PodGuard {
  /** The address that a pod is about to have: its policies are carried out from now on. */
  expect(podUid: string, address: string): void;
  /** Resolves when they are. @throws {Error} they are not within ten seconds, or the signal aborts. */
  ready(podUid: string, signal: AbortSignal): Promise<void>;
  /** It has no address any more. */
  forget(podUid: string): void;
}

/** What comes within this time is carried out together. Pods wait for it while their sandboxes are made. */
const gatherMs = 20;
const readyWithinMs = 10_000;
const unread = 'NetworkPolicies, Namespaces or Pods of the cluster could not be read';

/**
 * Carries out the network policies of one cluster on all nodes that it has on this machine: one watch for all of them, and each
 * node's own rules.
 */
export class PolicyAgent implements AsyncDisposable {
  readonly #options: PolicyAgentOptions;
  readonly #closing = new AbortController();
  readonly #index = new PolicyIndex();
  readonly #informers: readonly Pick<Informer<KubernetesObject>, 'hasSynced' | 'run' | 'synced'>[];
  readonly #running: Promise<unknown>;
  readonly #nodes = new Map<string, GuardedPods>();
  /** As they were last looked at: what else changes of a pod is no matter of policies. */
  readonly #facts = new Map<string, string>();
  /** They look again whenever a node's rules are written. */
  readonly #waiting = new Set<() => void>();

  constructor(options: PolicyAgentOptions) {
    this.#options = options;
    this.#index.putPod('kube-dns', dnsPod(options.dnsAddress));
    this.#informers = [
      this.#follow(networkPolicies, (now, before) => {
        const { namespace, name } = (now ?? before)?.metadata ?? { name: '' };
        this.#index.putPolicy(`${namespace}/${name}`, now && policyOf(now));
        this.#changed();
      }),
      this.#follow(namespaces, (now, before) => {
        const { name } = (now ?? before)?.metadata ?? { name: '' };
        const labels = now && (now.metadata.labels ?? {});
        if (!this.#isNews(`namespace ${name}`, labels)) return;
        this.#index.putNamespace(name, labels);
        this.#changed();
      }),
      this.#follow(pods, (now, before) => this.#changePod(now, before)),
    ];
    const { signal } = this.#closing;
    this.#running = Promise.all(this.#informers.map((each) => each.run(signal)));
    Promise.all(this.#informers.map(({ synced }) => synced)).then(() => this.#changed());
  }

  /** Carries policies out on that node from now on; until it is disposed of, or added again with another network. */
  add(node: GuardedNode): AsyncDisposable {
    const before = this.#nodes.get(node.name);
    const guarded = new GuardedPods(node, this.#options, {
      policies: () => this.#policiesOf(node.name),
      applied: () => {
        for (const look of this.#waiting) look();
      },
    });
    this.#nodes.set(node.name, guarded);
    if (this.#hasSynced()) guarded.poke();
    const replaced = before?.[Symbol.asyncDispose]();
    return {
      [Symbol.asyncDispose]: async () => {
        await replaced;
        if (this.#nodes.get(node.name) === guarded) this.#nodes.delete(node.name);
        await guarded[Symbol.asyncDispose]();
      },
    };
  }

  /** Looks whether policies are carried out. */
  refresh(): void {
    this.#changed();
  }

  /** What the policies that are carried out on this machine's nodes say of a packet. */
  explain(question: PolicyQuestion): readonly PolicyAnswer[] {
    return [...this.#nodes.values()].flatMap(({ plan }) => (plan ? explainPolicies(plan, question) : []));
  }

  guardOf(nodeName: string): PodGuard {
    const addresses = new Map<string, string>();
    return {
      expect: (podUid, address) => {
        if (addresses.get(podUid) === address) return;
        addresses.set(podUid, address);
        this.#index.putAddress(podUid, address);
        this.#changed();
      },
      ready: async (podUid, signal) => {
        const address = addresses.get(podUid);
        const isReady = () => this.#nodes.get(nodeName)?.addressOf(podUid) === address;
        await this.#until(isReady, signal);
      },
      forget: (podUid) => {
        if (!addresses.delete(podUid)) return;
        this.#index.putAddress(podUid, undefined);
        this.#changed();
      },
    };
  }

  /** What is in the kernel stays. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new Error('The network policy agent is closing'));
    await this.#running;
    await Promise.all(this.#nodes.values().map((each) => each[Symbol.asyncDispose]()));
  }

  #policiesOf(nodeName: string): NodePolicies {
    const policies = this.#index.policiesOf(nodeName);
    const { isOn = () => true } = this.#options;
    return isOn() ? policies : { ...policies, plan: { ...policies.plan, pods: [] } };
  }

  #follow<T extends KubernetesObject>(
    resource: InformerOptions<T>['resource'],
    onChange: (now: T | undefined, before: T | undefined) => void,
  ): Informer<T> {
    return new Informer<T>({ ...this.#options, resource, onChange });
  }

  #changePod(now: PolicyPod | undefined, before: PolicyPod | undefined): void {
    const uid = (now ?? before)?.metadata.uid ?? '';
    const facts = now && podFacts(now);
    if (!this.#isNews(uid, facts)) return;
    this.#index.putPod(uid, facts);
    this.#changed();
  }

  #isNews(key: string, facts: object | undefined): boolean {
    const text = facts && JSON.stringify(facts);
    if (this.#facts.get(key) === text) return false;
    if (text === undefined) this.#facts.delete(key);
    else this.#facts.set(key, text);
    return true;
  }

  #changed(): void {
    if (this.#hasSynced()) for (const node of this.#nodes.values()) node.poke();
  }

  #hasSynced(): boolean {
    return this.#informers.every(({ hasSynced }) => hasSynced);
  }

  async #until(holds: () => boolean, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const done = new AbortController();
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = () => {
      if (holds()) resolve();
    };
    this.#waiting.add(look);
    look();
    try {
      const ended = AbortSignal.any([signal, this.#closing.signal, done.signal]);
      const late = clock.sleep(readyWithinMs, ended).then(() => {
        const why = this.#hasSynced() ? 'its node does not take their rules, or does not know it' : unread;
        throw new Error(`the network policies of the pod could not be carried out within 10 s: ${why}`);
      });
      await Promise.race([promise, late]);
    } finally {
      this.#waiting.delete(look);
      done.abort();
    }
  }
}

/** The rules of one node. */
class GuardedPods implements AsyncDisposable {
  readonly #node: GuardedNode;
  readonly #policies: () => NodePolicies;
  readonly #onApplied: () => void;
  readonly #work: Gathered;
  #applied: NodePolicies | undefined;

  constructor(
    node: GuardedNode,
    { clock, log }: PolicyAgentOptions,
    { policies, applied }: { readonly policies: () => NodePolicies; readonly applied: () => void },
  ) {
    this.#node = node;
    this.#policies = policies;
    this.#onApplied = applied;
    this.#work = new Gathered({
      ...{ gatherMs, clock, work: () => this.#apply() },
      onFailure: (error) =>
        log.error('The network policies of a node are not as they shall be: it is tried again', {
          ...{ node: node.name, error },
        }),
    });
  }

  poke(): void {
    this.#work.poke();
  }

  /** As it is carried out; undefined: nothing is yet. */
  get plan(): PolicyPlan | undefined {
    return this.#applied?.plan;
  }

  /** With which a pod's policies are carried out. */
  addressOf(podUid: string): string | undefined {
    return this.#applied?.addresses.get(podUid);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#work[Symbol.asyncDispose]();
  }

  async #apply(): Promise<void> {
    const { network, answered, primaryAddress } = this.#node;
    const policies = this.#policies();
    await network.setTable(policyTable(policies.plan, answered));
    const isCut = cutFlows(this.#applied, policies, new Set([primaryAddress]));
    if (isCut !== undefined) await network.interrupt(isCut);
    this.#applied = policies;
    this.#onApplied();
  }
}
