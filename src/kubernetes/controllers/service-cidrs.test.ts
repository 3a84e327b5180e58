import { afterAll, beforeAll, expect, it } from 'vitest';
import type { TestCluster } from '../testing/eks-server.ts';
import { openWorkloads, type Workloads } from './testing/workloads.ts';

let work: Workloads;
beforeAll(async () => {
  work = await openWorkloads();
});
afterAll(() => work[Symbol.asyncDispose]());

const cidrsPath = '/apis/networking.k8s.io/v1/servicecidrs';
const servicesPath = '/api/v1/namespaces/default/services';
const finalizers = ['networking.k8s.io/service-cidr-finalizer'];

async function make(cluster: TestCluster, name: string, ...cidrs: string[]) {
  const made = await cluster.call('POST', cidrsPath, { metadata: { name }, spec: { cidrs } });
  await work.settled();
  return made;
}
async function remove(cluster: TestCluster, path: string): Promise<void> {
  await cluster.call('DELETE', path);
  await work.settled();
}
const serve = (cluster: TestCluster, name: string, spec: object = {}) =>
  cluster.call('POST', servicesPath, { metadata: { name }, spec: { ports: [{ port: 80 }], ...spec } });
const read = (cluster: TestCluster, name: string) => cluster.call('GET', `${cidrsPath}/${name}`);

it('services have addresses of a second ServiceCIDR when the first has none left', async () => {
  const cluster = await work.server.cluster('small', {
    kubernetesNetworkConfig: { serviceIpv4Cidr: '10.100.0.0/24' },
  });
  // Two are those of the API server and the names of the cluster.
  const made = await Promise.all(Array.from({ length: 252 }, (_, index) => serve(cluster, `s${index}`)));
  const addresses = made.map(({ json }) => json.spec.clusterIP as string);
  expect(new Set(addresses).size).toBe(252);
  expect(
    addresses.filter((address) => /^10\.100\.0\.([1-9]|[1-9]\d|1\d\d|2[0-4]\d|25[0-4])$/.test(address)),
  ).toHaveLength(252);
  const full = await serve(cluster, 'more');
  expect(full.status).toBe(500);
  expect(full.json.message).toContain('range is full');

  await make(cluster, 'second', '10.200.0.0/29');
  const more = await Promise.all(Array.from({ length: 6 }, (_, index) => serve(cluster, `t${index}`)));
  expect(more.map(({ json }) => json.spec.clusterIP).sort()).toEqual(
    [1, 2, 3, 4, 5, 6].map((place) => `10.200.0.${place}`),
  );
  expect((await serve(cluster, 'more')).status).toBe(500);
});

it('an address by name is of any ServiceCIDR that gives some', async () => {
  const { cluster } = work;
  const asked = async (name: string, clusterIP: string) => {
    const { status, json } = await serve(cluster, name, { clusterIP });
    return status === 201 ? json.spec.clusterIP : json.message;
  };
  expect(await asked('early', '10.201.0.5')).toContain(
    'failed to allocate IP 10.201.0.5: the provided network does not match the current range',
  );
  await make(cluster, 'named', '10.201.0.0/24');
  expect((await read(cluster, 'named')).json).toMatchObject({
    metadata: { finalizers },
    status: {
      conditions: [
        { type: 'Ready', status: 'True', reason: '', message: 'Kubernetes Service CIDR is ready' },
      ],
    },
  });
  expect(await asked('named', '10.201.0.5')).toBe('10.201.0.5');
  expect(await asked('twice', '10.201.0.5')).toContain('provided IP is already allocated');
  expect(await asked('edge', '10.201.0.255')).toContain(
    'the provided IP (10.201.0.255) is not in the valid range. The range of valid IPs is 10.201.0.0/24',
  );

  await remove(cluster, `${cidrsPath}/named`);
  const waiting = (await read(cluster, 'named')).json;
  expect(waiting.metadata.deletionTimestamp).toBeDefined();
  expect(waiting.status.conditions).toMatchObject([
    {
      ...{ type: 'Ready', status: 'False', reason: 'Terminating' },
      message:
        'There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR',
    },
  ]);
  expect(await asked('late', '10.201.0.6')).toContain('does not match the current range');
  await remove(cluster, `${servicesPath}/named`);
  expect((await read(cluster, 'named')).status).toBe(404);
});

it('one that is within another may go with its addresses taken', async () => {
  const { cluster } = work;
  await make(cluster, 'inner', '10.202.1.0/24');
  expect((await serve(cluster, 'inner', { clusterIP: '10.202.1.7' })).status).toBe(201);
  await remove(cluster, `${cidrsPath}/inner`);
  expect((await read(cluster, 'inner')).status).toBe(200);
  await make(cluster, 'outer', '10.202.0.0/16');
  expect((await read(cluster, 'inner')).status).toBe(404);
  await remove(cluster, `${servicesPath}/inner`);
  await remove(cluster, `${cidrsPath}/outer`);
  expect((await read(cluster, 'outer')).status).toBe(404);
});

it('the one of the cluster stays while services have its addresses, and comes back when it has gone', async () => {
  const { cluster } = work;
  const { uid, ...before } = (await read(cluster, 'kubernetes')).json.metadata;
  expect(before).toMatchObject({ finalizers });
  await remove(cluster, `${cidrsPath}/kubernetes`);
  expect((await read(cluster, 'kubernetes')).json.metadata).toMatchObject({ uid });
  await make(cluster, 'same', '10.100.0.0/16');
  const after = (await read(cluster, 'kubernetes')).json;
  expect(after.metadata.uid).not.toBe(uid);
  expect(after).toMatchObject({
    metadata: { finalizers },
    spec: { cidrs: ['10.100.0.0/16'] },
    status: { conditions: [{ type: 'Ready', status: 'True' }] },
  });
  await remove(cluster, `${cidrsPath}/same`);
  expect((await read(cluster, 'same')).status).toBe(404);
  expect((await serve(cluster, 'after')).status).toBe(201);
});

it('what is no network is refused, and one that is made does not change', async () => {
  const { cluster } = work;
  const why = async (...cidrs: string[]) =>
    (await make(cluster, 'wrong', ...cidrs)).json.details.causes.map(
      ({ field, message }: { field: string; message: string }) => `${field}: ${message}`,
    );
  expect(await why()).toEqual(['spec.cidrs: Required value: at least one CIDR required']);
  expect(await why('10.1.0.0/16', '10.2.0.0/16')).toEqual([
    expect.stringContaining('may specify no more than one IP for each IP family'),
  ]);
  expect(await why('10.1.0.0/16', 'fd00::/108', '10.2.0.0/16')).toEqual([
    expect.stringContaining('may only hold up to 2 values'),
  ]);
  expect(await why('10.1.0.1/16')).toEqual([
    'spec.cidrs[0]: Invalid value: "10.1.0.1/16": must not have bits set beyond the prefix length',
  ]);
  expect((await make(cluster, 'dual', '10.203.0.0/24', 'fd00::/108')).status).toBe(201);
  const changed = await cluster.call(
    'PATCH',
    `${cidrsPath}/dual`,
    { spec: { cidrs: ['10.203.0.0/16', 'fd00::/108'] } },
    { 'content-type': 'application/merge-patch+json' },
  );
  expect(changed.json.message).toContain('field is immutable');
  await remove(cluster, `${cidrsPath}/dual`);
  expect((await read(cluster, 'dual')).status).toBe(404);
});
