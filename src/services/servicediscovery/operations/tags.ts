import type {
  ListTagsForResourceCommandInput,
  ListTagsForResourceResponse,
  TagResourceCommandInput,
  UntagResourceCommandInput,
} from '@aws-sdk/client-servicediscovery';
import type { Reader, State } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import { maxTags } from '../../tag-list.ts';
import { type CloudMapContext, findNamespace, findService } from '../context.ts';
import { resourceNotFound, tooManyTags } from '../errors.ts';
import { constraints, readTags } from '../input.ts';
import { namespaceKey, namespaces, serviceKey, services, type Tags } from '../records.ts';

export async function tagResource(
  { state }: CloudMapContext,
  { ResourceARN = '', Tags: tags }: TagResourceCommandInput,
  call: Call,
): Promise<object> {
  const added = readTags(ResourceARN, tags);
  await change(state, call, ResourceARN, (present) => {
    const all = { ...present, ...added };
    if (Object.keys(all).length > maxTags) throw tooManyTags(ResourceARN);
    return all;
  });
  return {};
}

export async function untagResource(
  { state }: CloudMapContext,
  { ResourceARN = '', TagKeys = [] }: UntagResourceCommandInput,
  call: Call,
): Promise<object> {
  await change(state, call, ResourceARN, (present) =>
    Object.fromEntries(Object.entries(present).filter(([key]) => !TagKeys.includes(key))),
  );
  return {};
}

export function listTagsForResource(
  { state }: CloudMapContext,
  { ResourceARN = '' }: ListTagsForResourceCommandInput,
  call: Call,
): ListTagsForResourceResponse {
  const { tags } = requireTagged(state, call, ResourceARN);
  return { Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) };
}

async function change(state: State, call: Call, arn: string, changed: (tags: Tags) => Tags): Promise<void> {
  await state.transact((tx) => {
    const { namespace, service, tags } = requireTagged(tx, call, arn);
    const after = changed(tags);
    if (namespace) tx.put(namespaces, namespaceKey(call, namespace.id), { ...namespace, tags: after });
    if (service) tx.put(services, serviceKey(call, service.id), { ...service, tags: after });
  });
}

/** @throws ResourceNotFoundException */
function requireTagged(reader: Reader, call: Call, arn: string) {
  constraints().text('resourceARN', arn, { minLength: 1, maxLength: 1011 }).throwIfViolated();
  const isArn = arn.startsWith('arn:');
  const namespace = isArn ? findNamespace(reader, call, arn) : undefined;
  const service = isArn ? findService(reader, call, arn) : undefined;
  const tags = (namespace ?? service)?.tags;
  if (tags === undefined) throw resourceNotFound(arn);
  return { namespace, service, tags };
}
