import { labelSelector, text } from '../../schema/definition-schemas.ts';
import { column, unsupported } from '../definition-parts.ts';
import { bindingsGroup, bindingsPlural } from './objects.ts';

const someText = { type: 'string', minLength: 1 } as const;
const port = { 'x-kubernetes-int-or-string': true } as const;

/** As the controller's webhook refuses it. */
const unchanged = (field: string) => ({
  rule: `!has(oldSelf.${field}) || (has(self.${field}) && self.${field} == oldSelf.${field})`,
  message: `TargetGroupBinding update may not change these fields: spec.${field}`,
});

export const bindingSpec = {
  ...{ type: 'object', required: ['serviceRef'] },
  properties: {
    ...{ targetGroupARN: someText, targetGroupName: someText, vpcID: text },
    targetType: { type: 'string', enum: ['instance', 'ip'] },
    ipAddressType: { type: 'string', enum: ['ipv4', 'ipv6'] },
    multiClusterTargetGroup: { type: 'boolean' },
    ...{ iamRoleArnToAssume: text, assumeRoleExternalId: text },
    serviceRef: {
      ...{ type: 'object', required: ['name', 'port'] },
      properties: { name: text, port },
    },
    nodeSelector: labelSelector,
    networking: {
      type: 'object',
      properties: {
        ingress: {
          type: 'array',
          items: {
            ...{ type: 'object', required: ['from', 'ports'] },
            properties: {
              from: {
                type: 'array',
                items: {
                  type: 'object',
                  properties: {
                    ipBlock: { type: 'object', required: ['cidr'], properties: { cidr: text } },
                    securityGroup: { type: 'object', required: ['groupID'], properties: { groupID: text } },
                  },
                },
              },
              ports: {
                type: 'array',
                items: {
                  type: 'object',
                  properties: { protocol: { type: 'string', enum: ['TCP', 'UDP'] }, port },
                },
              },
            },
          },
        },
      },
    },
  },
  'x-kubernetes-validations': [
    {
      rule: 'has(self.targetGroupARN) || has(self.targetGroupName)',
      message: 'TargetGroupBinding must specify either spec.targetGroupARN or spec.targetGroupName',
    },
    {
      rule: "!has(self.nodeSelector) || !has(self.targetType) || self.targetType != 'ip'",
      message: 'TargetGroupBinding cannot set NodeSelector when TargetType is ip',
    },
    ...['targetGroupARN', 'targetGroupName', 'targetType', 'ipAddressType', 'vpcID'].map(unchanged),
    unsupported(
      'multiClusterTargetGroup',
      '!has(self.multiClusterTargetGroup) || !self.multiClusterTargetGroup',
    ),
    unsupported('ipAddressType: ipv6', "!has(self.ipAddressType) || self.ipAddressType == 'ipv4'"),
    unsupported('iamRoleArnToAssume', '!has(self.iamRoleArnToAssume)'),
    unsupported('assumeRoleExternalId', '!has(self.assumeRoleExternalId)'),
  ],
};

/** The kind that the AWS Load Balancer Controller's chart brings. */
export const bindingDefinition = {
  metadata: { name: `${bindingsPlural}.${bindingsGroup}` },
  spec: {
    ...{ group: bindingsGroup, scope: 'Namespaced' },
    names: {
      ...{ plural: bindingsPlural, singular: 'targetgroupbinding' },
      ...{ kind: 'TargetGroupBinding', listKind: 'TargetGroupBindingList' },
    },
    versions: [
      {
        ...{ name: 'v1beta1', served: true, storage: true, subresources: { status: {} } },
        additionalPrinterColumns: [
          column('SERVICE-NAME', '.spec.serviceRef.name'),
          column('SERVICE-PORT', '.spec.serviceRef.port'),
          column('TARGET-TYPE', '.spec.targetType'),
          column('ARN', '.spec.targetGroupARN', { priority: 1 }),
          column('AGE', '.metadata.creationTimestamp', { type: 'date' }),
        ],
        schema: {
          openAPIV3Schema: {
            ...{ type: 'object', description: 'Fills a target group from a Service.' },
            properties: {
              ...{ apiVersion: text, kind: text, metadata: { type: 'object' }, spec: bindingSpec },
              status: {
                type: 'object',
                properties: { observedGeneration: { type: 'integer', format: 'int64' } },
              },
            },
          },
        },
      },
    ],
  },
};
