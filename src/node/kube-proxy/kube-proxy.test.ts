import { expect, it } from 'vitest';
import { seededRandom, systemClock } from '../../clock/index.ts';
import { recordingLog } from '../../log.ts';
import { NetworkError, type NftTable } from '../../network/index.ts';
import { ApiClient } from '../kubelet/api/api-client.ts';
import { TestNodes } from '../kubelet/testing/test-cluster.ts';
import { KubeProxy } from './kube-proxy.ts';

const clock = systemClock();
const random = seededRandom(7);

/** A node whose rules are seen and not carried out. */
class SeenNode {
  readonly name: string;
  readonly primaryAddress = '10.0.1.10';
  readonly localAddresses = ['10.100.0.10'];
  table: NftTable | undefined;
  writes = 0;
  failures = 0;
  readonly network = {
    setTable: async (table: NftTable) => {
      if (this.failures-- > 0) throw new NetworkError('no buffer space');
      this.table = table;
      this.writes += 1;
    },
    interrupt: async () => {},
    openSocket: () => {
      throw new NetworkError('not here');
    },
  };

  constructor(name: string) {
    this.name = name;
  }

  get places(): readonly string[] {
    return [...(this.table?.sets.get('service_ips')?.elements.keys() ?? [])].toSorted();
  }

  rulesOf(place: string): readonly string[] {
    const verdict = this.table?.sets.get('service_ips')?.elements.get(place) ?? '';
    return this.table?.chains.get(verdict.replace('goto ', ''))?.rules ?? [];
  }
}

async function until(what: string, holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 5_000 && !holds(); tries++) await clock.sleep(10);
  if (!holds()) throw new Error(`Not seen: ${what}`);
}

it('follows the services of a cluster on each of its nodes, by one watch', async () => {
  await using nodes = await TestNodes.open();
  const { endpoint, certificateAuthority, token, call } = nodes.cluster;
  using api = new ApiClient({ endpoint, certificateAuthority, token: () => token() }, { clock, random });
  const log = recordingLog();
  await using proxy = new KubeProxy({ api, clock, random, log });
  const [here, there] = [new SeenNode('here'), new SeenNode('there')];
  here.failures = 1;
  await using first = proxy.add(here);
  let isCarriedOut = false;
  const carriedOut = first.carriedOut.then(() => {
    isCarriedOut = true;
    // What failed at first is not taken for it.
    expect(here.writes).toBe(1);
  });
  await using _second = proxy.add(there);
  await Promise.race([carriedOut, proxy.synced]);
  expect(isCarriedOut).toBe(false);
  await carriedOut;

  const made = await call('POST', '/api/v1/namespaces/default/services', {
    metadata: { name: 'web' },
    spec: {
      ...{ internalTrafficPolicy: 'Local', ports: [{ port: 80, targetPort: 8_080 }] },
      // The node answers there itself.
      externalIPs: [...here.localAddresses, '192.0.2.4'],
    },
  });
  expect(made.status).toBe(201);
  const place = `${made.json.spec.clusterIP} . tcp . 80`;
  const slices = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices';
  const slice = await call('POST', slices, {
    metadata: { name: 'web-a', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    ports: [{ port: 8_080, protocol: 'TCP' }],
    endpoints: [{ addresses: ['10.0.1.11'], nodeName: 'here', conditions: { ready: true } }],
  });
  expect(slice.status, slice.text).toBe(201);
  await until('the service on its node', () => here.places.includes(place));
  expect(here.places).toEqual([place, '192.0.2.4 . tcp . 80']);
  expect(here.rulesOf(place)).toEqual(['meta l4proto tcp dnat to 10.0.1.11:8080']);
  const without = () => there.table?.sets.get('ips_without_targets')?.elements.get(place);
  await until('the other node', () => without() === 'drop');

  await call('DELETE', `${slices}/web-a`);
  const refused = () => here.table?.sets.get('ips_without_targets')?.elements.get(place);
  await until('nobody is there', () => refused() === 'goto refuse');
  await call('DELETE', '/api/v1/namespaces/default/services/web');
  await until('the service is gone', () => refused() === undefined && here.places.length === 0);

  // Who leaves is told nothing more.
  await first[Symbol.asyncDispose]();
  const { writes } = here;
  const before = there.writes;
  await call('POST', '/api/v1/namespaces/default/services', {
    metadata: { name: 'later' },
    spec: { ports: [{ port: 80 }] },
  });
  await until('a later service', () => there.writes > before);
  expect(here.writes).toBe(writes);
  expect(log.lines.some(({ level }) => level === 'error')).toBe(true);
});
