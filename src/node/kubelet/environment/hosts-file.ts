import type { PodSpec } from '../objects/pod.ts';
import type { PodHostname } from './host-name.ts';

type HostAliases = PodSpec['hostAliases'];

/** `/etc/hosts` of a pod that has addresses of its own. */
export function hostsFile(
  podIps: readonly string[],
  { hostname, domain }: PodHostname,
  hostAliases: HostAliases,
): string {
  const names = domain === '' ? hostname : `${hostname}.${domain}\t${hostname}`;
  const lines = [
    '# Kubernetes-managed hosts file.',
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    'fe00::0\tip6-localnet',
    'fe00::0\tip6-mcastprefix',
    'fe00::1\tip6-allnodes',
    'fe00::2\tip6-allrouters',
    ...podIps.map((address) => `${address}\t${names}`),
  ];
  return `${lines.join('\n')}\n${aliasLines(hostAliases)}`;
}

/** Of a pod in its node's network: the node's own with the aliases after it. */
export function hostNetworkHostsFile(nodesOwn: string, hostAliases: HostAliases): string {
  return `# Kubernetes-managed hosts file (host network).\n${nodesOwn}${aliasLines(hostAliases)}`;
}

function aliasLines(hostAliases: HostAliases = []): string {
  if (hostAliases.length === 0) return '';
  const lines = hostAliases.map(({ ip, hostnames = [] }) => `${ip}\t${hostnames.join('\t')}\n`);
  return `\n# Entries added by HostAliases.\n${lines.join('')}`;
}
