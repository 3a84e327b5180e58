import fc from 'fast-check';
import type { NetworkPolicy, PolicyPeerSpec, PolicyPod, PolicyPortSpec } from '../objects.ts';
import type { Connection, World } from './literal-reading.ts';

const namespaceNames = ['shop', 'bank', 'zoo'] as const;
const keys = ['app', 'tier'];
const values = ['a', 'b'];
const portNames = ['web', 'dns'];
const portNumbers = [53, 80, 8_080];
const protocols = ['TCP', 'UDP', 'SCTP'] as const;

const labels = fc.dictionary(fc.constantFrom(...keys), fc.constantFrom(...values), { maxKeys: 2 });
const selector = fc.record(
  {
    matchLabels: labels,
    matchExpressions: fc.array(
      fc.oneof(
        fc.record({
          key: fc.constantFrom(...keys),
          operator: fc.constantFrom('In', 'NotIn'),
          values: fc.subarray(values, { minLength: 1 }),
        }),
        fc.record({ key: fc.constantFrom(...keys), operator: fc.constantFrom('Exists', 'DoesNotExist') }),
      ),
      { maxLength: 1 },
    ),
  },
  { requiredKeys: [] },
);

const portSpec: fc.Arbitrary<PolicyPortSpec> = fc.oneof(
  fc.record({ protocol: fc.constantFrom(...protocols) }),
  fc.record({
    protocol: fc.constantFrom(...protocols),
    port: fc.constantFrom<number | string>(...portNumbers, ...portNames),
  }),
  fc
    .tuple(fc.constantFrom(...protocols), fc.constantFrom(53, 80), fc.constantFrom(80, 8_079, 8_080))
    .map(([protocol, port, endPort]) => ({ protocol, port, endPort })),
);

/** @param addresses Of pods and others: blocks are around them. */
const peerSpec = (addresses: readonly string[]): fc.Arbitrary<PolicyPeerSpec> =>
  fc.oneof(
    fc.record({ podSelector: selector }),
    fc.record({ namespaceSelector: selector }),
    fc.record({ namespaceSelector: selector, podSelector: selector }),
    fc
      .record({
        address: fc.constantFrom(...addresses),
        length: fc.constantFrom(0, 16, 24, 30, 32),
        except: fc.array(
          fc.record({ address: fc.constantFrom(...addresses), length: fc.constantFrom(29, 31, 32) }),
          {
            maxLength: 2,
          },
        ),
      })
      .map(({ address, length, except }) => ({
        ipBlock: {
          cidr: `${address}/${length}`,
          except: except.map((each) => `${each.address}/${each.length}`),
        },
      })),
  );

function policy(addresses: readonly string[]): fc.Arbitrary<NetworkPolicy['spec'] & object> {
  const peers = fc.option(fc.array(peerSpec(addresses), { maxLength: 2 }), { nil: undefined });
  const ports = fc.option(fc.array(portSpec, { maxLength: 3 }), { nil: undefined });
  const many = { maxLength: 2 };
  return fc.record({
    podSelector: selector,
    policyTypes: fc.subarray(['Ingress', 'Egress'], { minLength: 1 }),
    ingress: fc.array(fc.record({ from: peers, ports }).map(withoutUndefined), many),
    egress: fc.array(fc.record({ to: peers, ports }).map(withoutUndefined), many),
  });
}

// biome-ignore lint/suspicious/noExplicitAny: what is left out of an object is of any type.
const withoutUndefined = (object: object): any =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));

/** @param addresses One for each pod. @param others Of nobody who is a pod. */
export function anyWorld(addresses: readonly string[], others: readonly string[]): fc.Arbitrary<World> {
  const pod = (address: string, index: number): fc.Arbitrary<PolicyPod> =>
    fc
      .record({
        namespace: fc.constantFrom(...namespaceNames),
        labels,
        named: fc.uniqueArray(namedPort, named),
      })
      .map(({ namespace, labels: own, named: ports }) => ({
        metadata: { name: `pod-${index}`, namespace, uid: `uid-${index}`, labels: own },
        spec: { nodeName: 'here', containers: [{ ports }] },
        status: { phase: 'Running', podIP: address },
      }));
  return fc.record({
    namespaces: fc.tuple(...namespaceNames.map((name) => labels.map((own) => ({ name, labels: own })))),
    pods: fc.tuple(...addresses.map(pod)),
    policies: fc
      .array(fc.tuple(fc.constantFrom(...namespaceNames), policy([...addresses, ...others])), {
        maxLength: 6,
      })
      .map((all) =>
        all.map(([namespace, spec], index) => ({ metadata: { name: `policy-${index}`, namespace }, spec })),
      ),
  });
}

const namedPort = fc.record({
  name: fc.constantFrom(...portNames),
  containerPort: fc.constantFrom(...portNumbers),
  protocol: fc.constantFrom(...protocols),
});
const named = { maxLength: 2, selector: ({ name }: { readonly name: string }) => name };

export const anyConnection = (addresses: readonly string[]): fc.Arbitrary<Connection> =>
  fc.record({
    from: fc.constantFrom(...addresses),
    to: fc.constantFrom(...addresses),
    protocol: fc.constantFrom(...protocols, 'ICMP' as const),
    port: fc.constantFrom(...portNumbers, 81),
  });
