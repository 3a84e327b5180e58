import { ApiError } from '../apiserver/status.ts';
import { resourceNamed } from '../schema/catalogue.ts';
import type { Work } from './controller.ts';
import { controllerReference, type Kept, type Pod, type PodTemplate } from './objects.ts';
import { slowStart } from './slow-start.ts';
import { isNamespaceTerminating } from './writer.ts';

export const podResource = resourceNamed('', 'pods');

/** Pods made or deleted in one turn at most. */
export const burstPods = 500;

/** A pod of a template, controlled by its owner. */
export function podOf(template: PodTemplate, owner: Kept): object {
  const { labels, annotations, finalizers } = template.metadata ?? {};
  return {
    metadata: {
      ...{ generateName: `${owner.metadata.name}-`, namespace: owner.metadata.namespace },
      ...(labels && { labels }),
      ...(annotations && { annotations }),
      ...(finalizers && { finalizers }),
      ownerReferences: [controllerReference(owner)],
    },
    spec: template.spec,
  };
}

/** What went wrong with some of the pods; the others are as wanted. */
export interface PodFailure {
  readonly reason: 'FailedCreate' | 'FailedDelete';
  readonly error: unknown;
}

/** Makes pods of an owner by slow start, and tells. */
export async function createPods(
  { object: owner, writer, events }: Work<Kept>,
  count: number,
  pod: (index: number) => object,
): Promise<PodFailure | undefined> {
  const { error } = await slowStart(count, async (index) => {
    try {
      const made = await writer.create(podResource, owner.metadata.namespace, pod(index));
      events.normal(owner, 'SuccessfulCreate', `Created pod: ${made.metadata.name}`);
    } catch (failure) {
      if (!isNamespaceTerminating(failure))
        events.warning(owner, 'FailedCreate', `Error creating: ${messageOf(failure)}`);
      throw failure;
    }
  });
  return error === undefined ? undefined : { reason: 'FailedCreate', error };
}

/** Deletes pods of an owner, and tells. */
export async function deletePods(
  { object: owner, writer, events }: Work<Kept>,
  pods: readonly Pod[],
): Promise<PodFailure | undefined> {
  const outcomes = await Promise.allSettled(
    pods.map(async (pod) => {
      try {
        await writer.remove(podResource, pod);
        events.normal(owner, 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name}`);
      } catch (failure) {
        events.warning(owner, 'FailedDelete', `Error deleting: ${messageOf(failure)}`);
        throw failure;
      }
    }),
  );
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  return failed === undefined ? undefined : { reason: 'FailedDelete', error: failed.reason };
}

/** In the API's words; what else goes wrong is for the log alone. */
export const messageOf = (error: unknown): string =>
  error instanceof ApiError ? error.message : 'Internal error occurred: the log of the server says which';
