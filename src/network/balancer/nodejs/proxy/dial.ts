import { connect, Socket } from 'node:net';

/** Begins a connection to an address. */
export type Dial = (address: string, port: number) => Socket;

/** From the network namespace of this process. */
export const dialHere: Dial = (host, port) => connect({ host, port });

/** From another one, which the process must be root for. @throws {NetworkError} there is none at that path. */
export async function dialFrom(namespacePath: string): Promise<Dial> {
  // Loads libraries of the machine, which a process does not need otherwise.
  const [{ Namespace }, { socketIn }] = await Promise.all([
    import('../../../linux/namespace.ts'),
    import('../../../linux/sockets.ts'),
  ]);
  const namespace = new Namespace(namespacePath);
  return (host, port) =>
    // It reads once it is connected, and not before.
    new Socket({ fd: socketIn(namespace, 'tcp'), manualStart: true } as never).connect({ host, port });
}
