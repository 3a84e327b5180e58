import { isIPv4 } from 'node:net';
import type { HostPort } from '../../../network/index.ts';
import type { ContainerPort, PodSpec } from '../objects/pod.ts';
import { isSidecar } from './restart-policy.ts';

/** The ports of its node that a pod asks for, where the node can have them: of the containers that run as long as it does. */
export function hostPortsOf(spec: PodSpec): readonly HostPort[] {
  return askedPorts(spec).flatMap(({ containerPort, hostPort = 0, protocol = 'TCP', hostIP = '' }) =>
    isPossible(hostIP)
      ? [{ protocol: protocols[protocol], hostIp: hostIP || everyAddress, hostPort, containerPort }]
      : [],
  );
}

/** An address for a port that no node can have. */
export function impossibleHostIp(spec: PodSpec): string | undefined {
  return askedPorts(spec).find(({ hostIP = '' }) => !isPossible(hostIP))?.hostIP;
}

function askedPorts({ containers, initContainers = [] }: PodSpec): readonly ContainerPort[] {
  return [...containers, ...initContainers.filter(isSidecar)]
    .flatMap(({ ports = [] }) => ports)
    .filter(({ hostPort = 0 }) => hostPort !== 0);
}

const isPossible = (hostIp: string): boolean => hostIp === '' || isIPv4(hostIp);

const everyAddress = '0.0.0.0';

const protocols = { SCTP: 'sctp', TCP: 'tcp', UDP: 'udp' } as const;

/** Whether two pods can't be on one node because of them. */
export const isSamePort = (one: HostPort, other: HostPort): boolean =>
  one.hostPort === other.hostPort &&
  one.protocol === other.protocol &&
  (one.hostIp === other.hostIp || one.hostIp === everyAddress || other.hostIp === everyAddress);
