import type { DiskUse } from './disk-use.ts';

export interface ContainerStats {
  /** Total CPU time used, nanoseconds. */
  readonly cpuUsageNanos: number;
  readonly memoryBytes: number;
  readonly memoryLimitBytes?: number;
  /** The machine's own CPU time up to now, idle time included: what a share of the CPU is reckoned against. */
  readonly machine?: { readonly cpuTimeNanos: number; readonly cpus: number };
  /** By network interface, without the loopback. Absent where the network is the machine's own, and when not known. */
  readonly networks?: Readonly<Record<string, InterfaceStats>>;
  /** What was read from and written to block devices. Absent when not known. */
  readonly blockIo?: {
    readonly bytes: readonly BlockIoCount[];
    readonly operations: readonly BlockIoCount[];
  };
}

/** What a container takes of the machine's disk. */
export interface ContainerDiskUse {
  /** What it has written beside its volumes. */
  readonly written: DiskUse;
  readonly logBytes: number;
}

/** What came and went since the interface is there. */
export interface InterfaceStats {
  readonly rxBytes: number;
  readonly rxPackets: number;
  readonly rxErrors: number;
  readonly rxDropped: number;
  readonly txBytes: number;
  readonly txPackets: number;
  readonly txErrors: number;
  readonly txDropped: number;
}

/** Of one device; `op` in the words of the kernel: `Read`, `Write` and others, or `read` and `write`. */
export interface BlockIoCount {
  readonly major: number;
  readonly minor: number;
  readonly op: string;
  readonly value: number;
}
