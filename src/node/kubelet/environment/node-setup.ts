import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Mount } from '../../../runtime/index.ts';
import type { MountedVolume, NodeDescription } from '../kubelet-options.ts';
import type { Pod, PodContainer } from '../objects/pod.ts';
import type { ReferencedObjects } from '../objects/referenced-objects.ts';
import type { ContainerSetup } from '../pods/container-setup.ts';
import { containerEnvironment } from './container-environment.ts';
import { expandCommand } from './expansion.ts';
import type { Resources } from './fields.ts';
import { kernelHostname, podHostname } from './host-name.ts';
import { hostNetworkHostsFile, hostsFile } from './hosts-file.ts';
import { type DnsSettings, type PodDns, podDns, resolvConf } from './resolv-conf.ts';
import type { Service } from './service-variables.ts';

export interface NodeSetupOptions {
  readonly node: NodeDescription;
  readonly allocatable: Resources;
  readonly clusterDns: { readonly address: string; readonly domain: string };
  readonly objects: ReferencedObjects;
  /** What a container mounts of its pod's volumes. @throws {Error} in upstream's words for CreateContainerConfigError. */
  volumeMounts(
    pod: Pod,
    container: PodContainer,
    volumes: ReadonlyMap<string, MountedVolume>,
    environment: ReadonlyMap<string, string>,
  ): Promise<readonly Mount[]>;
  /** Those of all namespaces, once they are known. */
  services(signal: AbortSignal): Promise<readonly Service[]>;
  /** In the words of the event DNSConfigForming. */
  dnsWarning(pod: Pod, message: string): void;
}

const hostsPath = '/etc/hosts';
const resolverPath = '/etc/resolv.conf';

/** What containers of this node find within: as upstream's kubelet and the container runtime below it give it to them. */
export function nodeSetup(options: NodeSetupOptions): ContainerSetup {
  const { clusterDns, node } = options;
  const nameOf = (pod: Pod): string =>
    pod.spec.hostNetwork ? node.name : kernelHostname(pod, podHostname(pod, clusterDns.domain));
  const dnsOf = (pod: Pod): PodDns => podDns(pod, clusterDns, nodeDns(node));
  return {
    sandbox: (pod) => {
      const { servers, searches, warnings } = dnsOf(pod);
      for (const warning of warnings) options.dnsWarning(pod, warning);
      return { hostname: nameOf(pod), dns: { servers, search: searches } };
    },
    container: async (pod, container, { podIp, hostIp, volumes, directory }, signal) => {
      const environment = await containerEnvironment(
        {
          ...{ pod, container, volumes, allocatable: options.allocatable, objects: options.objects },
          ...{ services: await options.services(signal), hostname: nameOf(pod) },
          addresses: { podIps: podIp === '' ? [] : [podIp], hostIps: [hostIp] },
        },
        signal,
      );
      const ofVolumes = await options.volumeMounts(pod, container, volumes, environment);
      const taken = new Set(ofVolumes.map(({ target }) => target));
      const ownFiles = [
        await written(directory, hostsPath, await hostsOf(pod, podIp, clusterDns.domain)),
        await written(directory, resolverPath, resolvConf(dnsOf(pod))),
      ];
      const { command, args } = expandCommand(container, environment);
      return {
        env: Object.fromEntries(environment),
        // Who mounts a file of its own there has that.
        mounts: [...ofVolumes, ...ownFiles.filter(({ target }) => !taken.has(target))],
        ...(container.command && { command }),
        ...(container.args && { args }),
      };
    },
  };
}

/** What resolves names on the node itself: the resolver of its VPC, and the domain of its own name. */
function nodeDns({ name }: NodeDescription): DnsSettings {
  const domain = name.slice(name.indexOf('.') + 1);
  return { servers: ['169.254.169.253'], searches: domain === name ? [] : [domain], options: [] };
}

async function hostsOf(pod: Pod, podIp: string, domain: string): Promise<string> {
  const { hostAliases, hostNetwork = false } = pod.spec;
  if (!hostNetwork) return hostsFile(podIp === '' ? [] : [podIp], podHostname(pod, domain), hostAliases);
  return hostNetworkHostsFile(await readFile(hostsPath, 'utf8').catch(() => ''), hostAliases);
}

/** A file of this container alone, which it may change. */
async function written(directory: string, target: string, text: string): Promise<Mount> {
  const source = join(directory, target.slice(target.lastIndexOf('/') + 1));
  await writeFile(source, text, { mode: 0o644 });
  return { type: 'bind', source, target, isReadOnly: false };
}
