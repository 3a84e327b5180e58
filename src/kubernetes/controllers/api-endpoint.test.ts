import { afterAll, beforeAll, expect, it } from 'vitest';
import { apiEndpointKey, apiEndpoints, controlPlanes } from '../records.ts';
import { openWorkloads, type Workloads } from './testing/workloads.ts';

let work: Workloads;
beforeAll(async () => {
  work = await openWorkloads();
});
afterAll(() => work[Symbol.asyncDispose]());

const get = async (path: string) => {
  await work.settled();
  return (await work.cluster.call('GET', path)).json;
};
const endpoints = '/api/v1/namespaces/default/endpoints/kubernetes';
const slice = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/kubernetes';

it('the Service kubernetes has the addresses of the API server as endpoints, as long as pods reach it', async () => {
  const { state } = work.server;
  const [record] = state.list(controlPlanes);
  const [, , accountId = '', region = '', , id = ''] = record?.key.split('/') ?? [];
  const key = apiEndpointKey({ accountId, region, id });
  const say = (...addresses: string[]) =>
    state.transact((tx) => tx.put(apiEndpoints, key, { addresses, port: 443 }));
  expect((await get(endpoints)).reason).toBe('NotFound');
  await say('172.31.0.9', '172.31.16.9');
  const ports = [{ name: 'https', port: 443, protocol: 'TCP' }];
  expect(await get(endpoints)).toMatchObject({
    metadata: { labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
    subsets: [{ addresses: [{ ip: '172.31.0.9' }, { ip: '172.31.16.9' }], ports }],
  });
  expect(await get(slice)).toMatchObject({
    metadata: { labels: { 'kubernetes.io/service-name': 'kubernetes' } },
    ...{ addressType: 'IPv4', ports },
    endpoints: [
      { addresses: ['172.31.0.9'], conditions: { ready: true } },
      { addresses: ['172.31.16.9'], conditions: { ready: true } },
    ],
  });
  await work.cluster.call('DELETE', slice);
  await say('172.31.0.10');
  expect((await get(slice)).endpoints).toMatchObject([{ addresses: ['172.31.0.10'] }]);
  expect((await get(endpoints)).subsets).toMatchObject([{ addresses: [{ ip: '172.31.0.10' }] }]);
  const slices = await get('/apis/discovery.k8s.io/v1/namespaces/default/endpointslices');
  expect(slices.items).toHaveLength(1);
  await say();
  expect((await get(endpoints)).reason).toBe('NotFound');
});

it('a namespace gets the authority of the cluster back, deleted or changed', async () => {
  const at = await work.namespace();
  const published = await at.get('configmaps', 'kube-root-ca.crt');
  expect(published.metadata.annotations['kubernetes.io/description']).toContain('CA bundle');
  await at.patch('configmaps', 'kube-root-ca.crt', { data: { 'ca.crt': 'x', other: 'y' } });
  expect((await at.get('configmaps', 'kube-root-ca.crt')).data).toEqual(published.data);
  await at.delete('configmaps', 'kube-root-ca.crt');
  expect((await at.get('configmaps', 'kube-root-ca.crt')).data).toEqual(published.data);
});
