/** What a node's pods may hear and say, as far as policies isolate them. Addresses are IPv4. */
export interface PolicyPlan {
  /** The node's own, those alone that some policy isolates; no two have the same address. */
  readonly pods: readonly IsolatedPod[];
  /** Those that the pods' policies name, by id; wherever their members are. */
  readonly groups: ReadonlyMap<string, AddressGroup>;
  /** Those that the pods' policies name, by id; of pods wherever they are. */
  readonly namedPorts: ReadonlyMap<string, PortGroup>;
}

/** What is undefined is not isolated. */
export interface IsolatedPod {
  readonly address: string;
  /** Who may begin to speak with it: what any of these lets pass. */
  readonly ingress?: readonly PolicyRules[];
  /** With whom it may begin to speak. */
  readonly egress?: readonly PolicyRules[];
}

/** What one policy lets pass in one direction, the same for all pods that it selects. The same object while it is the same. */
export interface PolicyRules {
  /** `namespace/name` */
  readonly policy: string;
  readonly rules: readonly PolicyRule[];
}

export interface PolicyRule {
  readonly peers: 'all' | readonly PolicyPeer[];
  readonly ports: 'all' | readonly PolicyPort[];
}

export type PolicyPeer =
  | { readonly type: 'group'; readonly id: string }
  /** Blocks of addresses, those within a block that are meant without it left out. */
  | { readonly type: 'block'; readonly cidr: string; readonly except: readonly string[] };

export type PolicyPort =
  | { readonly type: 'range'; readonly protocol: PolicyProtocol; readonly from: number; readonly to: number }
  /** A port that the pod which is asked has by a name. */
  | { readonly type: 'named'; readonly id: string };

export type PolicyProtocol = 'sctp' | 'tcp' | 'udp';

/** Addresses that a policy means by what their pods are. The same object while it is the same. */
export interface AddressGroup {
  readonly addresses: ReadonlySet<string>;
}

/** A port's name and where it is. The same object while it is the same. */
export interface PortGroup {
  readonly protocol: PolicyProtocol;
  /** `address:port` */
  readonly places: ReadonlySet<string>;
}

/** All that there are. */
export const allPorts = { from: 0, to: 65_535 } as const;
