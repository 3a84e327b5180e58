import { bindingOf, type ServiceRegistryRecord, type TaskRecord } from '../records.ts';

/** Where a task is reached. */
export interface TaskEndpoint {
  readonly ipv4: string;
  readonly port?: number;
}

/**
 * An awsvpc task has an address of its own, on which its ports are what its containers have. Others are reached on
 * ports of their machine, by the address on which those are published.
 * @returns undefined when the container has not published the port.
 */
export function endpointOf(
  { networkInterface, containers }: TaskRecord,
  { containerName, containerPort, port }: Omit<ServiceRegistryRecord, 'registryArn'>,
): TaskEndpoint | undefined {
  if (networkInterface !== undefined) {
    const own = port ?? containerPort;
    return { ipv4: networkInterface.privateIpv4Address, ...(own !== undefined && { port: own }) };
  }
  const binding = bindingOf(containers, containerName, containerPort);
  if (binding?.hostPort === undefined) return undefined;
  return { ipv4: binding.bindIP === everyAddress ? loopback : binding.bindIP, port: binding.hostPort };
}

const everyAddress = '0.0.0.0';
/** Of all the machine's addresses the one that it has for certain. */
const loopback = '127.0.0.1';
