const mirrorAnnotation = 'kubernetes.io/config.mirror';

/** By what a pod is a mirror pod: a node's own word for a pod that it has for itself; undefined: it is none. */
export const mirrorOf = (
  pod:
    | { readonly metadata: { readonly annotations?: Readonly<Record<string, string>> | undefined } }
    | undefined,
): string | undefined => pod?.metadata.annotations?.[mirrorAnnotation];
