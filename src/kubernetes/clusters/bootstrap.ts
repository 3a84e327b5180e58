import { jsonEqual } from '../../store/index.ts';
import { controlPlane } from '../apiserver/admission/chain.ts';
import type { Cluster } from '../apiserver/cluster.ts';
import { dnsServiceAddress, firstAddress } from '../apiserver/service-ranges.ts';
import { ApiError } from '../apiserver/status.ts';
import { createObject } from '../apiserver/write.ts';
import { builtInFlows } from '../flow-control/built-in-flows.ts';
import { bindingDefinition } from '../load-balancing/bindings/definition.ts';
import { paramsDefinition } from '../load-balancing/class-params/definition.ts';
import { type JsonObject, type KubernetesObject, memberOf } from '../objects/object.ts';
import { networkDefinitions } from '../pod-interfaces/definitions.ts';
import { type Resource, resourceNamed } from '../schema/catalogue.ts';
import { bootstrapRbac, mendRbac } from './bootstrap-rbac.ts';

/**
 * What a cluster has from the beginning. What is there already stays as it is.
 * @param extensionAuthentication By this servers that extend the API know its clients, and the cluster itself.
 */
export async function bootstrap(
  cluster: Cluster,
  extensionAuthentication: Readonly<Record<string, string>>,
): Promise<void> {
  const make = (resource: Resource, namespace: string | undefined, bodies: readonly unknown[]) =>
    Promise.all(bodies.map((body) => ensure(cluster, resource, namespace, body as JsonObject)));
  const namespaces = ['default', 'kube-node-lease', 'kube-public', 'kube-system'];
  await Promise.all([
    make(
      resourceNamed('', 'namespaces'),
      undefined,
      namespaces.map((name) => ({ metadata: { name } })),
    ),
    make(resourceNamed('scheduling.k8s.io', 'priorityclasses'), undefined, priorityClasses),
    make(resourceNamed('apiextensions.k8s.io', 'customresourcedefinitions'), undefined, [
      ...networkDefinitions,
      bindingDefinition,
      paramsDefinition,
    ]),
    ...builtInFlows.map(({ resource, bodies }) => make(resource, undefined, bodies)),
    // What the AWS Load Balancer Controller's chart makes.
    make(resourceNamed('networking.k8s.io', 'ingressclasses'), undefined, [
      { metadata: { name: 'alb' }, spec: { controller: 'ingress.k8s.aws/alb' } },
    ]),
    make(resourceNamed('networking.k8s.io', 'servicecidrs'), undefined, [
      { metadata: { name: 'kubernetes' }, spec: { cidrs: [cluster.serviceIpv4Cidr] } },
    ]),
  ]);
  await Promise.all(
    bootstrapRbac.flatMap((it) =>
      it.bodies.map(async (body) => {
        if (!(await ensure(cluster, it.resource, it.namespace, body))) await mendRbac(cluster, it, body);
      }),
    ),
  );
  await make(configMaps, 'kube-system', [
    { metadata: { name: extensionAuthenticationName }, data: extensionAuthentication },
  ]);
  await mendExtensionAuthentication(cluster, extensionAuthentication);
  await make(resourceNamed('', 'services'), 'default', [
    {
      metadata: { name: 'kubernetes', labels: { component: 'apiserver', provider: 'kubernetes' } },
      spec: {
        ...{ type: 'ClusterIP', clusterIP: firstAddress(cluster.serviceIpv4Cidr), sessionAffinity: 'None' },
        ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: 443 }],
      },
    },
  ]);
  await make(resourceNamed('', 'services'), 'kube-system', [dnsService(cluster.serviceIpv4Cidr)]);
}

const configMaps = resourceNamed('', 'configmaps');
const extensionAuthenticationName = 'extension-apiserver-authentication';

/** What it says is the control plane's to say. */
async function mendExtensionAuthentication({ objects }: Cluster, data: JsonObject): Promise<void> {
  const present = await objects.get(configMaps, 'kube-system', extensionAuthenticationName);
  if (present === undefined || jsonEqual(memberOf(present.object, 'data'), data)) return;
  await objects.update(present, { ...present.object, data } as KubernetesObject);
}

/** Where a cluster's names are asked for: each node answers there itself. */
const dnsService = (serviceIpv4Cidr: string) => ({
  metadata: {
    name: 'kube-dns',
    labels: {
      ...{ 'k8s-app': 'kube-dns', 'eks.amazonaws.com/component': 'kube-dns' },
      ...{ 'kubernetes.io/cluster-service': 'true', 'kubernetes.io/name': 'CoreDNS' },
    },
  },
  spec: {
    ...{ type: 'ClusterIP', clusterIP: dnsServiceAddress(serviceIpv4Cidr), sessionAffinity: 'None' },
    selector: { 'k8s-app': 'kube-dns' },
    ports: [
      { name: 'dns', port: 53, protocol: 'UDP', targetPort: 53 },
      { name: 'dns-tcp', port: 53, protocol: 'TCP', targetPort: 53 },
    ],
  },
});

const priorityClasses = [
  {
    ...{ metadata: { name: 'system-cluster-critical' }, value: 2_000_000_000 },
    description:
      'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
  },
  {
    ...{ metadata: { name: 'system-node-critical' }, value: 2_000_001_000 },
    description: 'Used for system critical pods that must not be moved from their current node.',
  },
];

/** Made unless it is there. @returns whether it was made. */
export async function ensure(
  cluster: Cluster,
  resource: Resource,
  namespace: string | undefined,
  body: JsonObject,
): Promise<boolean> {
  const { name } = body.metadata as { readonly name: string };
  // Each start but the first finds nearly all of it.
  if ((await cluster.objects.get(resource, namespace, name)) !== undefined) return false;
  try {
    const options = { isDryRun: false, fieldValidation: 'Ignore', fieldManager: 'kube-apiserver' } as const;
    await createObject(cluster, { resource, namespace }, body, options, controlPlane);
    return true;
  } catch (error) {
    // Somebody was faster.
    if (error instanceof ApiError && error.reason === 'AlreadyExists') return false;
    throw error;
  }
}
