import { describe, expect, it } from 'vitest';
import type { Pod, PodSpec } from '../objects/pod.ts';
import { kernelHostname, podHostname } from './host-name.ts';
import { hostNetworkHostsFile, hostsFile } from './hosts-file.ts';
import { podDns, readResolvConf, resolvConf } from './resolv-conf.ts';

const pod = (spec: Partial<PodSpec> = {}, name = 'web'): Pod => ({
  metadata: { name, namespace: 'shop', uid: 'u-1' },
  spec: { containers: [], ...spec },
});
const domain = 'cluster.local';

describe('a pod is called', () => {
  it.each([
    ['by its own name', pod(), 'web', ''],
    ['by its hostname', pod({ hostname: 'db-0' }), 'db-0', ''],
    ['with a subdomain', pod({ hostname: 'db-0', subdomain: 'db' }), 'db-0', 'db.shop.svc.cluster.local'],
    ['by what overrides all', pod({ hostnameOverride: 'a.b.c', subdomain: 'db' }), 'a.b.c', ''],
    ['by the first 63 characters', pod({}, `${'a'.repeat(61)}-.${'b'.repeat(9)}`), 'a'.repeat(61), ''],
  ])('%s', (_, of, hostname, expected) => {
    expect(podHostname(of, domain)).toEqual({ hostname, domain: expected });
  });

  it('in full where it asks for it, as far as the kernel has room', () => {
    const of = pod({ subdomain: 'db', setHostnameAsFQDN: true });
    expect(kernelHostname(of, podHostname(of, domain))).toBe('web.db.shop.svc.cluster.local');
    expect(kernelHostname(pod({ subdomain: 'db' }), podHostname(of, domain))).toBe('web');
    const long = pod({ subdomain: 'd'.repeat(50), setHostnameAsFQDN: true });
    expect(() => kernelHostname(long, podHostname(long, domain))).toThrow(
      /FQDN web\.d+\.shop\.svc\.cluster\.local is too long \(64 characters is the max, 77 characters requested\)/,
    );
  });
});

describe('/etc/hosts', () => {
  it('has the pod’s addresses and aliases', () => {
    const aliases = [
      { ip: '10.1.2.3', hostnames: ['foo.remote', 'bar.remote'] },
      { ip: '10.1.2.4', hostnames: ['one'] },
    ];
    expect(hostsFile(['10.0.0.7'], { hostname: 'web', domain: 'db.shop.svc.cluster.local' }, aliases)).toBe(
      `# Kubernetes-managed hosts file.
127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::0\tip6-localnet
fe00::0\tip6-mcastprefix
fe00::1\tip6-allnodes
fe00::2\tip6-allrouters
10.0.0.7\tweb.db.shop.svc.cluster.local\tweb

# Entries added by HostAliases.
10.1.2.3\tfoo.remote\tbar.remote
10.1.2.4\tone
`,
    );
    expect(hostsFile(['10.0.0.7'], { hostname: 'web', domain: '' }, undefined)).toMatch(
      /\n10\.0\.0\.7\tweb\n$/,
    );
  });

  it('is the node’s own in the node’s network', () => {
    expect(hostNetworkHostsFile('127.0.0.1 localhost\n', [{ ip: '10.1.2.4', hostnames: ['one'] }])).toBe(
      '# Kubernetes-managed hosts file (host network).\n127.0.0.1 localhost\n\n# Entries added by HostAliases.\n10.1.2.4\tone\n',
    );
  });
});

describe('/etc/resolv.conf', () => {
  const cluster = { address: '10.100.0.10', domain };
  const node = { servers: ['10.0.0.2'], searches: ['eu-west-1.compute.internal'], options: ['timeout:2'] };
  const fileOf = (spec: Partial<PodSpec>): string => resolvConf(podDns(pod(spec), cluster, node));
  const ofCluster = [
    'search shop.svc.cluster.local svc.cluster.local cluster.local eu-west-1.compute.internal',
    'nameserver 10.100.0.10',
    'options ndots:5\n',
  ].join('\n');
  const ofNode = 'search eu-west-1.compute.internal\nnameserver 10.0.0.2\noptions timeout:2\n';

  it.each<[string, Partial<PodSpec>, string]>([
    ['ClusterFirst', {}, ofCluster],
    ['ClusterFirst in the node’s network', { hostNetwork: true }, ofNode],
    ['ClusterFirstWithHostNet', { dnsPolicy: 'ClusterFirstWithHostNet', hostNetwork: true }, ofCluster],
    ['Default', { dnsPolicy: 'Default' }, ofNode],
    ['None', { dnsPolicy: 'None', dnsConfig: { nameservers: ['1.1.1.1'] } }, 'nameserver 1.1.1.1\n'],
    [
      'Default with more',
      {
        dnsPolicy: 'Default',
        dnsConfig: {
          nameservers: ['1.1.1.1', '10.0.0.2'],
          searches: ['my.domain'],
          options: [{ name: 'timeout', value: '5' }, { name: 'edns0' }],
        },
      },
      'search eu-west-1.compute.internal my.domain\nnameserver 10.0.0.2\nnameserver 1.1.1.1\noptions timeout:5 edns0\n',
    ],
  ])('of %s', (_, spec, expected) => {
    expect(fileOf(spec)).toBe(expected);
  });

  it('has no more than resolvers read, and says what was left out', () => {
    const nameservers = ['1.1.1.1', '1.1.1.2', '1.1.1.3', '1.1.1.4'];
    const searches = Array.from({ length: 40 }, (_, index) => `d${index}`);
    const {
      servers,
      searches: kept,
      warnings,
    } = podDns(
      pod({ dnsPolicy: 'None', dnsConfig: { nameservers, searches } }),
      ...([cluster, node] as const),
    );
    expect([servers.length, kept.length]).toEqual([3, 32]);
    expect(warnings[0]).toBe(
      'Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: 1.1.1.1 1.1.1.2 1.1.1.3',
    );
    expect(warnings[1]).toMatch(
      /^Search Line limits were exceeded, some search paths have been omitted, the applied search line is: d0 .* d31$/,
    );
  });

  it('of the machine is read', () => {
    const text =
      '# made by\nnameserver 10.0.0.2\nsearch a.\nsearch b. c .\nnameserver  10.0.0.3 # x\noptions ndots:1 edns0\n';
    expect(readResolvConf(text)).toEqual({
      servers: ['10.0.0.2', '10.0.0.3'],
      searches: ['b', 'c'],
      options: ['ndots:1', 'edns0'],
    });
  });
});
