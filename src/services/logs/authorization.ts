import type { Reader } from '../../reconcile/index.ts';
import { authorizationOf, requestTagKeys, resourceTagKeys } from '../authorization-row.ts';
import type { Call } from '../service.ts';
import { logGroupArn, logGroupOfIdentifier, logStreamArn, type Scope } from './arn.ts';
import { logGroupKey, logGroups } from './records.ts';

type Tags = Readonly<Record<string, string>>;

interface NamesGroup {
  readonly logGroupName?: string | undefined;
  readonly logGroupIdentifier?: string | undefined;
}

interface NamesResource {
  readonly resourceArn: string | undefined;
}

/**
 * What the operations are authorised on and with (Service Authorization Reference, "Actions, resources, and condition
 * keys for Amazon CloudWatch Logs"). AWS asks on a group as on its stream without a name, and on all groups as on the one
 * without a name: that is why policies for groups end in `:*`. Only tagging by ARN is on the group's own.
 */
export function logsAuthorization(reader: Reader) {
  const tags = (_input: unknown, _call: Call, resource: string) => resourceTagKeys(tagsOf(reader, resource));
  const requestTags = ({ tags = {} }: { readonly tags?: Tags | undefined }) => requestTagKeys(tags);
  const tagKeys = (keys: readonly string[] = []) => ({ 'aws:TagKeys': keys });
  return {
    newGroup: authorizationOf<{
      readonly logGroupName: string | undefined;
      readonly tags?: Tags | undefined;
    }>({
      on: group,
      keys: [tags, requestTags],
      asks: [
        (input, call) =>
          Object.keys(input.tags ?? {}).length === 0
            ? []
            : [
                {
                  action: 'logs:TagResource',
                  resource: logGroupArn(call, input.logGroupName ?? '*'),
                  conditions: requestTags(input),
                },
              ],
      ],
    }),
    group: authorizationOf<NamesGroup>({ on: group, keys: [tags] }),
    stream: authorizationOf<NamesGroup & { readonly logStreamName: string | undefined }>({
      on: (input, call) => [logStreamArn(call, groupName(input, call), input.logStreamName ?? '*')],
      keys: [tags],
    }),
    allGroups: authorizationOf<object>({ on: (_input, call) => [logStreamArn(call, '', '')] }),
    taggedGroup: authorizationOf<NamesGroup & { readonly tags: Tags | undefined }>({
      on: group,
      keys: [tags, requestTags],
    }),
    untaggedGroup: authorizationOf<NamesGroup & { readonly tags: readonly string[] | undefined }>({
      on: group,
      keys: [tags, (input) => tagKeys(input.tags)],
    }),
    resource: authorizationOf<NamesResource>({ on: resource, keys: [tags] }),
    taggedResource: authorizationOf<NamesResource & { readonly tags: Tags | undefined }>({
      on: resource,
      keys: [tags, requestTags],
    }),
    untaggedResource: authorizationOf<NamesResource & { readonly tagKeys: readonly string[] | undefined }>({
      on: resource,
      keys: [tags, (input) => tagKeys(input.tagKeys)],
    }),
  };
}

function group(input: NamesGroup, call: Call): readonly string[] {
  return [logStreamArn(call, groupName(input, call), '')];
}

/** The operations take a group's ARN with `:*`, too; it is one group in either form. */
function resource({ resourceArn = '*' }: NamesResource): readonly string[] {
  return [resourceArn.replace(/(:log-group:[^:]+):\*$/, '$1')];
}

function groupName({ logGroupName, logGroupIdentifier }: NamesGroup, scope: Scope): string {
  if (logGroupName !== undefined) return logGroupName;
  return logGroupIdentifier === undefined ? '*' : logGroupOfIdentifier(scope, logGroupIdentifier);
}

/** A stream's tags are its group's. */
function tagsOf(reader: Reader, arn: string): Tags | undefined {
  const [, , , region = '', accountId = '', type, name] = arn.split(':');
  if (type !== 'log-group' || !name) return undefined;
  return reader.get(logGroups, logGroupKey({ region, accountId }, name))?.tags;
}
