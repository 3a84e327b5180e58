import type { Socket } from 'node:net';
import type { Clock } from '../clock/index.ts';

/**
 * A TCP connection from within a network namespace, e.g. to `127.0.0.1` as a sandbox's containers see it.
 * @param path Of the namespace, e.g. `/proc/4711/ns/net`.
 * @throws {NetworkError} refused or not reachable, with the kernel's word for it as `code`; what `signal` says.
 */
export async function connectInNamespace(
  path: string,
  target: { readonly address: string; readonly port: number },
  options: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<Socket> {
  // The kernel's calls are loaded where somebody makes one.
  const [{ Namespace }, { connectIn }] = await Promise.all([
    import('./linux/namespace.ts'),
    import('./linux/connect.ts'),
  ]);
  using namespace = new Namespace(path);
  return await connectIn(namespace, target, options);
}
