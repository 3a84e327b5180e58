import { isIPv4 } from 'node:net';
import type { Labels } from '../../label-selector.ts';
import type { PolicyPod } from './objects.ts';
import { type NamedPort, protocolOf } from './policy.ts';

/** A pod as far as policies go. */
export interface PodFacts {
  readonly namespace: string;
  readonly labels: Labels;
  readonly nodeName?: string;
  /** As the API server has it: of a pod that has just begun it is not there yet. */
  readonly address?: string;
  readonly ports: readonly (Omit<NamedPort, 'id'> & { readonly number: number })[];
}

/**
 * Undefined: no policy selects it, and no rule means it. That is a pod in its node's own network, whose traffic is the node's,
 * and one that has ended, whose address may be another's.
 */
export function podFacts({ metadata, spec = {}, status = {} }: PolicyPod): PodFacts | undefined {
  const { phase, podIP } = status;
  if (spec.hostNetwork || phase === 'Succeeded' || phase === 'Failed') return undefined;
  const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  const ports = [...(spec.containers ?? []), ...sidecars].flatMap((container) => container.ports ?? []);
  return {
    ...{ namespace: metadata.namespace ?? '', labels: metadata.labels ?? {} },
    ...(spec.nodeName !== undefined && { nodeName: spec.nodeName }),
    // Whatever else stands there, the kernel would take no rules for it, of any pod.
    ...(podIP !== undefined && isIPv4(podIP) && { address: podIP }),
    ports: ports.flatMap(({ name, containerPort, protocol }) =>
      name === undefined ? [] : [{ name, protocol: protocolOf(protocol), number: containerPort }],
    ),
  };
}

/** The names of a cluster are answered by its nodes: for policies it is as if the pods of CoreDNS did. */
export const dnsPod = (address: string): PodFacts => ({
  ...{ namespace: 'kube-system', address },
  labels: { 'k8s-app': 'kube-dns', 'eks.amazonaws.com/component': 'coredns' },
  ports: [
    { name: 'dns', protocol: 'udp', number: 53 },
    { name: 'dns-tcp', protocol: 'tcp', number: 53 },
  ],
});
