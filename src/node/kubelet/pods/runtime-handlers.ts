import { isGvisorRuntime, type RuntimeInfo } from '../../../runtime/index.ts';
import type { Api } from '../api/api-client.ts';
import { isNotFound } from '../api/api-error.ts';
import { runtimeClasses } from '../api/resources.ts';
import type { NodeStatus } from '../objects/node.ts';
import type { Pod, PodSpec } from '../objects/pod.ts';

/**
 * The handlers of RuntimeClasses that a node has: what its engine calls its OCI runtimes. Where its pods are kept apart
 * by gVisor, those alone that do.
 */
export function handlersOf(
  { runtimes }: Pick<RuntimeInfo, 'runtimes'>,
  isolation: 'gvisor' | undefined,
): readonly string[] {
  return (isolation === undefined ? runtimes : runtimes.filter(isGvisorRuntime)).toSorted();
}

/**
 * `status.runtimeHandlers`: the default, which has no name, and the others. The Docker Engine has user namespaces for all
 * of its containers or none, and no mounts that are read-only all the way down.
 */
export function handlersToTell(names: readonly string[]): NonNullable<NodeStatus['runtimeHandlers']> {
  return ['', ...names].map((name) => ({
    name,
    features: { recursiveReadOnlyMounts: false, userNamespaces: false },
  }));
}

export interface RuntimeHandlersOptions {
  readonly api: Pick<Api, 'get'>;
  readonly runtime: { info(): Promise<Pick<RuntimeInfo, 'runtimes'>> };
  readonly isolation?: 'gvisor' | undefined;
}

/**
 * The handler that a pod's RuntimeClass names; undefined: the default.
 * @throws {Error} in the words of the event FailedCreatePodSandBox: the node does not have what the pod is to run in.
 */
export async function runtimeHandlerOf(
  { spec }: Pod,
  { api, runtime, isolation }: RuntimeHandlersOptions,
  signal: AbortSignal,
): Promise<string | undefined> {
  const handler = await handlerNamed(spec, api, signal);
  const isKnown = handler === undefined || handlersOf(await runtime.info(), isolation).includes(handler);
  const shown = JSON.stringify(handler);
  if (spec.hostUsers === false) {
    const refused = "can't set `spec.hostUsers: false`,";
    if (handler === undefined) throw new Error(`${refused} runtime does not support user namespaces`);
    const why = isKnown ? '' : `: the handler ${shown} is not known`;
    throw new Error(`${refused} RuntimeClass handler ${shown} does not support user namespaces${why}`);
  }
  if (!isKnown)
    throw new Error(
      `rpc error: code = Unknown desc = failed to get sandbox runtime: no runtime for ${shown} is configured`,
    );
  return handler;
}

async function handlerNamed(
  { runtimeClassName = '' }: PodSpec,
  api: Pick<Api, 'get'>,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (runtimeClassName === '') return undefined;
  try {
    return (await api.get(runtimeClasses, undefined, runtimeClassName, signal)).handler;
  } catch (error) {
    if (!isNotFound(error)) throw error;
    throw new Error(`RuntimeClass ${JSON.stringify(runtimeClassName)} not found`, { cause: error });
  }
}
