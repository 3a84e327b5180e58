import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EksServer, startEks, type TestCluster } from './testing/eks-server.ts';

let server: EksServer;
let cluster: TestCluster;
beforeEach(async () => {
  server = await startEks();
  cluster = await server.cluster('harbor');
});
afterEach(() => server[Symbol.asyncDispose]());

const addon = { clusterName: 'harbor', addonName: 'metrics-server' };
const status = async (path: string) => (await cluster.call('GET', path)).status;
const groups = async (): Promise<readonly string[]> =>
  (await cluster.call('GET', '/apis')).json.groups.map(({ name }: { readonly name: string }) => name);
const apiService = '/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.metrics.k8s.io';
const podMetrics = '/apis/metrics.k8s.io/v1beta1/pods';

describe('a cluster without metrics-server', () => {
  it('serves no API of metrics, until its add-on is made again', async () => {
    expect(await status(podMetrics)).toBe(200);
    await server.eks.createAddon(addon);
    await server.reconcilers.idle();
    expect((await server.eks.describeAddon(addon)).addon?.status).toBe('ACTIVE');
    await server.eks.deleteAddon(addon);
    await server.reconcilers.idle();
    expect([await status(podMetrics), await status(apiService)]).toEqual([404, 404]);
    expect(await groups()).not.toContain('metrics.k8s.io');
    expect(await groups()).toContain('apps');
    await server.eks.createAddon(addon);
    await server.reconcilers.idle();
    expect([await status(podMetrics), await status(apiService)]).toEqual([200, 200]);
    expect(await groups()).toContain('metrics.k8s.io');
    expect(server.troubles()).toEqual([]);
  });
});
