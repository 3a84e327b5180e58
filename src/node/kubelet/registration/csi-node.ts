import { BackOff, retry } from '../../back-off.ts';
import type { Api } from '../api/api-client.ts';
import { isConflict } from '../api/api-error.ts';
import { csiNodes } from '../api/resources.ts';
import type { KubeletOptions, LocalDriver } from '../kubelet-options.ts';
import type { CsiNode } from '../objects/csi-node.ts';
import type { Node } from '../objects/node.ts';

type Calls = Pick<Api, 'create' | 'get' | 'patch'>;

/**
 * Tells by the node's CSINode which driver it has by itself, beside those that others have registered. Tries until it
 * succeeds, or the signal aborts.
 */
export async function registerDriver(
  api: Calls,
  node: Node | undefined,
  { localDriver, node: { name, instanceId }, clock, random, log }: KubeletOptions,
  signal: AbortSignal,
): Promise<void> {
  if (localDriver === undefined) return;
  const tell = (): Promise<void> => tellOnce(api, { name, instanceId, node }, localDriver, signal);
  await retry(tell, {
    ...{ clock, signal, backOff: new BackOff({ leastMs: 250, mostMs: 10_000 }, random) },
    isRetryable: () => true,
    onFailure: (error) => log.debug('The CSI driver could not be registered: trying again', { error }),
  }).catch(() => {});
}

async function tellOnce(
  api: Calls,
  of: { readonly name: string; readonly instanceId: string; readonly node: Node | undefined },
  { name: driver, topologyKeys }: LocalDriver,
  signal: AbortSignal,
): Promise<void> {
  const { name } = of;
  const own = { name: driver, nodeID: of.instanceId, topologyKeys };
  const uid = of.node?.metadata.uid;
  const metadata = {
    ...{
      name,
      ...(uid !== undefined && { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid }] }),
    },
  };
  try {
    await api.create(csiNodes, undefined, { metadata, spec: { drivers: [own] } }, signal);
  } catch (error) {
    if (!isConflict(error)) throw error;
    const present: CsiNode = await api.get(csiNodes, undefined, name, signal);
    const { resourceVersion } = present.metadata;
    const drivers = [...present.spec.drivers.filter((it) => it.name !== driver), own];
    const body = { metadata: { ...metadata, resourceVersion }, spec: { drivers } };
    await api.patch(csiNodes, undefined, name, { type: 'merge', body }, signal);
  }
}
