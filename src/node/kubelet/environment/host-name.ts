import type { Pod } from '../objects/pod.ts';

const maxLabelLength = 63;
/** What the kernel has room for in a node name. */
const maxKernelNameLength = 64;

export interface PodHostname {
  /** As `/etc/hosts` has it. */
  readonly hostname: string;
  /** Empty: it has none. */
  readonly domain: string;
}

/**
 * A pod's own name and domain. A pod of a headless service's name as its `subdomain` has a domain.
 * @param clusterDomain E.g. `cluster.local`.
 */
export function podHostname({ metadata, spec }: Pod, clusterDomain: string): PodHostname {
  if (spec.hostnameOverride !== undefined) return { hostname: spec.hostnameOverride, domain: '' };
  const { hostname = '', subdomain = '' } = spec;
  const name = (hostname === '' ? metadata.name : hostname).slice(0, maxLabelLength).replace(/[-.]+$/, '');
  const domain = subdomain === '' ? '' : `${subdomain}.${metadata.namespace}.svc.${clusterDomain}`;
  return { hostname: name, domain };
}

/**
 * What `hostname` says in the pod: with `setHostnameAsFQDN` name and domain.
 * @throws {Error} in upstream's words: it is too long for the kernel.
 */
export function kernelHostname({ spec }: Pod, { hostname, domain }: PodHostname): string {
  if (domain === '' || !spec.setHostnameAsFQDN) return hostname;
  const name = `${hostname}.${domain}`;
  if (name.length <= maxKernelNameLength) return name;
  throw new Error(
    `failed to construct FQDN from pod hostname and cluster domain, FQDN ${name} is too long ` +
      `(${maxKernelNameLength} characters is the max, ${name.length} characters requested)`,
  );
}
