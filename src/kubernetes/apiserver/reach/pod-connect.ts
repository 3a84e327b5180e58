import { type JsonObject, textOf, textsIn } from '../../objects/object.ts';
import { type ResourceExchange, requester, targetOf } from '../exchange.ts';
import { getObject } from '../read.ts';
import { badRequest } from '../status.ts';
import { portForwardOptions, processOptions } from './connect-options.ts';
import { toKubelet } from './pass-through.ts';
import { containerOf, nodeOf } from './pod-place.ts';

/**
 * `exec`, `attach` and `portforward` of a pod: what the client and the node's kubelet have to say to each other goes through
 * as it is, whichever of their protocols it is in.
 * @throws {ApiError}
 */
export async function connectPod(exchange: ResourceExchange): Promise<void> {
  const { cluster, asked, request, upgrade } = exchange;
  const pod = await getObject(cluster, targetOf(asked));
  const options = await cluster.admission.connect({
    ...{ ...targetOf(asked), operation: 'CONNECT', before: undefined, isDryRun: false, options: {} },
    ...{ object: optionsOf(exchange), by: requester(exchange, []) },
  });
  const path = pathOf(exchange, options, () => containerOf(pod, textOf(options, 'container')));
  const node = await nodeOf(cluster, pod);
  if (upgrade === undefined) throw badRequest('Upgrade request required');
  await toKubelet(exchange, node, { method: request.method ?? 'GET', path });
}

function optionsOf({ asked, query }: ResourceExchange): JsonObject {
  switch (asked.subresource) {
    case 'portforward':
      return portForwardOptions(query);
    case 'attach':
      return processOptions(query, 'PodAttachOptions');
    default:
      return processOptions(query, 'PodExecOptions');
  }
}

/** As the kubelet is asked, which names things otherwise. */
function pathOf({ asked }: ResourceExchange, options: JsonObject, container: () => string): string {
  const { namespace, name, subresource } = asked;
  const query = new URLSearchParams();
  if (subresource === 'portforward') {
    for (const port of (options.ports ?? []) as readonly number[]) query.append('port', String(port));
    return `/portForward/${namespace}/${name}?${query}`;
  }
  const names = { stdin: 'input', stdout: 'output', stderr: 'error', tty: 'tty' } as const;
  for (const [own, kubelets] of Object.entries(names)) if (options[own] === true) query.set(kubelets, '1');
  for (const word of textsIn(options, 'command')) query.append('command', word);
  return `/${subresource}/${namespace}/${name}/${container()}?${query}`;
}
