import type { Tag } from '@aws-sdk/client-cloudwatch';
import type { Reader } from '../../reconcile/index.ts';
import { authorizationOf, requestTagKeys, resourceTagKeys } from '../authorization-row.ts';
import type { Call } from '../service.ts';
import { alarmArn } from './arn.ts';
import { alarmKey, alarms } from './records.ts';

interface NamesResource {
  readonly ResourceARN: string | undefined;
}

interface Tagging {
  readonly Tags?: readonly Tag[] | undefined;
}

interface NewAlarm extends Tagging {
  readonly AlarmName: string | undefined;
  readonly AlarmActions?: readonly string[] | undefined;
  readonly OKActions?: readonly string[] | undefined;
  readonly InsufficientDataActions?: readonly string[] | undefined;
}

/**
 * What the operations are authorised on and with (Service Authorization Reference, "Actions, resources, and condition
 * keys for Amazon CloudWatch"). Metrics have no ARNs; who may describe alarms may describe them all.
 */
export function cloudWatchAuthorization(reader: Reader) {
  const tags = (_input: unknown, _call: Call, resource: string) => resourceTagKeys(tagsOf(reader, resource));
  return {
    newAlarm: authorizationOf<NewAlarm>({
      on: alarm,
      keys: [tags, requestTags, alarmActions],
      asks: [
        (input, call) =>
          input.Tags?.length
            ? alarm(input, call).map((resource) => ({
                ...{ action: 'cloudwatch:TagResource', resource, conditions: requestTags(input) },
              }))
            : [],
      ],
    }),
    alarm: authorizationOf<{ readonly AlarmName?: string | undefined }>({ on: alarm, keys: [tags] }),
    alarmsByName: authorizationOf<{ readonly AlarmNames: readonly string[] | undefined }>({
      on: ({ AlarmNames = [] }, call) =>
        AlarmNames.length === 0 ? ['*'] : AlarmNames.map((name) => alarmArn(call, name)),
      keys: [tags],
    }),
    allAlarms: authorizationOf<object>({ on: (_input, call) => [alarmArn(call, '*')] }),
    metrics: authorizationOf<object>({ on: () => ['*'] }),
    newMetrics: authorizationOf<{ readonly Namespace: string | undefined }>({
      on: () => ['*'],
      keys: [({ Namespace }) => ({ 'cloudwatch:namespace': Namespace })],
    }),
    resource: authorizationOf<NamesResource>({ on: resource, keys: [tags] }),
    taggedResource: authorizationOf<NamesResource & Tagging>({ on: resource, keys: [tags, requestTags] }),
    untaggedResource: authorizationOf<NamesResource & { readonly TagKeys: readonly string[] | undefined }>({
      on: resource,
      keys: [tags, ({ TagKeys = [] }) => ({ 'aws:TagKeys': TagKeys })],
    }),
  };
}

function alarm(
  { AlarmName = '*' }: { readonly AlarmName?: string | undefined },
  call: Call,
): readonly string[] {
  return [alarmArn(call, AlarmName)];
}

function resource({ ResourceARN = '*' }: NamesResource): readonly string[] {
  return [ResourceARN];
}

const requestTags = ({ Tags = [] }: Tagging) =>
  requestTagKeys(Object.fromEntries(Tags.map(({ Key = '', Value = '' }) => [Key, Value])));

const alarmActions = ({ AlarmActions = [], OKActions = [], InsufficientDataActions = [] }: NewAlarm) => ({
  'cloudwatch:AlarmActions': [...new Set([...AlarmActions, ...OKActions, ...InsufficientDataActions])],
});

function tagsOf(reader: Reader, arn: string): Readonly<Record<string, string>> | undefined {
  const [, , , region = '', accountId = '', type, ...name] = arn.split(':');
  if (type !== 'alarm') return undefined;
  return reader.get(alarms, alarmKey({ region, accountId }, name.join(':')))?.tags;
}
