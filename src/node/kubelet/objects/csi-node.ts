import type { KubernetesObject } from './object.ts';

/** The CSI drivers of a node. */
export interface CsiNode extends KubernetesObject {
  readonly spec: {
    readonly drivers: readonly {
      readonly name: string;
      readonly nodeID: string;
      readonly topologyKeys?: readonly string[];
    }[];
  };
}
