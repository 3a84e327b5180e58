import { describe, expect, it } from 'vitest';
import { seededRandom, systemClock } from '../../clock/index.ts';
import { openState } from '../../reconcile/index.ts';
import { openMemoryStore } from '../../store/index.ts';
import { ObjectStore } from '../objects/object-store.ts';
import { ObjectsInMemory } from '../objects/objects-in-memory.ts';
import { apiVersionOf, type Resource, resourceNamed } from '../schema/catalogue.ts';
import { resolveService } from './service-address.ts';

const place = { accountId: '111122223333', region: 'eu-west-1', id: 'c1' };
const services = resourceNamed('', 'services');
const endpoints = resourceNamed('', 'endpoints');
const slices = resourceNamed('discovery.k8s.io', 'endpointslices');

/** What a reference to the port 443 of `ns/hook` leads to, among these objects. */
async function resolved(...objects: readonly (readonly [Resource, object])[]) {
  const clock = systemClock();
  await using stack = new AsyncDisposableStack();
  const store = stack.adopt(openMemoryStore({ clock }), (it) => it.close());
  const state = stack.adopt(await openState(store, { clock }), (it) => it.close());
  const kept = new ObjectStore(store, place);
  for (const [resource, { metadata = {}, ...members }] of objects as (readonly [
    Resource,
    { metadata?: object },
  ])[])
    await kept.create(kept.key(resource, 'ns', 'hook'), {
      ...{ apiVersion: apiVersionOf(resource), kind: resource.kind },
      ...{ metadata: { name: 'hook', namespace: 'ns', ...metadata }, ...members },
    });
  return resolveService(new ObjectsInMemory(state, place), seededRandom('one'), {
    ...{ namespace: 'ns', name: 'hook', port: 443 },
  });
}

const service = [services, { spec: { ports: [{ name: 'https', port: 443 }] } }] as const;
const named = { labels: { 'kubernetes.io/service-name': 'hook' } };

describe('a service reference', () => {
  it('leads to an endpoint of a slice that is ready, at the port with the name of the service', async () => {
    const slice = {
      metadata: named,
      ports: [
        { name: 'other', port: 1 },
        { name: 'https', port: 9443 },
      ],
      endpoints: [
        { addresses: ['10.0.0.1'], conditions: { ready: false } },
        { addresses: ['10.0.0.2'], conditions: { ready: true } },
      ],
    };
    expect(await resolved(service, [slices, slice])).toEqual({ host: '10.0.0.2', port: 9443 });
  });

  it('leads to an address of Endpoints where there are no slices', async () => {
    const subset = {
      addresses: [{ ip: '10.0.0.3' }],
      notReadyAddresses: [{ ip: '10.0.0.4' }],
      ports: [{ name: 'https', port: 9443 }],
    };
    expect(await resolved(service, [endpoints, { subsets: [subset] }])).toEqual({
      ...{ host: '10.0.0.3', port: 9443 },
    });
  });

  it('leads nowhere by the slices of another service', async () => {
    const slice = { ports: [{ name: 'https', port: 1 }], endpoints: [{ addresses: ['10.0.0.1'] }] };
    await expect(resolved(service, [slices, slice])).rejects.toThrow(
      'no endpoints available for service "hook"',
    );
  });
});
