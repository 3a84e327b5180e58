import type { VpcTopology } from '../topology/index.ts';

/**
 * The VPCs of one machine. `linux` makes them in the kernel; every method is one idempotent step: what is already so is
 * success, and clean-up works where set-up never ran.
 */
export interface VpcNetwork extends AsyncDisposable {
  /**
   * Makes a VPC on this machine as described, the whole of it: only what differs from before is touched, in one
   * transaction where the kernel has one. Interfaces are only made known; `attach` puts them somewhere.
   * @throws {NetworkError}
   */
  apply(vpc: VpcTopology): Promise<void>;
  /** Takes a VPC away with all that is in it. Absent is success. */
  remove(vpcId: string): Promise<void>;
  /**
   * Puts an interface into a network namespace as `eth0`, with its address, MAC and default route, and guards it from
   * then on: what somebody deletes by hand is made again. Waits until the interface is in a topology that was applied.
   * Further interfaces of a namespace are `eth1` and so on, and have their default route in a table of their own.
   * Once more with the same namespace changes nothing; with another one moves it.
   * @throws {NetworkError}
   */
  attach(attachment: Attachment): Promise<void>;
  /** Takes an interface out again and forgets it. Absent is success. */
  detach(interfaceId: string): Promise<void>;
  /** The interfaces that are in the kernel now. */
  attached(): readonly string[];
  /**
   * A socket that listens within a VPC on one of its link-local or resolver addresses, as a file descriptor for
   * `server.listen({ fd })` or `dgram.bind({ fd })`. Whoever asks for it closes it. @throws {NetworkError}
   */
  openSocket(vpcId: string, socket: VpcSocket): number;
  /** Whose interface an address of a VPC is, as far as it is on this machine. */
  interfaceAt(vpcId: string, address: string): string | undefined;
}

export interface Attachment {
  /** `eni-…`. */
  readonly interfaceId: string;
  /** Path of the namespace, e.g. `/proc/4711/ns/net`. It is opened at once, and may be gone later. */
  readonly netnsPath: string;
  /** Which interface of the namespace it is, from 0 on: `eth0`. Default 0. */
  readonly deviceIndex?: number;
  /** Its address is not the namespace's own, but somebody's to whom that leads. */
  readonly isForwarded?: boolean;
  readonly signal: AbortSignal;
}

export interface VpcSocket {
  readonly type: 'tcp' | 'udp';
  /** An address that the VPC's router has: 169.254.169.253, 169.254.170.2, 169.254.169.254, or the resolver's. */
  readonly address: string;
  readonly port: number;
}

/** What could not be done, on what, and what the kernel said. */
export class NetworkError extends Error {
  override readonly name = 'NetworkError';
}
