import { selects } from '../../../label-selector.ts';
import type { Reader } from '../../../reconcile/index.ts';
import { clusterKey, ingressClasses, namespaces } from '../../controllers/collections.ts';
import { Annotations } from '../annotations.ts';
import { annotationPrefix, type Ingress, type IngressClass } from '../ingress-objects.ts';
import { ModelError } from '../model.ts';
import { type IngressClassParams, ingressClassParams, paramsGroup, paramsKind } from './objects.ts';

/**
 * An Ingress with what the parameters of its class say in place of its own annotations (AWS Load Balancer Controller,
 * "IngressClassParams"): whoever reads its annotations reads both.
 * @param key Its record's.
 * @throws {ModelError} the parameters are not there, or not for its namespace.
 */
export function withParams(reader: Reader, key: string, ingress: Ingress): Ingress {
  const { ingressClassName } = ingress.spec;
  if (ingressClassName === undefined) return ingress;
  const found: IngressClass | undefined = reader.get(
    ingressClasses,
    clusterKey(key, ingressClasses, ingressClassName),
  );
  const parameters = found?.spec?.parameters;
  if (parameters === undefined) return ingress;
  const { apiGroup = '', kind, name } = parameters;
  const invalid = (why: string): ModelError =>
    new ModelError(`invalid ingress class: ${ingressClassName}: ${why}`);
  if (apiGroup !== paramsGroup || kind !== paramsKind)
    throw invalid(`its parameters are no ${paramsKind}.${paramsGroup}`);
  const params = reader.get(ingressClassParams, clusterKey(key, ingressClassParams, name));
  if (params === undefined) throw invalid(`${paramsKind}.${paramsGroup} "${name}" not found`);
  const { namespaceSelector } = params.spec ?? {};
  if (namespaceSelector !== undefined) {
    const { namespace = '' } = ingress.metadata;
    const { metadata } = reader.get(namespaces, clusterKey(key, namespaces, namespace)) ?? {};
    if (!selects(namespaceSelector)(metadata?.labels))
      throw invalid(`the namespaceSelector of its ${paramsKind} ${name} does not select ${namespace}`);
  }
  const annotations = { ...ingress.metadata.annotations, ...annotationsBy(params, ingress) };
  return { ...ingress, metadata: { ...ingress.metadata, annotations } };
}

/** The same; undefined: its parameters are not there, or not for its namespace. */
export function tryWithParams(reader: Reader, key: string, ingress: Ingress): Ingress | undefined {
  try {
    return withParams(reader, key, ingress);
  } catch (error) {
    if (error instanceof ModelError) return undefined;
    throw error;
  }
}

function annotationsBy(
  { spec = {} }: IngressClassParams,
  { metadata }: Ingress,
): Readonly<Record<string, string>> {
  const own = new Annotations([annotationPrefix], [metadata.annotations]);
  const listed = (texts: readonly string[] | undefined): string | undefined => texts?.join();
  /** With those of the Ingress that have other keys. */
  const merged = (name: string, pairs: NonNullable<typeof spec.tags> | undefined): string | undefined => {
    if (pairs === undefined) return undefined;
    const all = { ...own.pairs(name), ...Object.fromEntries(pairs.map(({ key, value }) => [key, value])) };
    return listed(Object.entries(all).map(([key, value]) => `${key}=${value}`));
  };
  const said: Readonly<Record<string, string | undefined>> = {
    'group.name': spec.group?.name,
    scheme: spec.scheme,
    'ip-address-type': spec.ipAddressType,
    'inbound-cidrs': listed(spec.inboundCIDRs),
    'security-group-prefix-lists': listed(spec.prefixListsIDs ?? spec.PrefixListsIDs),
    'certificate-arn': listed(spec.certificateArn),
    'ssl-policy': spec.sslPolicy,
    subnets: listed(spec.subnets?.ids),
    tags: merged('tags', spec.tags),
    'load-balancer-attributes': merged('load-balancer-attributes', spec.loadBalancerAttributes),
  };
  return Object.fromEntries(
    Object.entries(said).flatMap(([name, value]) =>
      value === undefined ? [] : [[annotationPrefix + name, value]],
    ),
  );
}
