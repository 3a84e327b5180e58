import { parseQuantity } from '../../../quantity.ts';
import { ensured } from '../../kinds/kind.ts';
import { type KubernetesObject, memberOf, textOf } from '../../objects/object.ts';
import type { ObjectsInMemory } from '../../objects/objects-in-memory.ts';
import { resourceNamed } from '../../schema/catalogue.ts';
import { forbidden } from '../status.ts';
import type { Plugin } from './attributes.ts';

const claims = resourceNamed('', 'persistentvolumeclaims');
const storageClasses = resourceNamed('storage.k8s.io', 'storageclasses');
const ingresses = resourceNamed('networking.k8s.io', 'ingresses');
const ingressClasses = resourceNamed('networking.k8s.io', 'ingressclasses');

interface Context {
  readonly inMemory: ObjectsInMemory;
}

const defaults = (all: readonly KubernetesObject[], annotation: string): readonly KubernetesObject[] =>
  all.filter((it) => it.metadata.annotations?.[annotation] === 'true');

/** The later one, then by name. */
const newestFirst = ({ metadata: one }: KubernetesObject, { metadata: other }: KubernetesObject): number => {
  const [a = '', b = ''] = [one.creationTimestamp, other.creationTimestamp];
  if (a !== b) return a > b ? -1 : 1;
  return one.name < other.name ? -1 : 1;
};

/** A claim that names no class gets the one that is marked as default; of several the newest. */
export const defaultStorageClass = ({ inMemory }: Context): Plugin => ({
  name: 'DefaultStorageClass',
  handles: ({ resource, operation, subresource }) =>
    resource === claims && operation === 'CREATE' && subresource === undefined,
  mutate: ({ draft }) => {
    if (draft === undefined) return undefined;
    const spec = ensured(draft, 'spec');
    const isSaid =
      spec.storageClassName !== undefined ||
      (draft.metadata.annotations !== undefined &&
        Object.hasOwn(ensured(draft.metadata, 'annotations'), 'volume.beta.kubernetes.io/storage-class'));
    if (isSaid) return undefined;
    const found = defaults(inMemory.all(storageClasses), 'storageclass.kubernetes.io/is-default-class');
    const chosen = found.toSorted(newestFirst)[0];
    if (chosen !== undefined) spec.storageClassName = chosen.metadata.name;
    return undefined;
  },
});

/** An Ingress that names no class gets the one that is marked as default, of which there may be one. */
export const defaultIngressClass = ({ inMemory }: Context): Plugin => ({
  name: 'DefaultIngressClass',
  handles: ({ resource, operation, subresource }) =>
    resource === ingresses && operation === 'CREATE' && subresource === undefined,
  mutate: ({ draft, name }) => {
    if (draft === undefined) return undefined;
    const spec = ensured(draft, 'spec');
    const isSaid =
      spec.ingressClassName !== undefined ||
      (draft.metadata.annotations !== undefined &&
        Object.hasOwn(ensured(draft.metadata, 'annotations'), 'kubernetes.io/ingress.class'));
    if (isSaid) return undefined;
    const found = defaults(inMemory.all(ingressClasses), 'ingressclass.kubernetes.io/is-default-class');
    if (found.length > 1) {
      throw forbidden(ingresses, name, `${found.length} default IngressClasses were found, only 1 allowed`);
    }
    if (found[0] !== undefined) spec.ingressClassName = found[0].metadata.name;
    return undefined;
  },
});

/** A claim grows only where its class lets it. */
export const persistentVolumeClaimResize = ({ inMemory }: Context): Plugin => ({
  name: 'PersistentVolumeClaimResize',
  handles: ({ resource, operation, subresource }) =>
    resource === claims && operation === 'UPDATE' && subresource === undefined,
  validate: ({ object, before, name }) => {
    const sizeOf = (of: object | undefined): bigint =>
      parseQuantity(String(memberOf(memberOf(memberOf(of, 'spec'), 'resources'), 'requests').storage ?? '0'))
        ?.nanos ?? 0n;
    if (sizeOf(object) <= sizeOf(before)) return undefined;
    if (textOf(memberOf(before, 'status'), 'phase') !== 'Bound')
      throw forbidden(claims, name, 'Only bound persistent volume claims can be expanded');
    const storageClass = inMemory.get(
      storageClasses,
      undefined,
      textOf(memberOf(before, 'spec'), 'storageClassName'),
    );
    if (storageClass?.allowVolumeExpansion === true) return undefined;
    throw forbidden(
      claims,
      name,
      'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
    );
  },
});
