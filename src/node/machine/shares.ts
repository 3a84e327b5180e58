/**
 * How one machine is divided among the container instances that it hosts. Instances are slices: what was
 * given to one is not given to another. Exactly one, the machine's own, has no size: it is what the others leave.
 * The Fargate host lives on that one's share.
 */
export interface MachineSize {
  /** CPU units, 1024 to a core. */
  readonly cpu: number;
  readonly memoryMiB: number;
}

export interface HostedInstance {
  /** `i-` and 17 hex digits, as EC2 names instances. */
  readonly id: string;
  readonly name: string;
  readonly cluster: string;
  /** Absent: the region's first. */
  readonly availabilityZone?: string;
  /** It belongs to the Auto Scaling group of this one. */
  readonly capacityProvider?: string;
  /**
   * It takes Fargate tasks, whose room it borrows from the machine's own instance: it has no share of its own and is
   * no container instance to anybody.
   */
  readonly isFargateHost?: true;
  /** ECS has launched it and ends it: nobody adds or removes it here. */
  readonly isManaged?: true;
  /** It is a node of a Kubernetes cluster, `cluster`: a kubelet runs it and no agent. */
  readonly isNode?: true;
  /** Undefined for the machine's own instance, and for the Fargate host. */
  readonly size: MachineSize | undefined;
  /** Of the volume on which its tasks write together. Absent: they write on the machine's disk, without a limit. */
  readonly storageGiB?: number;
  /** The loopback address on which the ports of its tasks are published: its own port space. */
  readonly address: string;
  /** As its agent last registered; what is left of it in ECS when the agent no longer starts. */
  readonly containerInstanceArn?: string;
}

/** Left to the operating system and Catamaran itself; never offered to tasks. */
export const reservedMemoryMiB = 256;

/** The smallest instance that is worth having. */
export const minimumSize: MachineSize = { cpu: 128, memoryMiB: 64 };

/** The size of each hosted instance, the machine's own included. */
export function sizeOf(
  instance: HostedInstance,
  hosted: readonly HostedInstance[],
  machine: MachineSize,
): MachineSize {
  return instance.size ?? remainder(hosted, machine);
}

/** What the sized instances leave of the machine. */
export function remainder(hosted: readonly HostedInstance[], machine: MachineSize): MachineSize {
  let { cpu } = machine;
  let memoryMiB = machine.memoryMiB - reservedMemoryMiB;
  for (const { size } of hosted) {
    cpu -= size?.cpu ?? 0;
    memoryMiB -= size?.memoryMiB ?? 0;
  }
  return { cpu: Math.max(0, cpu), memoryMiB: Math.max(0, memoryMiB) };
}

/** Why an instance of this size can't be added; undefined when it can. */
export function refusalToAdd(size: MachineSize, free: MachineSize): string | undefined {
  return refusalOfTiny(size) ?? lackOfRoom(size, free);
}

function refusalOfTiny(size: MachineSize): string | undefined {
  if (size.cpu < minimumSize.cpu || size.memoryMiB < minimumSize.memoryMiB) {
    return (
      `An instance needs at least ${minimumSize.cpu} CPU units and ${minimumSize.memoryMiB} MiB of memory; ` +
      `asked for: ${size.cpu} and ${size.memoryMiB}`
    );
  }
  return undefined;
}

/** Why there is no room for so much, whatever it is for; undefined when there is. */
export function lackOfRoom(size: MachineSize, free: MachineSize): string | undefined {
  if (size.cpu > free.cpu || size.memoryMiB > free.memoryMiB) {
    return (
      `The machine's own instance has ${free.cpu} CPU units and ${free.memoryMiB} MiB free, ` +
      `asked for: ${size.cpu} and ${size.memoryMiB}. Ask for less (--cpu, --memory), stop tasks, or remove an instance`
    );
  }
  return undefined;
}

/** The first loopback address that no hosted instance has: 127.0.0.1 for the machine's own, then 127.0.0.2 and so on. */
export function nextAddress(hosted: readonly HostedInstance[]): string {
  const taken = new Set(hosted.map(({ address }) => address));
  for (let third = 0; third < 256; third += 1) {
    for (let fourth = third === 0 ? 1 : 0; fourth < 255; fourth += 1) {
      const address = `127.0.${third}.${fourth}`;
      if (!taken.has(address)) return address;
    }
  }
  throw new Error('Cannot add an instance: every loopback address of 127.0.0.0/16 is taken');
}
