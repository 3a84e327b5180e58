import type { Labels } from '../../label-selector.ts';
import type { AddressGroup, IsolatedPod, PolicyPlan, PortGroup } from '../../network/index.ts';
import { Members } from './members.ts';
import type { NamedPort, PodGroup, Policy } from './policy.ts';
import type { PodFacts } from './policy-pods.ts';

/** What a node's pods may hear and say. */
export interface NodePolicies {
  readonly plan: PolicyPlan;
  /** Of all of the node's pods that have an address, by uid: policies that select them are in the plan. */
  readonly addresses: ReadonlyMap<string, string>;
}

interface Used<Of, Together> {
  readonly what: Of;
  readonly members: Members<Together>;
  users: number;
}

interface Isolation {
  readonly policies: readonly Policy[];
  readonly pod?: IsolatedPod;
}

/**
 * The policies, namespaces and pods of one cluster, put together so that what one of them changes is little work: of a pod,
 * one look at each group that some policy names; of a policy, its own groups and the pods of its namespace.
 */
export class PolicyIndex {
  readonly #policies = new Map<string, Policy>();
  readonly #namespaces = new Map<string, Labels>();
  readonly #pods = new Map<string, PodFacts>();
  /** Of pods of this machine, before the API server knows. */
  readonly #given = new Map<string, string>();
  readonly #podsIn = new Map<string, Set<string>>();
  readonly #podsOn = new Map<string, Set<string>>();
  readonly #policiesIn = new Map<string, Set<string>>();
  readonly #groups = new Map<string, Used<PodGroup, AddressGroup>>();
  readonly #namedPorts = new Map<string, Used<NamedPort, PortGroup>>();
  /** By pod, as far as somebody has asked. */
  readonly #isolations = new Map<string, Isolation>();

  /** @param key `namespace/name` */
  putPolicy(key: string, policy: Policy | undefined): void {
    const before = this.#policies.get(key);
    const namespace = (policy ?? before)?.namespace ?? '';
    for (const uid of this.#podsIn.get(namespace) ?? []) this.#isolations.delete(uid);
    if (policy === undefined) this.#policies.delete(key);
    else this.#policies.set(key, policy);
    moved(this.#policiesIn, key, before && namespace, policy && namespace);
    for (const group of policy?.groups ?? []) this.#use(group);
    for (const port of policy?.namedPorts ?? []) this.#usePort(port);
    for (const { id } of before?.groups ?? []) release(this.#groups, id);
    for (const { id } of before?.namedPorts ?? []) release(this.#namedPorts, id);
  }

  putNamespace(name: string, labels: Labels | undefined): void {
    if (labels === undefined) this.#namespaces.delete(name);
    else this.#namespaces.set(name, labels);
    for (const uid of this.#podsIn.get(name) ?? [])
      for (const group of this.#groups.values()) this.#join(uid, group);
  }

  /** @param facts Undefined: it is no more. */
  putPod(uid: string, facts: PodFacts | undefined): void {
    const before = this.#pods.get(uid);
    if (facts === undefined) this.#pods.delete(uid);
    else this.#pods.set(uid, facts);
    moved(this.#podsIn, uid, before?.namespace, facts?.namespace);
    moved(this.#podsOn, uid, before?.nodeName, facts?.nodeName);
    this.#changed(uid);
  }

  /** The address that a pod of this machine has, or is about to have, whatever the API server says; undefined: it has none of ours. */
  putAddress(uid: string, address: string | undefined): void {
    if (this.#given.get(uid) === address) return;
    if (address === undefined) this.#given.delete(uid);
    else this.#given.set(uid, address);
    this.#changed(uid);
  }

  policiesOf(nodeName: string): NodePolicies {
    const addresses = new Map<string, string>();
    const pods: IsolatedPod[] = [];
    const policies = new Set<Policy>();
    for (const uid of this.#podsOn.get(nodeName) ?? []) {
      const address = this.#addressOf(uid);
      if (address === undefined) continue;
      addresses.set(uid, address);
      const isolation = this.#isolationOf(uid, address);
      if (isolation.pod === undefined) continue;
      pods.push(isolation.pod);
      for (const policy of isolation.policies) policies.add(policy);
    }
    const groups = new Map<string, AddressGroup>();
    const namedPorts = new Map<string, PortGroup>();
    for (const policy of policies) {
      for (const { id } of policy.groups) putKnown(groups, id, this.#groups.get(id)?.members.together);
      for (const { id } of policy.namedPorts)
        putKnown(namedPorts, id, this.#namedPorts.get(id)?.members.together);
    }
    return { plan: { pods: oneForEachAddress(pods), groups, namedPorts }, addresses };
  }

  #changed(uid: string): void {
    this.#isolations.delete(uid);
    for (const group of this.#groups.values()) this.#join(uid, group);
    for (const port of this.#namedPorts.values()) this.#joinPort(uid, port);
  }

  #addressOf(uid: string): string | undefined {
    return this.#given.get(uid) ?? this.#pods.get(uid)?.address;
  }

  #use(group: PodGroup): void {
    const known = this.#groups.get(group.id);
    if (known !== undefined) {
      known.users += 1;
      return;
    }
    const members = new Members((addresses): AddressGroup => ({ addresses }));
    const used = { what: group, members, users: 1 };
    this.#groups.set(group.id, used);
    for (const uid of this.#pods.keys()) this.#join(uid, used);
  }

  #usePort(port: NamedPort): void {
    const known = this.#namedPorts.get(port.id);
    if (known !== undefined) {
      known.users += 1;
      return;
    }
    const { protocol } = port;
    const members = new Members((places): PortGroup => ({ protocol, places }));
    const used = { what: port, members, users: 1 };
    this.#namedPorts.set(port.id, used);
    for (const uid of this.#pods.keys()) this.#joinPort(uid, used);
  }

  #join(uid: string, { what, members }: Used<PodGroup, AddressGroup>): void {
    const pod = this.#pods.get(uid);
    const address = this.#addressOf(uid);
    const isMember =
      pod !== undefined && address !== undefined && what.has(pod, this.#namespaces.get(pod.namespace));
    members.put(uid, isMember ? [address] : []);
  }

  #joinPort(uid: string, { what, members }: Used<NamedPort, PortGroup>): void {
    const address = this.#addressOf(uid);
    const own = (this.#pods.get(uid)?.ports ?? []).filter(
      ({ name, protocol }) => name === what.name && protocol === what.protocol,
    );
    members.put(uid, address === undefined ? [] : own.map(({ number }) => `${address}:${number}`));
  }

  #isolationOf(uid: string, address: string): Isolation {
    const known = this.#isolations.get(uid);
    if (known !== undefined) return known;
    const { namespace = '', labels = {} } = this.#pods.get(uid) ?? {};
    const policies = [...(this.#policiesIn.get(namespace) ?? [])]
      .sort()
      .flatMap((key) => this.#policies.get(key) ?? [])
      .filter((policy) => policy.selects(labels));
    const ingress = policies.flatMap((policy) => policy.ingress ?? []);
    const egress = policies.flatMap((policy) => policy.egress ?? []);
    const pod = {
      address,
      ...(ingress.length > 0 && { ingress }),
      ...(egress.length > 0 && { egress }),
    };
    const isolation = policies.length === 0 ? { policies } : { policies, pod };
    this.#isolations.set(uid, isolation);
    return isolation;
  }
}

/** Where one pod has gone and the next has its address already, there are two of it for a moment: the one that came last counts. */
function oneForEachAddress(pods: readonly IsolatedPod[]): readonly IsolatedPod[] {
  return [...new Map(pods.map((pod) => [pod.address, pod])).values()];
}

function moved(
  sets: Map<string, Set<string>>,
  member: string,
  from: string | undefined,
  to: string | undefined,
): void {
  if (from === to) return;
  if (from !== undefined) {
    const left = sets.get(from);
    left?.delete(member);
    if (left?.size === 0) sets.delete(from);
  }
  if (to === undefined) return;
  const joined = sets.get(to) ?? new Set<string>();
  joined.add(member);
  sets.set(to, joined);
}

function release(used: Map<string, { users: number }>, id: string): void {
  const known = used.get(id);
  if (known === undefined) return;
  known.users -= 1;
  if (known.users === 0) used.delete(id);
}

function putKnown<T>(map: Map<string, T>, id: string, value: T | undefined): void {
  if (value !== undefined) map.set(id, value);
}
