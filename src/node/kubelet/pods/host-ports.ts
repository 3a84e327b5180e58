import type { HostPort } from '../../../network/index.ts';
import type { PodSpec } from '../objects/pod.ts';
import { isSidecar } from './restart-policy.ts';

/** The ports of its node that a pod asks for: of the containers that run as long as it does. */
export function hostPortsOf({ containers, initContainers = [] }: PodSpec): readonly HostPort[] {
  return [...containers, ...initContainers.filter(isSidecar)]
    .flatMap(({ ports = [] }) => ports)
    .flatMap(({ containerPort, hostPort = 0, protocol = 'TCP', hostIP = '' }) =>
      hostPort === 0
        ? []
        : [{ protocol: protocols[protocol], hostIp: hostIP || everyAddress, hostPort, containerPort }],
    );
}

const everyAddress = '0.0.0.0';

const protocols = { SCTP: 'sctp', TCP: 'tcp', UDP: 'udp' } as const;

/** Whether two pods can't be on one node because of them. */
export const isSamePort = (one: HostPort, other: HostPort): boolean =>
  one.hostPort === other.hostPort &&
  one.protocol === other.protocol &&
  (one.hostIp === other.hostIp || one.hostIp === everyAddress || other.hostIp === everyAddress);
