import { describe, expect, it } from 'vitest';
import type { Endpoint, EndpointSlice, Service } from './objects.ts';
import { localEndpoints, servicePlans } from './plan.ts';
import { staleFlows } from './stale-flows.ts';

const spec = {
  ...{ type: 'NodePort', clusterIP: '10.100.0.7', internalTrafficPolicy: 'Cluster' },
  ...{ externalTrafficPolicy: 'Cluster', sessionAffinity: 'None' },
  ports: [{ name: 'http', protocol: 'TCP', port: 80, nodePort: 30_080 }],
};
const service = (changes: object = {}, status: Service['status'] = {}): Service => ({
  metadata: { name: 'web', namespace: 'shop' },
  spec: { ...spec, ...changes },
  status,
});

function slice(endpoints: readonly (Partial<Endpoint> & { readonly at: string; readonly on?: string })[]) {
  return {
    ...{ metadata: { name: 'web-a', namespace: 'shop' }, addressType: 'IPv4' },
    ports: [{ name: 'http', port: 8_080, protocol: 'TCP' }],
    endpoints: endpoints.map(({ at, on = 'here', ...rest }) => ({ addresses: [at], nodeName: on, ...rest })),
  } satisfies EndpointSlice;
}

const ready = { conditions: { ready: true, serving: true, terminating: false } };
const ending = { conditions: { ready: false, serving: true, terminating: true } };
const starting = { conditions: { ready: false, serving: false, terminating: false } };
const here = { name: 'here', zone: 'a' };
const planOf = (one: Service, ...slices: readonly EndpointSlice[]) => servicePlans(one, slices, here)[0];
const targetsOf = (targets: unknown) =>
  Array.isArray(targets) ? targets.map(({ address, port }) => `${address}:${port}`) : targets;

describe('how a service is led to its endpoints', () => {
  it('is by those that are ready, each once', () => {
    const slices = [
      slice([{ at: '10.0.1.2', ...ready }, { at: '10.0.1.3', ...starting }, { at: '10.0.1.4' }]),
      slice([{ at: '10.0.1.2', ...ending }]),
    ];
    expect(planOf(service(), ...slices)).toEqual({
      ...{ name: 'shop/web:http', protocol: 'tcp', clusterIp: '10.100.0.7', port: 80, externalIps: [] },
      ...{ nodePort: 30_080, hidesClients: true },
      internal: ['10.0.1.2', '10.0.1.4'].map((address) => ({ address, port: 8_080, isLocal: true })),
      external: ['10.0.1.2', '10.0.1.4'].map((address) => ({ address, port: 8_080, isLocal: true })),
    });
  });

  it('is by the slices that have its ports, each for its own', () => {
    const ports = [
      { name: 'http', port: 80 },
      { name: 'more', port: 81 },
    ];
    const more = { ...slice([{ at: '10.0.1.2' }]), ports: [{ name: 'more', port: 9_090 }] };
    const plans = servicePlans(service({ ports }), [slice([{ at: '10.0.1.2' }]), more], here);
    expect(plans.map(({ port, internal }) => [port, targetsOf(internal)])).toEqual([
      [80, ['10.0.1.2:8080']],
      [81, ['10.0.1.2:9090']],
    ]);
  });

  it('leads one number to different ports by protocol', () => {
    const ports = [
      { name: 'http', port: 80 },
      { name: 'datagrams', port: 80, protocol: 'UDP' },
    ];
    const both = {
      ...slice([{ at: '10.0.1.2' }]),
      ports: [
        { name: 'http', port: 8_080 },
        { name: 'datagrams', port: 8_081, protocol: 'UDP' },
      ],
    } as const;
    const plans = servicePlans(service({ ports }), [both], here);
    expect(plans.map(({ protocol, port, internal }) => [protocol, port, targetsOf(internal)])).toEqual([
      ['tcp', 80, ['10.0.1.2:8080']],
      ['udp', 80, ['10.0.1.2:8081']],
    ]);
  });

  it('is by those that end but still serve where none is ready, and by nobody where none is', () => {
    const none = planOf(service(), slice([{ at: '10.0.1.3', ...starting }]));
    expect(none?.internal).toBe('reject');
    const last = planOf(
      service(),
      slice([
        { at: '10.0.1.2', ...ending },
        { at: '10.0.1.3', ...starting },
      ]),
    );
    expect(targetsOf(last?.internal)).toEqual(['10.0.1.2:8080']);
  });

  it('has nobody whom the kernel could not be told of, for it would hear of nobody else', () => {
    const addresses = ['fd00::1', '10.0.1.300', '1.2.3.4; flush ruleset', '10.0.1.2'];
    const named = slice(addresses.map((at) => ({ at })));
    expect(targetsOf(planOf(service(), named)?.internal)).toEqual(['10.0.1.2:8080']);
    const ports = [{ name: 'http', port: 70_000, protocol: 'TCP' }];
    expect(planOf(service(), { ...slice([{ at: '10.0.1.2' }]), ports })?.internal).toBe('reject');
    expect(planOf(service({ externalIPs: ['999.0.2.1', '192.0.2.1'] }))?.externalIps).toEqual(['192.0.2.1']);
  });

  it('stays on the node where the policy says so', () => {
    const both = slice([
      { at: '10.0.1.2', on: 'there', ...ready },
      { at: '10.0.1.3', ...ready },
    ]);
    const external = planOf(service({ externalTrafficPolicy: 'Local' }), both);
    expect(targetsOf(external?.external)).toEqual(['10.0.1.3:8080']);
    expect(targetsOf(external?.internal)).toEqual(['10.0.1.2:8080', '10.0.1.3:8080']);
    expect(external?.hidesClients).toBe(false);
    const internal = planOf(service({ internalTrafficPolicy: 'Local' }), both);
    expect(targetsOf(internal?.internal)).toEqual(['10.0.1.3:8080']);
    // Others have some: who asks here is not told that there is none.
    const elsewhere = slice([{ at: '10.0.1.2', on: 'there', ...ready }]);
    expect(planOf(service({ externalTrafficPolicy: 'Local' }), elsewhere)?.external).toBe('drop');
    expect(localEndpoints([both], 'here')).toBe(1);
    expect(localEndpoints([elsewhere], 'here')).toBe(0);
  });

  it('is by those that are meant for the node or its zone, where all say for whom they are', () => {
    const forZone = (...zones: string[]) => ({ forZones: zones.map((name) => ({ name })) });
    const forNode = (name: string, zone: string) => ({ forNodes: [{ name }], ...forZone(zone) });
    const internal = (
      ...endpoints: readonly (Partial<Endpoint> & { readonly at: string; readonly on?: string })[]
    ) => targetsOf(planOf(service(), slice(endpoints))?.internal);
    const near = { at: '10.0.1.2', on: 'next', ...ready, hints: forZone('a') };
    const far = { at: '10.0.1.3', on: 'there', ...ready, hints: forZone('b') };
    const all = ['10.0.1.2:8080', '10.0.1.3:8080'];
    expect(internal(near, far)).toEqual(['10.0.1.2:8080']);
    // None is meant for this zone; one does not say; the one that is is not ready.
    expect(internal({ ...near, hints: forZone('c') }, far)).toEqual(all);
    expect(internal({ ...near, hints: null }, far)).toEqual(all);
    expect(internal({ ...near, ...starting }, far)).toEqual(['10.0.1.3:8080']);
    expect(internal({ ...near, ...ending }, far)).toEqual(['10.0.1.3:8080']);

    const own = { at: '10.0.1.1', ...ready, hints: forNode('here', 'a') };
    const next = { ...near, hints: forNode('next', 'a') };
    const other = { ...far, hints: forNode('there', 'b') };
    expect(internal(own, next, other)).toEqual(['10.0.1.1:8080']);
    expect(internal(next, other)).toEqual(['10.0.1.2:8080']);

    // What stays on the node anyway does so whatever is said of zones.
    const local = slice([{ ...far, on: 'here' }, { ...near }]);
    const policy = { externalTrafficPolicy: 'Local' };
    expect(targetsOf(planOf(service(policy), local)?.external)).toEqual(['10.0.1.3:8080']);
    expect(targetsOf(planOf(service(policy), local)?.internal)).toEqual(['10.0.1.2:8080']);
  });

  it('is by its other addresses, and by the one before for a while', () => {
    const plan = planOf(
      service(
        { externalIPs: ['192.0.2.1'], sessionAffinity: 'ClientIP' },
        { loadBalancer: { ingress: [{ ip: '192.0.2.2' }, { ip: '192.0.2.3', ipMode: 'Proxy' }] } },
      ),
    );
    expect(plan).toMatchObject({ externalIps: ['192.0.2.1', '192.0.2.2'], affinitySeconds: 10_800 });
  });

  it.each([
    ['headless', { clusterIP: 'None' }],
    ['without an address', { clusterIP: undefined }],
    ['another’s name', { type: 'ExternalName', clusterIP: '' }],
  ])('is not by addresses at all: %s', (_, changes) => {
    expect(servicePlans(service(changes), [slice([{ at: '10.0.1.2' }])], here)).toEqual([]);
  });
});

it('ends UDP flows to targets that a service has no more, and no others', () => {
  const udp = { ...spec, ports: [{ name: 'http', protocol: 'UDP', port: 53, nodePort: 30_053 }] };
  const udpSlice = (...addresses: readonly string[]) => ({
    ...slice(addresses.map((at) => ({ at }))),
    ports: [{ name: 'http', port: 5_353, protocol: 'UDP' }],
  });
  const plans = (...addresses: readonly string[]) =>
    servicePlans(service(udp), [udpSlice(...addresses)], here);
  const isStale = staleFlows(plans('10.0.1.2', '10.0.1.3'), plans('10.0.1.3'), '10.0.1.10');
  const flow = { protocol: 'udp', source: '10.0.1.9', sentAs: '10.0.1.9', port: 5_353 } as const;
  const to = (destination: string, receiver: string) => isStale?.({ ...flow, destination, receiver });
  expect(to('10.100.0.7', '10.0.1.2')).toBe(true);
  expect(to('10.0.1.10', '10.0.1.2')).toBe(true);
  expect(to('10.100.0.7', '10.0.1.3')).toBe(false);
  expect(to('10.0.1.2', '10.0.1.2')).toBe(false);
  expect(staleFlows(plans('10.0.1.3'), plans('10.0.1.2', '10.0.1.3'), '10.0.1.10')).toBeUndefined();
});
