import type { PutEventsRequestEntry, Tag, Target } from '@aws-sdk/client-eventbridge';
import type { Reader } from '../../reconcile/index.ts';
import { authorizationOf, passRoles, requestTagKeys, resourceTagKeys } from '../authorization-row.ts';
import type { Call, ConditionKeys } from '../service.ts';
import { busArn, defaultBus, ruleArn, ruleOfArn } from './arn.ts';
import { patternKeys } from './pattern-keys.ts';
import { ruleKey, rules } from './records.ts';

/** To whom roles of rules and targets are passed. */
const principal = 'events.amazonaws.com';

interface NamesResource {
  readonly ResourceARN: string | undefined;
}

interface NamesRule {
  readonly Name?: string | undefined;
  /** Where targets are spoken of. */
  readonly Rule?: string | undefined;
}

interface Tagging {
  readonly Tags?: readonly Tag[] | undefined;
}

interface NewRule extends Tagging {
  readonly Name: string | undefined;
  readonly EventPattern?: string | undefined;
  readonly RoleArn?: string | undefined;
}

/**
 * What the operations are authorised on and with (Service Authorization Reference, "Actions, resources, and condition
 * keys for Amazon EventBridge"). No rule is another service's (`events:ManagedBy`).
 */
export function eventsAuthorization(reader: Reader) {
  /** Tags and creator of a rule that is kept. */
  const kept = (_input: unknown, _call: Call, resource: string): ConditionKeys => {
    const rule = keptRule(reader, resource);
    return { ...resourceTagKeys(rule?.tags), 'events:creatorAccount': rule?.createdBy };
  };
  return {
    newRule: authorizationOf<NewRule>({
      on: rule,
      keys: [kept, requestTags, ({ EventPattern }) => patternKeys(EventPattern)],
      asks: [
        (input, call) =>
          input.Tags?.length
            ? rule(input, call).map((resource) => ({
                ...{ action: 'events:TagResource', resource, conditions: requestTags(input) },
              }))
            : [],
        ({ RoleArn }, call) => passRoles([RoleArn], principal, call),
      ],
    }),
    rule: authorizationOf<NamesRule>({ on: rule, keys: [kept] }),
    newTargets: authorizationOf<NamesRule & { readonly Targets: readonly Target[] | undefined }>({
      on: rule,
      keys: [kept, ({ Targets = [] }) => ({ 'events:TargetArn': Targets.map(({ Arn = '' }) => Arn) })],
      asks: [
        ({ Targets = [] }, call) =>
          passRoles(
            Targets.map(({ RoleArn }) => RoleArn),
            principal,
            call,
          ),
      ],
    }),
    allRules: authorizationOf<object>({ on: (_input, call) => [ruleArn(call, '*')] }),
    bus: authorizationOf<{ readonly Name?: string | undefined }>({
      on: ({ Name }, call) => [namedBus(Name, call)],
    }),
    newEvents: authorizationOf<{ readonly Entries: readonly PutEventsRequestEntry[] | undefined }>({
      on: ({ Entries: [first] = [] }, call) => [namedBus(first?.EventBusName, call)],
      keys: [({ Entries: [first] = [] }) => (first ? eventKeys(first) : {})],
      // Each entry by itself, so that none rides on another's source.
      asks: [
        ({ Entries: [, ...others] = [] }, call) =>
          others.map((entry) => ({
            action: 'events:PutEvents',
            resource: namedBus(entry.EventBusName, call),
            conditions: eventKeys(entry),
          })),
      ],
    }),
    anything: authorizationOf<object>({ on: () => ['*'] }),
    resource: authorizationOf<NamesResource>({ on: resource, keys: [kept] }),
    taggedResource: authorizationOf<NamesResource & Tagging>({ on: resource, keys: [kept, requestTags] }),
    untaggedResource: authorizationOf<NamesResource & { readonly TagKeys: readonly string[] | undefined }>({
      on: resource,
      keys: [kept, ({ TagKeys = [] }) => ({ 'aws:TagKeys': TagKeys })],
    }),
  };
}

function rule({ Name, Rule }: NamesRule, call: Call): readonly string[] {
  return [ruleArn(call, Name ?? Rule ?? '*')];
}

function resource({ ResourceARN = '*' }: NamesResource): readonly string[] {
  return [ResourceARN];
}

/** By its name or its ARN. */
function namedBus(name: string | undefined, call: Call): string {
  return name?.startsWith('arn:') ? name : busArn(call, name ?? defaultBus);
}

const requestTags = ({ Tags = [] }: Tagging) =>
  requestTagKeys(Object.fromEntries(Tags.map(({ Key = '', Value = '' }) => [Key, Value])));

const eventKeys = ({ Source, DetailType }: PutEventsRequestEntry): ConditionKeys => ({
  'events:source': Source,
  'events:detail-type': DetailType,
  'events:eventBusInvocation': 'false',
});

function keptRule(reader: Reader, arn: string) {
  const [, , , region = '', accountId = ''] = arn.split(':');
  const name = ruleOfArn({ region, accountId }, arn);
  return name === undefined ? undefined : reader.get(rules, ruleKey({ region, accountId }, name));
}
