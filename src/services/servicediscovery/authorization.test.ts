import * as sdk from '@aws-sdk/client-servicediscovery';
import { accountId } from '../iam/testing/iam-server.ts';
import { authorizationSuite, type Case } from '../testing/authorization-suite.ts';
import { openGuarded, region } from '../testing/guarded.ts';
import { cloudMapOperations } from './operations.ts';
import { type NamespaceRecord, namespaceKey, namespaces, operationKey, operations } from './records.ts';

const arn = (resource: string) => `arn:aws:servicediscovery:${region}:${accountId}:${resource}`;
const ns = 'ns-0123456789abcdef';
const nsArn = arn(`namespace/${ns}`);
const tagging = { 'aws:RequestTag/Pier': 'nine', 'aws:TagKeys': ['Pier'] };
const Tags = [{ Key: 'Pier', Value: 'nine' }];
const tagged = { 'aws:ResourceTag/team': 'blue' };
const creator = { 'servicediscovery:ServiceCreatedByAccount': accountId };
const any = ['*'];
const change = { Description: 'x' };
const names = { NamespaceName: 'harbour', ServiceName: 'web' };

interface World {
  readonly service: string;
  readonly operation: string;
}

function casesIn({ service, operation }: World): Readonly<Record<string, Case>> {
  const serviceArn = arn(`service/${service}`);
  const onNamespace = { on: [nsArn], keys: tagged };
  const onService = { on: [serviceArn], keys: tagged };
  const changed = { on: [serviceArn], keys: { ...tagged, ...creator } };
  const instances = { on: [serviceArn], keys: { ...tagged, 'servicediscovery:ServiceArn': serviceArn } };
  const changedInstances = { on: [serviceArn], keys: { ...instances.keys, ...creator } };
  const discovery = {
    on: [nsArn, serviceArn],
    keys: { ...tagged, 'servicediscovery:NamespaceName': 'harbour', 'servicediscovery:ServiceName': 'web' },
  };
  const [Id, ServiceId, InstanceId] = [service, service, 'one'];
  return {
    CreateHttpNamespace: { input: { Name: 'x', Tags }, on: any, keys: tagging },
    CreatePrivateDnsNamespace: { input: { Name: 'x', Vpc: 'vpc-1', Tags }, on: any, keys: tagging },
    CreateService: {
      input: { Name: 'x', NamespaceId: ns, Tags },
      on: [arn('service/*'), nsArn],
      keys: { ...tagged, ...tagging, 'servicediscovery:NamespaceArn': nsArn },
    },
    DeleteNamespace: { input: { Id: ns }, ...onNamespace },
    DeleteService: { input: { Id: serviceArn }, ...changed },
    DeleteServiceAttributes: { input: { ServiceId, Attributes: ['x'] }, ...changed },
    DeregisterInstance: { input: { ServiceId, InstanceId }, ...changedInstances },
    DiscoverInstances: { input: names, ...discovery },
    DiscoverInstancesRevision: { input: names, ...discovery },
    GetInstance: { input: { ServiceId, InstanceId }, ...instances },
    GetInstancesHealthStatus: { input: { ServiceId }, ...instances },
    GetNamespace: { input: { Id: nsArn }, ...onNamespace },
    GetOperation: { input: { OperationId: operation }, on: [serviceArn, nsArn], keys: tagged },
    GetService: { input: { Id }, ...onService },
    GetServiceAttributes: { input: { ServiceId }, ...onService },
    ListInstances: { input: { ServiceId }, ...instances },
    ListNamespaces: { input: {}, on: any },
    ListOperations: { input: {}, on: any },
    ListServices: { input: {}, on: any },
    ListTagsForResource: { input: { ResourceARN: nsArn }, on: any },
    RegisterInstance: { input: { ServiceId, InstanceId, Attributes: {} }, ...changedInstances },
    TagResource: { input: { ResourceARN: nsArn, Tags }, on: any, keys: tagging },
    UntagResource: {
      input: { ResourceARN: nsArn, TagKeys: ['Pier'] },
      on: any,
      keys: { 'aws:TagKeys': ['Pier'] },
    },
    UpdateHttpNamespace: { input: { Id: ns, Namespace: change }, ...onNamespace },
    UpdateInstanceCustomHealthStatus: {
      input: { ServiceId, InstanceId, Status: 'HEALTHY' },
      ...changedInstances,
    },
    UpdatePrivateDnsNamespace: { input: { Id: ns, Namespace: change }, ...onNamespace },
    UpdateService: { input: { Id, Service: change }, ...changed },
    UpdateServiceAttributes: { input: { ServiceId, Attributes: { a: 'b' } }, ...changed },
  };
}

/** Service Authorization Reference, "Actions defined by AWS Cloud Map". */
const resourceTag = ['aws:ResourceTag'];
const requestTags = ['aws:RequestTag', 'aws:TagKeys'];
const changed = [...resourceTag, 'servicediscovery:ServiceCreatedByAccount'];
const instances = [...resourceTag, 'servicediscovery:ServiceArn'];
const discovery = [...resourceTag, 'servicediscovery:NamespaceName', 'servicediscovery:ServiceName'];
const listedKeys = {
  CreateHttpNamespace: requestTags,
  CreatePrivateDnsNamespace: requestTags,
  CreateService: [...resourceTag, ...requestTags, 'servicediscovery:NamespaceArn'],
  DeleteNamespace: resourceTag,
  DeleteService: changed,
  DeleteServiceAttributes: changed,
  DeregisterInstance: [...changed, 'servicediscovery:ServiceArn'],
  DiscoverInstances: discovery,
  DiscoverInstancesRevision: discovery,
  GetInstance: instances,
  GetInstancesHealthStatus: instances,
  GetNamespace: resourceTag,
  GetOperation: resourceTag,
  GetService: resourceTag,
  GetServiceAttributes: resourceTag,
  ListInstances: instances,
  ListNamespaces: [],
  ListOperations: [],
  ListServices: [],
  ListTagsForResource: [],
  RegisterInstance: [...changed, 'servicediscovery:ServiceArn'],
  TagResource: requestTags,
  UntagResource: ['aws:TagKeys'],
  UpdateHttpNamespace: resourceTag,
  UpdateInstanceCustomHealthStatus: [...changed, 'servicediscovery:ServiceArn'],
  UpdatePrivateDnsNamespace: resourceTag,
  UpdateService: changed,
  UpdateServiceAttributes: changed,
};

const namespace: NamespaceRecord = {
  ...{ id: ns, name: 'harbour', type: 'HTTP', httpName: 'harbour', serviceCount: 0 },
  ...{ creatorRequestId: 'one', createdAt: 0, tags: { team: 'blue' } },
};

authorizationSuite({
  ...{ prefix: 'servicediscovery', sdk, listedKeys, casesIn },
  open: () =>
    openGuarded({
      signingName: 'servicediscovery',
      loadSdk: () => import('@aws-sdk/client-servicediscovery'),
      operations: (parts) => cloudMapOperations({ ...parts, hasVpc: () => true }),
      build: async (root, { state }) => {
        const cloudMap = new sdk.ServiceDiscovery({ ...root, disableHostPrefix: true });
        const scope = { accountId, region };
        await state.transact((tx) => tx.put(namespaces, namespaceKey(scope, ns), namespace));
        const { Service } = await cloudMap.createService({
          ...{ NamespaceId: ns, Name: 'web', Tags: [{ Key: 'team', Value: 'blue' }] },
        });
        const service = Service?.Id ?? '';
        const work = {
          type: 'DEREGISTER_INSTANCE',
          namespaceId: ns,
          serviceId: service,
          instanceId: 'one',
        } as const;
        const operation = { id: 'op-1', status: 'SUCCESS', work, createdAt: 0, updatedAt: 0 } as const;
        await state.transact((tx) => tx.put(operations, operationKey(scope, 'op-1'), operation));
        cloudMap.destroy();
        return { service, operation: 'op-1' };
      },
    }),
  client: (settings) => new sdk.ServiceDiscoveryClient({ ...settings, disableHostPrefix: true }),
  denied: { name: 'AccessDeniedException', status: 400 },
});
