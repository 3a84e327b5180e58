import type { ServiceDiscovery } from '@aws-sdk/client-servicediscovery';
import type { OperationsOf, RefusedOperation } from '../service.ts';
import { cloudMapAuthorization } from './authorization.ts';
import type { CloudMapContext } from './context.ts';
import { createHttpNamespace, createPrivateDnsNamespace } from './operations/create-namespace.ts';
import { createService } from './operations/create-service.ts';
import { discovery } from './operations/discover-instances.ts';
import {
  getInstance,
  getInstancesHealthStatus,
  listInstances,
  updateInstanceCustomHealthStatus,
} from './operations/instance.ts';
import {
  deleteNamespace,
  getNamespace,
  listNamespaces,
  updateHttpNamespace,
  updatePrivateDnsNamespace,
} from './operations/namespace.ts';
import { getOperation, listOperations } from './operations/operation.ts';
import { deregisterInstance, registerInstance } from './operations/register-instance.ts';
import { deleteService, getService, listServices, updateService } from './operations/service.ts';
import {
  deleteServiceAttributes,
  getServiceAttributes,
  updateServiceAttributes,
} from './operations/service-attributes.ts';
import { listTagsForResource, tagResource, untagResource } from './operations/tags.ts';

/** Every operation of Cloud Map. */
export function cloudMapOperations(context: CloudMapContext): OperationsOf<ServiceDiscovery> {
  const on = cloudMapAuthorization(context.state);
  const { discoverInstances, discoverInstancesRevision } = discovery(context);
  return {
    CreateHttpNamespace: {
      action: 'servicediscovery:CreateHttpNamespace',
      ...on.newNamespace,
      run: (input, call) => createHttpNamespace(context, input, call),
    },
    CreatePrivateDnsNamespace: {
      action: 'servicediscovery:CreatePrivateDnsNamespace',
      ...on.newNamespace,
      run: (input, call) => createPrivateDnsNamespace(context, input, call),
    },
    CreatePublicDnsNamespace: refused('CreatePublicDnsNamespace', 'nothing here is answered to the internet'),
    CreateService: {
      action: 'servicediscovery:CreateService',
      ...on.newService,
      run: (input, call) => createService(context, input, call),
    },
    DeleteNamespace: {
      action: 'servicediscovery:DeleteNamespace',
      ...on.namespace,
      run: (input, call) => deleteNamespace(context, input, call),
    },
    DeleteService: {
      action: 'servicediscovery:DeleteService',
      ...on.changedService,
      run: (input, call) => deleteService(context, input, call),
    },
    DeleteServiceAttributes: {
      action: 'servicediscovery:DeleteServiceAttributes',
      ...on.changedAttributes,
      run: (input, call) => deleteServiceAttributes(context, input, call),
    },
    DeregisterInstance: {
      action: 'servicediscovery:DeregisterInstance',
      ...on.changedInstances,
      run: (input, call) => deregisterInstance(context, input, call),
    },
    DiscoverInstances: {
      action: 'servicediscovery:DiscoverInstances',
      ...on.discovery,
      run: discoverInstances,
    },
    DiscoverInstancesRevision: {
      action: 'servicediscovery:DiscoverInstancesRevision',
      ...on.discovery,
      run: discoverInstancesRevision,
    },
    GetInstance: {
      action: 'servicediscovery:GetInstance',
      ...on.instances,
      run: (input, call) => getInstance(context, input, call),
    },
    GetInstancesHealthStatus: {
      action: 'servicediscovery:GetInstancesHealthStatus',
      ...on.instances,
      run: (input, call) => getInstancesHealthStatus(context, input, call),
    },
    GetNamespace: {
      action: 'servicediscovery:GetNamespace',
      ...on.namespace,
      run: (input, call) => getNamespace(context, input, call),
    },
    GetOperation: {
      action: 'servicediscovery:GetOperation',
      ...on.operation,
      run: (input, call) => getOperation(context, input, call),
    },
    GetService: {
      action: 'servicediscovery:GetService',
      ...on.service,
      run: (input, call) => getService(context, input, call),
    },
    GetServiceAttributes: {
      action: 'servicediscovery:GetServiceAttributes',
      ...on.attributes,
      run: (input, call) => getServiceAttributes(context, input, call),
    },
    ListInstances: {
      action: 'servicediscovery:ListInstances',
      ...on.instances,
      run: (input, call) => listInstances(context, input, call),
    },
    ListNamespaces: {
      action: 'servicediscovery:ListNamespaces',
      ...on.lists,
      run: (input, call) => listNamespaces(context, input, call),
    },
    ListOperations: {
      action: 'servicediscovery:ListOperations',
      ...on.lists,
      run: (input, call) => listOperations(context, input, call),
    },
    ListServices: {
      action: 'servicediscovery:ListServices',
      ...on.lists,
      run: (input, call) => listServices(context, input, call),
    },
    ListTagsForResource: {
      action: 'servicediscovery:ListTagsForResource',
      ...on.lists,
      run: (input, call) => listTagsForResource(context, input, call),
    },
    RegisterInstance: {
      action: 'servicediscovery:RegisterInstance',
      ...on.changedInstances,
      run: (input, call) => registerInstance(context, input, call),
    },
    TagResource: {
      action: 'servicediscovery:TagResource',
      ...on.taggedResource,
      run: (input, call) => tagResource(context, input, call),
    },
    UntagResource: {
      action: 'servicediscovery:UntagResource',
      ...on.untaggedResource,
      run: (input, call) => untagResource(context, input, call),
    },
    UpdateHttpNamespace: {
      action: 'servicediscovery:UpdateHttpNamespace',
      ...on.namespace,
      run: (input, call) => updateHttpNamespace(context, input, call),
    },
    UpdateInstanceCustomHealthStatus: {
      action: 'servicediscovery:UpdateInstanceCustomHealthStatus',
      ...on.changedInstances,
      run: (input, call) => updateInstanceCustomHealthStatus(context, input, call),
    },
    UpdatePrivateDnsNamespace: {
      action: 'servicediscovery:UpdatePrivateDnsNamespace',
      ...on.namespace,
      run: (input, call) => updatePrivateDnsNamespace(context, input, call),
    },
    UpdatePublicDnsNamespace: refused('UpdatePublicDnsNamespace', 'there are no public namespaces'),
    UpdateService: {
      action: 'servicediscovery:UpdateService',
      ...on.changedService,
      run: (input, call) => updateService(context, input, call),
    },
    UpdateServiceAttributes: {
      action: 'servicediscovery:UpdateServiceAttributes',
      ...on.changedAttributes,
      run: (input, call) => updateServiceAttributes(context, input, call),
    },
  };
}

function refused(operation: string, reason: string): RefusedOperation {
  return { refused: `${operation} is not supported by this version of Catamaran yet: ${reason}.` };
}
