import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import type { RuntimeInfo } from '../../../runtime/index.ts';
import type { NodeDescription } from '../kubelet-options.ts';

/** `status.nodeInfo`: what the node is made of. */
export type NodeInfo = Readonly<Record<string, string>>;

/** What this machine says of itself. Members are empty where it doesn't say. */
export interface MachineFacts {
  readonly bootId: string;
  readonly osImage: string;
  readonly memoryBytes: number;
  /** How many processes and threads the kernel lets it have. */
  readonly mostProcesses: number;
  /** The kernel enforces AppArmor profiles. */
  readonly hasAppArmor: boolean;
}

/** The kernel's own limit on a small machine. */
const leastPidMax = 32_768;

/** Read anew each time: cheap, and a machine's name may change. */
export function machineFacts(): MachineFacts {
  const release = read('/etc/os-release');
  const osImage = /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(release)?.[1] ?? '';
  const most = ['pid_max', 'threads-max'].map((name) => Number(read(`/proc/sys/kernel/${name}`)));
  return {
    ...{ bootId: read('/proc/sys/kernel/random/boot_id').trim(), osImage, memoryBytes: totalmem() },
    mostProcesses: Math.min(...most.filter((limit) => limit > 0), leastPidMax),
    // As engines find it out.
    hasAppArmor:
      read('/sys/module/apparmor/parameters/enabled').startsWith('Y') &&
      existsSync('/sys/kernel/security/apparmor'),
  };
}

/**
 * @param kubeletVersion With its `v`. Nodes are slices of a machine, so what identifies the hardware is made from the
 * instance's id: it stays as it is, and no two nodes share it.
 */
export function nodeInfo(
  description: Pick<NodeDescription, 'instanceId'>,
  runtime: Pick<RuntimeInfo, 'architecture' | 'engine' | 'kernel' | 'version'>,
  { bootId, osImage }: MachineFacts,
  kubeletVersion: string,
): NodeInfo {
  const id = createHash('sha256').update(description.instanceId).digest('hex');
  // As on EC2's own machines, whose UUIDs begin so.
  const uuid = `ec2${id.slice(3, 8)}-${id.slice(8, 12)}-${id.slice(12, 16)}-${id.slice(16, 20)}-${id.slice(20, 32)}`;
  return {
    ...{ machineID: `ec2${id.slice(3, 32)}`, systemUUID: uuid, bootID: bootId },
    ...{ kernelVersion: runtime.kernel, osImage, operatingSystem: 'linux' },
    ...{
      containerRuntimeVersion: `${runtime.engine}://${runtime.version}`,
      kubeletVersion,
      kubeProxyVersion: '',
    },
    architecture: goArchitecture(runtime.architecture),
  };
}

/** In Go's words, as Kubernetes has them. */
export function goArchitecture(architecture: string): string {
  return architecture === 'x86_64' ? 'amd64' : architecture;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
