import type { Reader } from '../../reconcile/index.ts';
import { authorizationOf, requestTagKeys, resourceTagKeys } from '../authorization-row.ts';
import type { Call, ConditionKeys } from '../service.ts';
import { readResourceId, scalableTargetArn } from './arn.ts';
import { findTargetByArn } from './context.ts';
import { targetKey, targets } from './records.ts';

interface NamesTarget {
  readonly ServiceNamespace: string | undefined;
  readonly ResourceId: string | undefined;
  readonly ScalableDimension: string | undefined;
}
interface NewTarget extends NamesTarget {
  readonly Tags?: Readonly<Record<string, string>> | undefined;
}
interface NamesResource {
  readonly ResourceARN: string | undefined;
}

/**
 * What the operations are authorised on and with (Service Authorization Reference, "Actions, resources, and condition keys
 * for AWS Application Auto Scaling"). A target that isn't registered yet is any.
 */
export function autoScalingAuthorization(reader: Reader) {
  const onTarget = ({ ResourceId = '' }: NamesTarget, call: Call): readonly string[] => {
    const name = readResourceId(ResourceId);
    const target = name && reader.get(targets, targetKey(call, name));
    return [scalableTargetArn(call, target?.id ?? '*')];
  };
  const tags = (_input: unknown, call: Call, resource: string): ConditionKeys =>
    resourceTagKeys(findTargetByArn(reader, call, resource)?.tags);
  const requestTags = ({ Tags = {} }: { readonly Tags?: NewTarget['Tags'] }): ConditionKeys =>
    requestTagKeys(Tags);
  return {
    newTarget: authorizationOf<NewTarget>({
      on: onTarget,
      keys: [tags, named, requestTags],
      asks: [
        (input, call) =>
          Object.keys(input.Tags ?? {}).length === 0
            ? []
            : onTarget(input, call).map((resource) => ({
                ...{
                  action: 'application-autoscaling:TagResource',
                  resource,
                  conditions: requestTags(input),
                },
              })),
      ],
    }),
    target: authorizationOf<NamesTarget>({ on: onTarget, keys: [tags, named] }),
    lists: authorizationOf<object>({ on: () => ['*'] }),
    resource: authorizationOf<NamesResource>({ on: resource, keys: [tags] }),
    taggedResource: authorizationOf<NamesResource & Pick<NewTarget, 'Tags'>>({
      on: resource,
      keys: [tags, requestTags],
    }),
    untaggedResource: authorizationOf<NamesResource & { readonly TagKeys: readonly string[] | undefined }>({
      on: resource,
      keys: [tags, ({ TagKeys = [] }) => ({ 'aws:TagKeys': TagKeys })],
    }),
  };
}

const resource = ({ ResourceARN = '*' }: NamesResource): readonly string[] => [ResourceARN];

const named = ({ ServiceNamespace, ScalableDimension }: NamesTarget): ConditionKeys => ({
  'application-autoscaling:service-namespace': ServiceNamespace,
  'application-autoscaling:scalable-dimension': ScalableDimension,
});
