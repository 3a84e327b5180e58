import type {
  DeleteNamespaceCommandInput,
  DeleteNamespaceResponse,
  GetNamespaceCommandInput,
  GetNamespaceResponse,
  ListNamespacesCommandInput,
  ListNamespacesResponse,
  NamespaceSummary,
  UpdateHttpNamespaceCommandInput,
  UpdateHttpNamespaceResponse,
  UpdatePrivateDnsNamespaceCommandInput,
  UpdatePrivateDnsNamespaceResponse,
} from '@aws-sdk/client-servicediscovery';
import type { Call } from '../../service.ts';
import { arnOf, type Scope } from '../arn.ts';
import { type CloudMapContext, requireNamespace } from '../context.ts';
import { invalidInput, resourceInUse } from '../errors.ts';
import { checkId, checkTtl, constraints, filtered, pageOf } from '../input.ts';
import { type NamespaceRecord, underWay } from '../records.ts';
import { refuseWhileUnderWay, submit } from '../submit.ts';
import { namespacesOf } from './create-namespace.ts';

export function getNamespace(
  { state }: CloudMapContext,
  { Id }: GetNamespaceCommandInput,
  call: Call,
): GetNamespaceResponse {
  checkId('id', Id);
  const namespace = requireNamespace(state, call, Id ?? '');
  return { Namespace: { ...summaryOf(call, namespace), CreatorRequestId: namespace.creatorRequestId } };
}

export function listNamespaces(
  { state }: CloudMapContext,
  input: ListNamespacesCommandInput,
  call: Call,
): ListNamespacesResponse {
  const found = filtered(namespacesOf(state, call), input.Filters, {
    TYPE: { conditions: ['EQ', 'BEGINS_WITH'], valuesOf: ({ type }) => [type] },
    NAME: { conditions: ['EQ', 'BEGINS_WITH'], valuesOf: ({ name }) => [name] },
    HTTP_NAME: { conditions: ['EQ', 'BEGINS_WITH'], valuesOf: ({ httpName }) => [httpName] },
    RESOURCE_OWNER: { conditions: ['EQ'], valuesOf: () => ['SELF'] },
  });
  const { items, next } = pageOf(found, ({ id }) => id, input);
  return { Namespaces: items.map((namespace) => summaryOf(call, namespace)), ...next };
}

export async function updateHttpNamespace(
  context: CloudMapContext,
  { Id, Namespace }: UpdateHttpNamespaceCommandInput,
  call: Call,
): Promise<UpdateHttpNamespaceResponse> {
  return updateNamespace(context, Id, 'HTTP', { description: Namespace?.Description }, call);
}

export async function updatePrivateDnsNamespace(
  context: CloudMapContext,
  { Id, Namespace }: UpdatePrivateDnsNamespaceCommandInput,
  call: Call,
): Promise<UpdatePrivateDnsNamespaceResponse> {
  const soaTtl = Namespace?.Properties?.DnsProperties?.SOA?.TTL;
  return updateNamespace(context, Id, 'DNS_PRIVATE', { description: Namespace?.Description, soaTtl }, call);
}

async function updateNamespace(
  { state, random }: CloudMapContext,
  id: string | undefined,
  type: NamespaceRecord['type'],
  { description, soaTtl }: { description: string | undefined; soaTtl?: number | undefined },
  call: Call,
): Promise<{ readonly OperationId: string }> {
  checkId('id', id);
  const checked = constraints().text('namespace.description', description, { maxLength: 1024 });
  checkTtl(checked, 'namespace.properties.dnsProperties.sOA.tTL', soaTtl);
  checked.throwIfViolated();
  if (description === undefined && soaTtl === undefined) throw invalidInput('The request changes nothing.');
  return state.transact((tx) => {
    const namespace = requireNamespace(tx, call, id ?? '');
    if (namespace.type !== type)
      throw invalidInput(`The namespace ${namespace.id} is of type ${namespace.type}.`);
    refuseWhileUnderWay(tx, underWay.onNamespace(namespace.id));
    return submit(tx, call, random, {
      ...{ type: 'UPDATE_NAMESPACE', namespaceId: namespace.id },
      ...(description === undefined ? {} : { description }),
      ...(soaTtl === undefined ? {} : { soaTtl }),
    });
  });
}

export async function deleteNamespace(
  { state, random }: CloudMapContext,
  { Id }: DeleteNamespaceCommandInput,
  call: Call,
): Promise<DeleteNamespaceResponse> {
  checkId('id', Id);
  return state.transact((tx) => {
    const namespace = requireNamespace(tx, call, Id ?? '');
    if (namespace.serviceCount > 0) {
      throw resourceInUse(
        'Namespace has associated services; delete the services before deleting the namespace',
      );
    }
    refuseWhileUnderWay(tx, underWay.onNamespace(namespace.id));
    return submit(tx, call, random, { type: 'DELETE_NAMESPACE', namespaceId: namespace.id });
  });
}

function summaryOf(scope: Scope, namespace: NamespaceRecord): NamespaceSummary {
  const { id, name, type, description, httpName, zone, serviceCount, createdAt } = namespace;
  return {
    Id: id,
    Arn: arnOf(scope, 'namespace', id),
    ResourceOwner: scope.accountId,
    Name: name,
    Type: type,
    ...(description === undefined ? {} : { Description: description }),
    ServiceCount: serviceCount,
    Properties: {
      ...(zone && { DnsProperties: { HostedZoneId: zone.hostedZoneId, SOA: { TTL: zone.soaTtl } } }),
      HttpProperties: { HttpName: httpName },
    },
    CreateDate: new Date(createdAt),
  };
}
