import { isDeepStrictEqual } from 'node:util';
import { type RecordKey, type State, watching } from '../../reconcile/index.ts';
import type { KubernetesContext } from '../context.ts';
import {
  clusterWide,
  endpointSlices,
  ingressClasses,
  ingresses,
  namespaces,
  nodes,
  parsedKey,
  pods,
  secrets,
  services,
  siblingsOf,
} from '../controllers/collections.ts';
import type { Controller } from '../controllers/controller.ts';
import {
  type EndpointSlice,
  labelOf,
  type Service,
  serviceNameLabel,
} from '../controllers/endpoints/objects.ts';
import type { Kept, Pod } from '../controllers/objects.ts';
import { type IngressClassParams, ingressClassParams } from './class-params/objects.ts';
import { tryWithParams } from './class-params/with-params.ts';
import {
  annotationPrefix,
  backendsOf,
  type Ingress,
  type IngressClass,
  isByAnnotation,
} from './ingress-objects.ts';
import { type BalancedNode, isOtherTarget, isOtherWait } from './targets.ts';

/** Load balancers of Ingresses, as the AWS Load Balancer Controller makes them. */
export const ingressLoadBalancers = (context: KubernetesContext): Controller<Ingress> => ({
  name: 'ingress-load-balancers',
  account: 'aws-load-balancer-controller',
  component: 'ingress',
  collection: ingresses,
  // Those that share a load balancer tell each other.
  own: (state) =>
    watching<Ingress>(ingresses, ({ key, before, after }) => {
      const groups = [before, after].flatMap(
        (ingress) => (ingress && groupNameOf(state, key, ingress)) ?? [],
      );
      const others = groups.length === 0 ? [] : ingressesOf(state, key).filter(isOfOneOf(state, groups));
      return new Set([...(after === undefined ? [] : [key]), ...others.map((record) => record.key)]);
    }),
  watches: (state) => [
    watching<Service>(services, ({ key, before, after }) =>
      sendingTo(state, key, (after ?? before)?.metadata.name ?? ''),
    ),
    watching<EndpointSlice>(endpointSlices, ({ key, before, after }) =>
      sendingTo(
        state,
        key,
        [after, before].flatMap((slice) => (slice && labelOf(slice, serviceNameLabel)) ?? [])[0] ?? '',
      ),
    ),
    watching<Pod>(pods, ({ key, before, after }) =>
      isOtherWait(before, after) ? namespaceIngresses(state, key).map((record) => record.key) : [],
    ),
    watching<object>(secrets, ({ key }) => signingInBy(state, key)),
    watching<IngressClass>(ingressClasses, ({ key }) => ingressesOf(state, key).map((record) => record.key)),
    watching<IngressClassParams>(ingressClassParams, ({ key }) =>
      ingressesOf(state, key).map((record) => record.key),
    ),
    // Classes may select namespaces: an Ingress that leaves a group is told to the others.
    watching<Kept>(namespaces, ({ key, before, after }) =>
      before === undefined ||
      after === undefined ||
      isDeepStrictEqual(before.metadata.labels, after.metadata.labels)
        ? []
        : ingressesOf(state, key).map((record) => record.key),
    ),
    watching<BalancedNode>(nodes, ({ key, before, after }) =>
      isOtherTarget(before, after) ? ingressesOf(state, key).map((record) => record.key) : [],
    ),
  ],
  load: async () => {
    const [{ syncBalanced }, { balancedIngresses }] = await Promise.all([
      import('./sync.ts'),
      import('./sync-ingress.ts'),
    ]);
    return syncBalanced(context, balancedIngresses);
  },
});

const groupName = `${annotationPrefix}group.name`;

const ingressesOf = (state: State, key: string) => [...state.list(ingresses, clusterWide(key, ingresses))];

const namespaceIngresses = (state: State, key: string) => [
  ...state.list(ingresses, siblingsOf(key, ingresses)),
];

const groupNameOf = (state: State, key: string, ingress: Ingress): string | undefined =>
  tryWithParams(state, key, ingress)?.metadata.annotations?.[groupName];

const isOfOneOf =
  (state: State, groups: readonly string[]) =>
  ({ key, value }: { readonly key: string; readonly value: Ingress }): boolean =>
    groups.includes(groupNameOf(state, key, value) ?? '');

/** The Ingresses of a namespace whose clients sign in by what is in a Secret: their annotations say so, or a service's. */
function signingInBy(state: State, key: string): readonly RecordKey[] {
  const text = JSON.stringify(parsedKey(key).name);
  const names = ({ metadata: { annotations = {} } }: Kept): boolean =>
    annotations[`${annotationPrefix}auth-idp-oidc`]?.includes(text) ?? false;
  const own = namespaceIngresses(state, key);
  if (own.length === 0) return [];
  const behind = [...state.list(services, siblingsOf(key, services))].filter(({ value }) => names(value));
  return [
    ...own.flatMap((record) => (names(record.value) ? [record.key] : [])),
    ...behind.flatMap(({ value }) => sendingTo(state, key, value.metadata.name)),
  ];
}

/** The Ingresses of a namespace that send to a service; which are in their annotations is read when it is their turn. */
const sendingTo = (state: State, key: string, name: string): readonly RecordKey[] =>
  namespaceIngresses(state, key).flatMap(({ key: own, value }) =>
    backendsOf(value).some((backend) => isByAnnotation(backend) || backend.service?.name === name)
      ? [own]
      : [],
  );
