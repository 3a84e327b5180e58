import { labelSelector, text } from '../../schema/definition-schemas.ts';
import { column, unsupported } from '../definition-parts.ts';
import { paramsGroup, paramsKind, paramsPlural } from './objects.ts';

const texts = { type: 'array', items: text };
const pairs = {
  type: 'array',
  items: { type: 'object', required: ['key', 'value'], properties: { key: text, value: text } },
};
/** Of what is refused, whatever it says. */
const anything = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

const refused = ['authenticationConfiguration', 'ipamConfiguration', 'minimumLoadBalancerCapacity'];

export const paramsSpec = {
  type: 'object',
  properties: {
    namespaceSelector: labelSelector,
    group: { type: 'object', required: ['name'], properties: { name: text } },
    scheme: { type: 'string', enum: ['internal', 'internet-facing'] },
    ipAddressType: { type: 'string', enum: ['ipv4', 'dualstack', 'dualstack-without-public-ipv4'] },
    ...{ inboundCIDRs: texts, certificateArn: texts, sslPolicy: text },
    ...{ PrefixListsIDs: texts, prefixListsIDs: texts },
    subnets: {
      type: 'object',
      properties: {
        ids: { ...texts, minItems: 1 },
        tags: { type: 'object', additionalProperties: texts },
      },
    },
    ...{ tags: pairs, loadBalancerAttributes: pairs },
    listeners: { type: 'array', items: anything },
    ...Object.fromEntries(refused.map((name) => [name, anything])),
  },
  'x-kubernetes-validations': [
    ...[...refused, 'listeners'].map((name) => unsupported(name, `!has(self.${name})`)),
    unsupported('ipAddressType: dualstack', "!has(self.ipAddressType) || self.ipAddressType == 'ipv4'"),
    unsupported('subnets: tags', '!has(self.subnets) || !has(self.subnets.tags)'),
  ],
};

/** The kind to which an IngressClass of the AWS Load Balancer Controller refers as its parameters. */
export const paramsDefinition = {
  metadata: { name: `${paramsPlural}.${paramsGroup}` },
  spec: {
    ...{ group: paramsGroup, scope: 'Cluster' },
    names: {
      ...{ plural: paramsPlural, singular: paramsPlural },
      ...{ kind: paramsKind, listKind: `${paramsKind}List` },
    },
    versions: [
      {
        ...{ name: 'v1beta1', served: true, storage: true },
        additionalPrinterColumns: [
          column('GROUP-NAME', '.spec.group.name'),
          column('SCHEME', '.spec.scheme'),
          column('IP-ADDRESS-TYPE', '.spec.ipAddressType'),
          column('AGE', '.metadata.creationTimestamp', { type: 'date' }),
        ],
        schema: {
          openAPIV3Schema: {
            ...{ type: 'object', description: 'What all Ingresses of a class have in common.' },
            properties: {
              ...{ apiVersion: text, kind: text, metadata: { type: 'object' }, spec: paramsSpec },
            },
          },
        },
      },
    ],
  },
};
