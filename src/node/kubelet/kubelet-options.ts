import type { Socket } from 'node:net';
import type { Clock, Random } from '../../clock/index.ts';
import type { Log } from '../../log.ts';
import type { HostPort } from '../../network/index.ts';
import type { Image, Runtime, SandboxNetwork } from '../../runtime/index.ts';
import type { LocalVolumes } from '../volumes/local-volumes.ts';
import type { Taint } from './objects/node.ts';
import type { Pod } from './objects/pod.ts';
import type { FileSystemSpace } from './usage/node-disk.ts';

/** Everything one kubelet is told. */
export interface KubeletOptions {
  readonly node: NodeDescription;
  readonly api: ApiAccess;
  readonly runtime: Runtime;
  readonly podNetwork: PodNetwork;
  /** What the containers of its pods run under. Default: like any container. */
  readonly isolation?: 'gvisor';
  /** Default: from the machine itself. */
  readonly dialer?: PodDialer;
  /** The CSI driver that nodes have by themselves; absent: its volumes are not mounted. */
  readonly localDriver?: LocalDriver;
  readonly clusterDns: { readonly address: string; readonly domain: string };
  /** Its own, of this kubelet alone; made when it is not there. */
  readonly stateDirectory: string;
  /** On everything that it makes in the engine, and by which it finds it again. */
  readonly labels: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly settings?: Partial<KubeletSettings>;
  /** What is left of the machine's disk. Default: of the file system of the state directory. */
  readonly machineDisk?: () => Promise<FileSystemSpace>;
}

/** The volumes of the node's machine, as a CSI driver of the node. */
export interface LocalDriver {
  /** As PersistentVolumes name it. */
  readonly name: string;
  /** Of the node: the others' volumes are not mounted. */
  readonly clusterId: string;
  /** Labels of the node that say where its volumes are. */
  readonly topologyKeys: readonly string[];
  readonly volumes: Pick<LocalVolumes, 'growFileSystem' | 'onGrown' | 'publish' | 'release'>;
}

/** The node that the kubelet registers: an instance, the slice of a machine that EC2 sells. */
export interface NodeDescription {
  /** Its private DNS name, e.g. `ip-10-0-1-7.eu-west-1.compute.internal`. */
  readonly name: string;
  /** Its label `kubernetes.io/hostname`. Default: its name. */
  readonly hostname?: string;
  /** `aws:///<availability zone>/<instance id>`, of a node of Fargate with its name behind. */
  readonly providerId: string;
  readonly instanceId: string;
  /** Absent: of a node of Fargate, which is of none. */
  readonly instanceType?: string;
  /** The uid of the pod that a node of Fargate is for: it takes no other. Default: any. */
  readonly onlyPod?: string;
  readonly region: string;
  readonly availabilityZone: string;
  /** E.g. `1.35`. Default: the cluster's own when the kubelet starts. */
  readonly kubernetesVersion?: string;
  /** Beside those that every kubelet sets, e.g. `eks.amazonaws.com/nodegroup`. */
  readonly labels: Readonly<Record<string, string>>;
  /** Set when the node registers, and not again. */
  readonly taints: readonly Taint[];
  readonly capacity: {
    readonly cpuMillis: number;
    readonly memoryMiB: number;
    readonly pods: number;
    readonly ephemeralStorageBytes: number;
  };
  /** Of its primary network interface. */
  readonly internalIp: string;
  readonly networkInterfaceId: string;
  /** Where the API server reaches the kubelet: the machine's address, loopback on one machine. */
  readonly machineAddress: string;
}

/** How the API server is reached, as user `system:node:<name>` of group `system:nodes`. */
export interface ApiAccess {
  /** `https://…` */
  readonly endpoint: string;
  /** PEM. */
  readonly certificateAuthority: string;
  /** A bearer token that is good now. Asked for again when the last one is old or was refused. */
  token(): Promise<string>;
}

/** Gives pods their addresses, and puts their interfaces into their namespaces. */
export interface PodNetwork {
  /**
   * The path of the node's own network namespace, with its interfaces in it: where pods with `hostNetwork` are.
   * @throws {Error} it can't be had.
   */
  nodeNamespace(signal: AbortSignal): Promise<string>;
  /**
   * Gives the pod its address in the VPC; idempotent by uid.
   * @throws {Error} with `failed to assign an IP address to container` when there is none.
   */
  assign(pod: PodIdentity, signal: AbortSignal): Promise<{ readonly network: SandboxNetwork }>;
  /** Puts the interface into the pod's network namespace; idempotent. */
  join(pod: PodIdentity, netnsPath: string, signal: AbortSignal): Promise<void>;
  /** Takes the address back. Of a pod that has none: success. */
  release(podUid: string): Promise<void>;
}

export interface PodIdentity {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  /** Ports of the node that lead to it. */
  readonly hostPorts: readonly HostPort[];
  /** The interface that it has for itself; `awaited`: it asks for one, and has not been told which. */
  readonly ownInterface?: OwnInterface | 'awaited';
}

/** An interface behind the trunk interface of a pod's node. */
export interface OwnInterface {
  /** `eni-…` */
  readonly id: string;
  readonly macAddress: string;
  readonly address: string;
  /** No other interface of the node has it. */
  readonly vlanId: number;
}

/** What a pod's containers mount. */
export interface PodVolumes {
  /**
   * Makes ready what the pod's containers mount, and keeps the files of configMap, secret, projected and downwardAPI
   * volumes fresh until `unmount`. Idempotent, also over restarts.
   * @returns by volume name.
   * @throws {Error} in the words of the event FailedMount.
   */
  mount(pod: Pod, signal: AbortSignal): Promise<ReadonlyMap<string, MountedVolume>>;
  /**
   * Makes the files of an image ready, which is on this machine, for a volume of a pod: until `unmount`.
   * @throws {RuntimeError}; {Error} it can't be unpacked.
   */
  mountImage(pod: Pod, image: Image, signal: AbortSignal): Promise<MountedVolume>;
  /** Takes all of a pod's volumes away. Absent is success. */
  unmount(podUid: string): Promise<void>;
}

export interface MountedVolume {
  /** On this machine. */
  readonly source: string;
  readonly isReadOnly?: boolean;
  /** With other pods: nothing is made in it for one. */
  readonly isShared?: boolean;
}

/** Opens connections to pods, as the node itself does: from where a pod's address is reachable. */
export interface PodDialer {
  /** Connected when it resolves. @throws {Error} as `node:net` says it. */
  connect(
    target: { readonly address: string; readonly port: number; readonly podUid: string },
    signal: AbortSignal,
  ): Promise<Socket>;
}

/** Upstream's defaults; tests turn them down. */
export interface KubeletSettings {
  /** Between two renewals of the node's lease. */
  readonly leaseRenewMs: number;
  readonly leaseDurationSeconds: number;
  /** Between two looks at whether the node's status has changed. */
  readonly statusCheckMs: number;
  /** A status that has not changed is reported all the same after this. */
  readonly statusReportMs: number;
  /** Between two looks at what pods use. */
  readonly evictionCheckMs: number;
  /** How long a node says that it is short of something after it no longer is. */
  readonly pressureTransitionMs: number;
  /** How many containers start at the same time. */
  readonly startConcurrency: number;
  /** Where on its machine seccomp profiles of the type Localhost are. */
  readonly seccompProfiles: string;
}

export const defaultSettings: KubeletSettings = {
  leaseRenewMs: 10_000,
  leaseDurationSeconds: 40,
  statusCheckMs: 10_000,
  statusReportMs: 300_000,
  evictionCheckMs: 10_000,
  pressureTransitionMs: 300_000,
  startConcurrency: 4,
  // Upstream's, so that what puts profiles there for other kubelets does it for this one.
  seccompProfiles: '/var/lib/kubelet/seccomp',
};
