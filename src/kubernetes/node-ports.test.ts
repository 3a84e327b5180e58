import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EksServer, startEks, type TestCluster } from './testing/eks-server.ts';

let server: EksServer;
let cluster: TestCluster;
beforeAll(async () => {
  server = await startEks();
  cluster = await server.cluster('ports');
});
afterAll(() => server[Symbol.asyncDispose]());

const at = (name = ''): string => `/api/v1/namespaces/default/services${name && `/${name}`}`;
const merge = { 'content-type': 'application/merge-patch+json' };
const port = (more: object = {}) => ({ name: 'http', port: 80, protocol: 'TCP', ...more });
const make = (name: string, spec: object) =>
  cluster.call('POST', at(), { metadata: { name }, spec: { type: 'NodePort', ports: [port()], ...spec } });
const portsOf = (json: { spec: { ports: { nodePort?: number }[] } }) =>
  json.spec.ports.map(({ nodePort }) => nodePort);

describe('ports of nodes', () => {
  it('are given from the upper part of the range, and stay', async () => {
    const { status, json, text } = await make('web', {});
    expect(status, text).toBe(201);
    const [given = 0] = portsOf(json);
    expect(given).toBeGreaterThanOrEqual(30_086);
    expect(given).toBeLessThanOrEqual(32_767);
    expect(json.spec.externalTrafficPolicy).toBe('Cluster');
    // Who leaves it out means the one that it has.
    const update = await cluster.call('PUT', at('web'), { ...json, spec: { ...json.spec, ports: [port()] } });
    expect(portsOf(update.json)).toEqual([given]);
    await cluster.call('DELETE', at('web'));
    expect(portsOf((await make('again', { ports: [port({ nodePort: given })] })).json)).toEqual([given]);
    await cluster.call('DELETE', at('again'));
  });

  it('are one service’s alone, but for another protocol', async () => {
    expect((await make('first', { ports: [port({ nodePort: 30_080 })] })).status).toBe(201);
    const taken = await make('second', { ports: [port({ nodePort: 30_080 })] });
    expect(taken.status).toBe(422);
    expect(taken.json.message).toBe(
      'Service "second" is invalid: spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated',
    );
    const outside = await make('second', { ports: [port({ nodePort: 8_080 })] });
    expect(outside.json.message).toContain(
      'Invalid value: 8080: provided port is not in the valid range. The range of valid ports is 30000-32767',
    );
    const udp = await make('second', { ports: [port({ nodePort: 30_080, protocol: 'UDP' })] });
    expect(udp.status, udp.text).toBe(201);
    // One number for both protocols of one port.
    const both = [port({ name: 'dns', port: 53 }), port({ name: 'dns-udp', port: 53, protocol: 'UDP' })];
    const [tcp, other] = portsOf((await make('dns', { ports: both })).json);
    expect(tcp).toBe(other);
    for (const name of ['first', 'second', 'dns']) await cluster.call('DELETE', at(name));
  });

  it('go when the type that has them goes, and only there may they be', async () => {
    await make('web', { ports: [port({ nodePort: 30_090 })] });
    const plain = await cluster.call('PATCH', at('web'), { spec: { type: 'ClusterIP' } }, merge);
    expect(plain.status, plain.text).toBe(200);
    expect(portsOf(plain.json)).toEqual([undefined]);
    expect(plain.json.spec.externalTrafficPolicy).toBeUndefined();
    const other = await make('other', { ports: [port({ nodePort: 30_090 })] });
    expect(other.status, other.text).toBe(201);
    const asked = await make('third', { type: 'ClusterIP', ports: [port({ nodePort: 30_091 })] });
    expect(asked.json.message).toContain(
      "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'",
    );
    for (const name of ['web', 'other']) await cluster.call('DELETE', at(name));
  });

  it('are for load balancers as well, with one for health checks where only local pods are asked', async () => {
    const { json, status, text } = await make('lb', { type: 'LoadBalancer', externalTrafficPolicy: 'Local' });
    expect(status, text).toBe(201);
    expect(json.spec.allocateLoadBalancerNodePorts).toBe(true);
    const { healthCheckNodePort } = json.spec;
    expect(healthCheckNodePort).toBeGreaterThan(30_000);
    const taken = await make('web', { ports: [port({ nodePort: healthCheckNodePort })] });
    expect(taken.json.message).toContain('provided port is already allocated');
    const without = await make('bare', { type: 'LoadBalancer', allocateLoadBalancerNodePorts: false });
    expect(portsOf(without.json)).toEqual([undefined]);
  });

  it('are never two services’, however many ask at once', async () => {
    // Of the lower part, of which nobody was given one by chance.
    const asking = Array.from({ length: 8 }, (_, index) =>
      make(`racer-${index}`, { ports: [port({ nodePort: 30_050 })] }),
    );
    const statuses = (await Promise.all(asking)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 201)).toHaveLength(1);
    expect(statuses.filter((status) => status === 422)).toHaveLength(7);
  });
});
