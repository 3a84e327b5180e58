import { labelSelector, text } from '../schema/definition-schemas.ts';
import { resourcesGroup } from './names.ts';

/** Which security groups the pods of a namespace have. */
const securityGroupPolicies = {
  metadata: { name: `securitygrouppolicies.${resourcesGroup}` },
  spec: {
    ...{ group: resourcesGroup, scope: 'Namespaced' },
    names: {
      ...{ plural: 'securitygrouppolicies', singular: 'securitygrouppolicy', shortNames: ['sgp'] },
      ...{ kind: 'SecurityGroupPolicy', listKind: 'SecurityGroupPolicyList' },
    },
    versions: [
      {
        ...{ name: 'v1beta1', served: true, storage: true, subresources: { status: {} } },
        additionalPrinterColumns: [
          { name: 'Security-Group-Ids', type: 'string', jsonPath: '.spec.securityGroups.groupIds' },
        ],
        schema: {
          openAPIV3Schema: {
            type: 'object',
            description: 'Which security groups the interfaces of the pods that it selects are in.',
            properties: {
              ...{ apiVersion: text, kind: text, metadata: { type: 'object' }, status: { type: 'object' } },
              spec: {
                type: 'object',
                properties: {
                  ...{ podSelector: labelSelector, serviceAccountSelector: labelSelector },
                  securityGroups: {
                    type: 'object',
                    properties: { groupIds: { type: 'array', items: text, minItems: 1, maxItems: 5 } },
                  },
                },
              },
            },
          },
        },
      },
    ],
  },
};

/** What a node's network can do, which the Amazon VPC CNI plugin says. */
const cniNodes = {
  metadata: { name: `cninodes.${resourcesGroup}` },
  spec: {
    ...{ group: resourcesGroup, scope: 'Cluster' },
    names: {
      ...{ plural: 'cninodes', singular: 'cninode', shortNames: ['cnd'] },
      ...{ kind: 'CNINode', listKind: 'CNINodeList' },
    },
    versions: [
      {
        ...{ name: 'v1alpha1', served: true, storage: true, subresources: { status: {} } },
        additionalPrinterColumns: [{ name: 'Features', type: 'string', jsonPath: '.spec.features' }],
        schema: {
          openAPIV3Schema: {
            type: 'object',
            description:
              'What the network of a node can do, and the tags of interfaces that are made for it.',
            properties: {
              ...{ apiVersion: text, kind: text, metadata: { type: 'object' }, status: { type: 'object' } },
              spec: {
                type: 'object',
                properties: {
                  features: {
                    ...{ type: 'array' },
                    items: { type: 'object', properties: { name: text, value: text } },
                  },
                  tags: { type: 'object', additionalProperties: text },
                },
              },
            },
          },
        },
      },
    ],
  },
};

/** The kinds that every cluster of EKS has for its network. */
export const networkDefinitions = [securityGroupPolicies, cniNodes];
