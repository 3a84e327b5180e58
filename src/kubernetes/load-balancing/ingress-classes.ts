import type { Reader } from '../../reconcile/index.ts';
import { clusterWide, ingressClasses, ingresses } from '../controllers/collections.ts';
import { tryWithParams } from './class-params/with-params.ts';
import { groupOf, type Member } from './ingress-model.ts';
import type { Ingress } from './ingress-objects.ts';

/** Controllers whose classes of Ingresses have their load balancers here. */
const controllers = ['ingress.k8s.aws/alb', 'eks.amazonaws.com/alb'];

/** The annotation that named a class before there were objects of them. */
const legacyClass = 'kubernetes.io/ingress.class';

/** Whether an Ingress is to have an application load balancer of this cluster's. @param key Its record's. */
export function isBalanced(reader: Reader, key: string, { metadata, spec }: Ingress): boolean {
  if (metadata.deletionTimestamp !== undefined) return false;
  const { ingressClassName } = spec;
  if (ingressClassName === undefined) return metadata.annotations?.[legacyClass] === 'alb';
  const prefix = clusterWide(key, ingressClasses);
  for (const { key: classKey, value } of reader.list(ingressClasses, prefix))
    if (classKey.endsWith(`/${ingressClassName}`)) return controllers.includes(value.spec?.controller ?? '');
  return false;
}

/** All Ingresses of a group that are to have its load balancer. @param key Of any object of the cluster. */
export function membersOf(reader: Reader, key: string, group: string): readonly Member[] {
  return [...reader.list(ingresses, clusterWide(key, ingresses))].flatMap((record) => {
    const { key: memberKey } = record;
    const ingress = tryWithParams(reader, memberKey, record.value);
    if (ingress === undefined || groupOf(ingress) !== group) return [];
    return isBalanced(reader, memberKey, ingress) ? [{ key: memberKey, ingress }] : [];
  });
}
