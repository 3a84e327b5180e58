import type { NodePod } from './host-ports.ts';

/** Where a node is. */
export interface NodePlace {
  /** Of the node's own network namespace, which has its interfaces. */
  readonly netnsPath: string;
  /** Where the node itself answers its pods, beside its interfaces' addresses: services that this process is. */
  readonly localAddresses: readonly string[];
  /** `eni-…`, its primary one. */
  readonly interfaceId: string;
  readonly primaryAddress: string;
  /** Those that have an address, as far as is known from before: their links are left as they are. */
  readonly pods: readonly NodePod[];
}
