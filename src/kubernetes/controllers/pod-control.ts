import { ApiError } from '../apiserver/status.ts';
import type { OwnerReference } from '../objects/object.ts';
import { resourceNamed } from '../schema/catalogue.ts';
import type { Work } from './controller.ts';
import { controllerReference, type Kept, type Pod, type PodTemplate } from './objects.ts';
import { slowStart } from './slow-start.ts';
import { isNamespaceTerminating } from './writer.ts';

export const podResource = resourceNamed('', 'pods');

/** A pod to be made. */
export interface NewPod {
  readonly metadata: PodName & {
    readonly namespace: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly finalizers?: readonly string[];
    readonly ownerReferences: readonly OwnerReference[];
  };
  readonly spec: PodTemplate['spec'];
}

export type PodName = { readonly name: string } | { readonly generateName: string };

const generated = ({ metadata }: Kept): PodName => ({ generateName: `${metadata.name}-` });

/** Pods made or deleted in one turn at most. */
export const burstPods = 500;

/** A pod of a template, controlled by its owner, with a name of its own or one that begins like its owner's. */
export function podOf(template: PodTemplate, owner: Kept, name: PodName = generated(owner)): NewPod {
  const { labels, annotations, finalizers } = template.metadata ?? {};
  return {
    metadata: {
      ...{ ...name, namespace: owner.metadata.namespace ?? '' },
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
  pod: (index: number) => NewPod,
): Promise<{ readonly created: number; readonly failure: PodFailure | undefined }> {
  const { succeeded, error } = await slowStart(count, async (index) => {
    try {
      const made = await writer.create(podResource, owner.metadata.namespace, pod(index));
      events.normal(owner, 'SuccessfulCreate', `Created pod: ${made.metadata.name}`);
    } catch (failure) {
      if (!isNamespaceTerminating(failure))
        events.warning(owner, 'FailedCreate', `Error creating: ${messageOf(failure)}`);
      throw failure;
    }
  });
  return {
    created: succeeded,
    failure: error === undefined ? undefined : { reason: 'FailedCreate', error },
  };
}

/** Deletes pods of an owner, and tells. */
export async function deletePods(
  { object: owner, writer, events }: Work<Kept>,
  pods: readonly Pod[],
): Promise<{ readonly deleted: readonly Pod[]; readonly failure: PodFailure | undefined }> {
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
  return {
    deleted: pods.filter((_, at) => outcomes[at]?.status === 'fulfilled'),
    failure: failed === undefined ? undefined : { reason: 'FailedDelete', error: failed.reason },
  };
}

/** In the API's words; what else goes wrong is for the log alone. */
export const messageOf = (error: unknown): string =>
  error instanceof ApiError ? error.message : 'Internal error occurred: the log of the server says which';
