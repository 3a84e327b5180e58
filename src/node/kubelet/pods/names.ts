import type { Pod } from '../objects/pod.ts';

/** Labels of containers and sandboxes, by which a later kubelet knows what they are. As the dockershim had them. */
export const podLabels = {
  name: 'io.kubernetes.pod.name',
  namespace: 'io.kubernetes.pod.namespace',
  uid: 'io.kubernetes.pod.uid',
  container: 'io.kubernetes.container.name',
  attempt: 'io.kubernetes.container.restartCount',
  sandboxAttempt: 'io.kubernetes.pod.sandboxAttempt',
  gracePeriod: 'io.kubernetes.pod.terminationGracePeriod',
  /** Of a sandbox: the handler of its pod's RuntimeClass. */
  handler: 'io.kubernetes.pod.runtimeHandler',
  /** As the pod names it. */
  image: 'io.kubernetes.container.image',
  /** See `userText`. */
  user: 'io.kubernetes.container.user',
} as const;

/** `k8s_<container>_<pod>_<namespace>_<uid>_<attempt>`: a container's name in the engine. */
export function containerName({ metadata }: Pod, container: string, attempt: number): string {
  return ['k8s', container, metadata.name, metadata.namespace, metadata.uid, attempt].join('_');
}

/** A pod that loses its sandbox gets another one. */
export function sandboxId(podUid: string, attempt: number): string {
  return `pod-${podUid}-${attempt}`;
}

/** `name_namespace(uid)`, as kubelets tell of pods. */
export function podText({ metadata: { name, namespace, uid } }: Pod): string {
  return `${name}_${namespace}(${uid})`;
}

export function labelsOf({ metadata }: Pod): Readonly<Record<string, string>> {
  return {
    [podLabels.name]: metadata.name,
    [podLabels.namespace]: metadata.namespace,
    [podLabels.uid]: metadata.uid,
  };
}
