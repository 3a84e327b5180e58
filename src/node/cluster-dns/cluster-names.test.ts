import { describe, expect, it } from 'vitest';
import type { EndpointSlice, Service } from '../kube-proxy/objects.ts';
import { findClusterName } from './cluster-names.ts';

const service = (name: string, spec: Service['spec']): Service => ({
  metadata: { name, namespace: 'shop' },
  spec: { type: 'ClusterIP', ...spec },
});

const http = { name: 'http', protocol: 'TCP', port: 80 };
const services = [
  service('web', { clusterIP: '10.100.0.7', ports: [http, { name: 'dns', protocol: 'UDP', port: 53 }] }),
  service('db', { clusterIP: 'None', ports: [{ name: 'pg', port: 5_432 }] }),
  service('empty', { clusterIP: 'None', ports: [http] }),
  service('docs', { type: 'ExternalName', externalName: 'docs.example.com.' }),
];
const slice: EndpointSlice = {
  ...{ metadata: { name: 'db-a', namespace: 'shop' }, addressType: 'IPv4' },
  ports: [{ name: 'pg', port: 15_432, protocol: 'TCP' }],
  endpoints: [
    { addresses: ['10.0.1.5'], hostname: 'db-0', conditions: { ready: true } },
    { addresses: ['10.0.1.6'], conditions: { ready: true } },
    { addresses: ['10.0.1.7'], hostname: 'db-2', conditions: { ready: false } },
  ],
};
const cluster = {
  service: (namespace: string, name: string) =>
    services.find(({ metadata }) => metadata.namespace === namespace && metadata.name === name),
  slicesOf: (_: string, name: string) => (name === 'db' ? [slice] : []),
  services: () => services,
};

function ask(name: string, type = 'A') {
  const found = findClusterName({ name, type }, 'cluster.local', cluster);
  if (found.kind !== 'records') return found.kind;
  expect(found.records.every((record) => record.name === name && record.ttl === 5)).toBe(true);
  return found.records.map((record) =>
    record.type === 'SRV'
      ? `${record.data.priority} ${record.data.weight} ${record.data.port} ${record.data.target}`
      : String(record.data),
  );
}

const svc = 'shop.svc.cluster.local';

describe('the names of a cluster', () => {
  it.each<readonly [what: string, name: string, type: string, expected: string | string[]]>([
    ['a service', `web.${svc}`, 'A', ['10.100.0.7']],
    ['a headless one', `db.${svc}`, 'A', ['10.0.1.5', '10.0.1.6']],
    ['a headless one of nobody', `empty.${svc}`, 'A', 'nodata'],
    ['a pod with a hostname', `db-0.db.${svc}`, 'A', ['10.0.1.5']],
    ['a pod without', `10-0-1-6.db.${svc}`, 'A', ['10.0.1.6']],
    ['a pod that is not ready', `db-2.db.${svc}`, 'A', 'nxdomain'],
    ['another’s name', `docs.${svc}`, 'A', ['docs.example.com']],
    ['another’s name', `docs.${svc}`, 'CNAME', ['docs.example.com']],
    ['a port', `_http._tcp.web.${svc}`, 'SRV', [`0 100 80 web.${svc}`]],
    ['a port of another protocol', `_dns._udp.web.${svc}`, 'SRV', [`0 100 53 web.${svc}`]],
    ['a port that is not there', `_http._udp.web.${svc}`, 'SRV', 'nxdomain'],
    [
      'ports of pods',
      `_pg._tcp.db.${svc}`,
      'SRV',
      [`0 50 15432 db-0.db.${svc}`, `0 50 15432 10-0-1-6.db.${svc}`],
    ],
    ['a pod by its address', '10-0-1-99.shop.pod.cluster.local', 'A', ['10.0.1.99']],
    ['a pod of no namespace', '10-0-1-99.nowhere.pod.cluster.local', 'A', 'nxdomain'],
    ['no address', '10-0-1-999.shop.pod.cluster.local', 'A', 'nxdomain'],
    ['the specification', 'dns-version.cluster.local', 'TXT', ['1.1.0']],
    ['IPv6, which no service has', `web.${svc}`, 'AAAA', 'nodata'],
    ['a namespace', svc, 'A', 'nodata'],
    ['no namespace', 'nowhere.svc.cluster.local', 'A', 'nxdomain'],
    ['no service', `nobody.${svc}`, 'A', 'nxdomain'],
    ['below a service', `a.b.c.web.${svc}`, 'A', 'nxdomain'],
    ['below a service that has no pods of its own', `a.web.${svc}`, 'A', 'nxdomain'],
    ['nothing of the zone', 'other.cluster.local', 'A', 'nxdomain'],
    ['the zone', 'cluster.local', 'A', 'nodata'],
    ['the world', 'example.com', 'A', 'not-ours'],
    ['a name that only ends so', 'mycluster.local', 'A', 'not-ours'],
    ['whose address', '7.0.100.10.in-addr.arpa', 'PTR', [`web.${svc}`]],
    ['whose address, of a pod', '5.1.0.10.in-addr.arpa', 'PTR', [`db-0.db.${svc}`]],
    ['nobody’s address', '9.9.0.10.in-addr.arpa', 'PTR', 'not-ours'],
  ])('%s: %s', (_, name, type, expected) => {
    expect(ask(name, type)).toEqual(expected);
  });
});
