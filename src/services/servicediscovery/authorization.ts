import type { Tag } from '@aws-sdk/client-servicediscovery';
import type { Reader } from '../../reconcile/index.ts';
import { authorizationOf, requestTagKeys, resourceTagKeys } from '../authorization-row.ts';
import type { Call, ConditionKeys } from '../service.ts';
import { arnOf, type Noun, readIdOrArn } from './arn.ts';
import { findNamespace, findService } from './context.ts';
import { findNamed } from './operations/discover-instances.ts';
import { namespaceOf, operationKey, operations, targetsOf } from './records.ts';

interface Tagging {
  readonly Tags?: readonly Tag[] | undefined;
}
interface NamesOne {
  readonly Id: string | undefined;
}
interface NamesService {
  readonly ServiceId: string | undefined;
}
interface NamesBoth {
  readonly NamespaceName: string | undefined;
  readonly ServiceName: string | undefined;
}
interface NewService extends Tagging {
  readonly NamespaceId?: string | undefined;
  readonly DnsConfig?: { readonly NamespaceId?: string | undefined } | undefined;
}

/**
 * What the operations are authorised on and with (Service Authorization Reference, "Actions, resources, and condition
 * keys for AWS Cloud Map"). What a name leads to nothing is any of its kind.
 */
export function cloudMapAuthorization(reader: Reader) {
  const tags = (_input: unknown, call: Call, resource: string) =>
    resourceTagKeys((findNamespace(reader, call, resource) ?? findService(reader, call, resource))?.tags);
  const creator = (_input: unknown, call: Call, resource: string): ConditionKeys => ({
    'servicediscovery:ServiceCreatedByAccount': findService(reader, call, resource)?.createdBy,
  });
  const serviceArn = (_input: unknown, _call: Call, resource: string): ConditionKeys => ({
    'servicediscovery:ServiceArn': resource,
  });
  const on = { on: namedService };
  return {
    newNamespace: authorizationOf<Tagging>({ on: () => ['*'], keys: [requestTags] }),
    newService: authorizationOf<NewService>({
      on: (input, call) => [arnOf(call, 'service', '*'), namespaceOfNew(input, call)],
      keys: [
        tags,
        requestTags,
        (input, call) => ({ 'servicediscovery:NamespaceArn': namespaceOfNew(input, call) }),
      ],
    }),
    namespace: authorizationOf<NamesOne>({ on: named('namespace'), keys: [tags] }),
    service: authorizationOf<NamesOne>({ on: named('service'), keys: [tags] }),
    changedService: authorizationOf<NamesOne>({ on: named('service'), keys: [tags, creator] }),
    attributes: authorizationOf<NamesService>({ ...on, keys: [tags] }),
    changedAttributes: authorizationOf<NamesService>({ ...on, keys: [tags, creator] }),
    instances: authorizationOf<NamesService>({ ...on, keys: [tags, serviceArn] }),
    changedInstances: authorizationOf<NamesService>({ ...on, keys: [tags, serviceArn, creator] }),
    discovery: authorizationOf<NamesBoth>({
      on: (input, call) => {
        const { namespace, service } = findNamed(reader, call, input);
        return [arnOf(call, 'namespace', namespace?.id ?? '*'), arnOf(call, 'service', service?.id ?? '*')];
      },
      keys: [
        tags,
        ({ NamespaceName, ServiceName }) => ({
          'servicediscovery:NamespaceName': NamespaceName,
          'servicediscovery:ServiceName': ServiceName,
        }),
      ],
    }),
    operation: authorizationOf<{ readonly OperationId: string | undefined }>({
      on: ({ OperationId = '' }, call) => operationOn(reader, OperationId, call),
      keys: [tags],
    }),
    lists: authorizationOf<object>({ on: () => ['*'] }),
    taggedResource: authorizationOf<Tagging>({ on: () => ['*'], keys: [requestTags] }),
    untaggedResource: authorizationOf<{ readonly TagKeys: readonly string[] | undefined }>({
      on: () => ['*'],
      keys: [({ TagKeys = [] }) => ({ 'aws:TagKeys': TagKeys })],
    }),
  };
}

const named =
  (noun: Noun) =>
  ({ Id }: NamesOne, call: Call): readonly string[] => [arnNamed(noun, Id, call)];

function namedService({ ServiceId }: NamesService, call: Call): readonly string[] {
  return [arnNamed('service', ServiceId, call)];
}

const namespaceOfNew = ({ NamespaceId, DnsConfig }: NewService, call: Call): string =>
  arnNamed('namespace', NamespaceId ?? DnsConfig?.NamespaceId, call);

/** An ARN of somebody else's stays what it is: so nobody is let through by a policy on his own. */
function arnNamed(noun: Noun, idOrArn: string | undefined, call: Call): string {
  if (idOrArn?.startsWith('arn:')) return idOrArn;
  return arnOf(call, noun, readIdOrArn(call, noun, idOrArn ?? '') ?? '*');
}

function operationOn(reader: Reader, id: string, call: Call): readonly string[] {
  const operation = /^[0-9a-z-]+$/.test(id) ? reader.get(operations, operationKey(call, id)) : undefined;
  if (operation === undefined) return [arnOf(call, 'namespace', '*')];
  const { SERVICE } = targetsOf(operation.work);
  return [
    ...(SERVICE === undefined ? [] : [arnOf(call, 'service', SERVICE)]),
    arnOf(call, 'namespace', namespaceOf(operation.work)),
  ];
}

const requestTags = ({ Tags = [] }: Tagging) =>
  requestTagKeys(Object.fromEntries(Tags.map(({ Key = '', Value = '' }) => [Key, Value])));
