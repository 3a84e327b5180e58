import type { Kept } from '../controllers/objects.ts';

export interface LoadBalancerIngress {
  readonly hostname?: string;
  readonly ip?: string;
}

export interface IngressBackend {
  readonly service?: {
    readonly name: string;
    readonly port?: { readonly number?: number; readonly name?: string };
  };
  readonly resource?: object;
}

export interface IngressPath {
  readonly path?: string;
  readonly pathType: string;
  readonly backend: IngressBackend;
}

export interface Ingress extends Kept {
  readonly spec: {
    readonly ingressClassName?: string;
    readonly defaultBackend?: IngressBackend;
    readonly rules?: readonly {
      readonly host?: string;
      readonly http?: { readonly paths: readonly IngressPath[] };
    }[];
    readonly tls?: readonly { readonly hosts?: readonly string[] }[];
  };
  readonly status?: {
    readonly loadBalancer?: { readonly ingress?: readonly LoadBalancerIngress[] };
  };
}

export interface IngressClass extends Kept {
  readonly spec?: {
    readonly controller?: string;
    readonly parameters?: { readonly apiGroup?: string; readonly kind: string; readonly name: string };
  };
}

export const annotationPrefix = 'alb.ingress.kubernetes.io/';

/** A backend that an annotation `actions.<its service's name>` says. */
export const isByAnnotation = ({ service }: IngressBackend): boolean =>
  service?.port?.name === 'use-annotation';

/** The names of the services that an Ingress sends to, those in its annotations left out. */
export const backendsOf = ({ spec }: Ingress): readonly IngressBackend[] => [
  ...(spec.defaultBackend === undefined ? [] : [spec.defaultBackend]),
  ...(spec.rules ?? []).flatMap(({ http }) => (http?.paths ?? []).map(({ backend }) => backend)),
];
