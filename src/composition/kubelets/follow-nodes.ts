import { join } from 'node:path';
import { type Kubelet, removeWithMounts } from '../../node/index.ts';
import type { RecordKey } from '../../reconcile/index.ts';
import { instanceIdOfKey, isCarriedBy, nodeInstances } from '../../services/eks/index.ts';
import { followKeys } from '../follow-keys.ts';
import { nodeLabels } from './node-labels.ts';
import { type NodeParts, startNode } from './start-node.ts';

/**
 * The nodes of this machine: it takes the share of each instance out of the machine, runs its kubelet and tells how far
 * it has come. When the following ends so do the kubelets, and their containers keep running.
 */
export function followNodes(parts: NodeParts): AsyncDisposable {
  const { state, machine, home, joinedAs, log, clock } = parts;
  const kubelets = new Map<string, Kubelet>();
  const closing = new AbortController();
  const make = async (workKey: string): Promise<void> => {
    const key = workKey as RecordKey;
    const instance = state.get(nodeInstances, key);
    const instanceId = instanceIdOfKey(key);
    if (!isCarriedBy(instance, joinedAs) || instance.isEnding) {
      const isOwn = isCarriedBy(instance, joinedAs);
      // Whatever there is of a node begins with its share and ends with it.
      if (isOwn || machine.nodes().some(({ id }) => id === instanceId))
        await end(parts, kubelets, instanceId);
      if (isOwn) await home.report(key, { status: 'ended' });
      return;
    }
    // A kubelet goes on trying until its node is registered, which may never be: that ends with the instance.
    const ended = new AbortController();
    using _ = state.subscribe(nodeInstances, (change) => {
      if (change.key === key && (!isCarriedBy(change.after, joinedAs) || change.after.isEnding))
        ended.abort(new Error('The instance is to end'));
    });
    const { clusterName: cluster, share: size, launched } = instance;
    const refusal = await machine.reserveNode({ id: instanceId, cluster, size });
    if (launched === undefined)
      return home.report(
        key,
        refusal === undefined ? { status: 'reserved' } : { status: 'no-room', message: refusal },
      );
    // Its share was remembered, and is lost.
    if (refusal !== undefined) throw new Error(refusal);
    // Also again: what was said may not have been heard.
    if (kubelets.has(instanceId)) return home.report(key, { status: 'running' });
    const signal = AbortSignal.any([closing.signal, ended.signal]);
    const kubelet = await startNode(parts, key, instance, signal).catch((error: unknown) => {
      if (!ended.signal.aborted) throw error;
    });
    // Its end was told to whoever follows it, too.
    if (ended.signal.aborted) {
      await kubelet?.close();
      return;
    }
    if (kubelet === undefined) throw new Error('the control plane of the cluster does not answer yet');
    kubelets.set(instanceId, kubelet);
    await home.report(key, { status: 'running' });
  };
  const following = followKeys(
    {
      keys: () => [...state.list(nodeInstances)].map(({ key }) => key),
      subscribe: (changed) => state.subscribe(nodeInstances, ({ key }) => changed(key)),
    },
    make,
    (key, error) =>
      log.warn('A node could not be brought where it is wanted: it is tried again', {
        ...{ instance: instanceIdOfKey(key as RecordKey), error },
      }),
    clock,
  );
  // What ended while nobody looked.
  const known = new Set([...state.list(nodeInstances)].map(({ value }) => value.instanceId));
  const orphans = machine.nodes().filter(({ id }) => !known.has(id));
  const cleared = Promise.all(
    orphans.map(({ id }) =>
      end(parts, kubelets, id).catch((error: unknown) =>
        log.error('What a node left behind could not be removed', { instance: id, error }),
      ),
    ),
  );
  return {
    [Symbol.asyncDispose]: async () => {
      closing.abort(new Error('Catamaran is stopping'));
      await following[Symbol.asyncDispose]();
      await cleared;
      await Promise.all([...kubelets.values()].map((kubelet) => kubelet.close()));
    },
  };
}

/** Kubelet, containers, what it remembers, and its share of the machine: whatever of it is there. */
async function end(
  { machine, runtime, installationId, directory, podNetworks, volumes }: NodeParts,
  kubelets: Map<string, Kubelet>,
  instanceId: string,
): Promise<void> {
  await kubelets.get(instanceId)?.close();
  kubelets.delete(instanceId);
  const labels = nodeLabels(installationId, instanceId);
  for (const { name } of await runtime.listContainers(labels)) await runtime.removeContainer(name);
  for (const { id } of await runtime.listSandboxes(labels)) await runtime.removeSandbox(id);
  await podNetworks.remove(instanceId);
  await removeWithMounts(join(directory, instanceId));
  await volumes.release();
  await machine.releaseNode(instanceId);
}
