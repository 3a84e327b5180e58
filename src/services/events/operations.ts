import type { EventBridge } from '@aws-sdk/client-eventbridge';
import type { OperationsOf, RefusedOperation } from '../service.ts';
import { eventsAuthorization } from './authorization.ts';
import type { EventsContext } from './context.ts';
import { describeEventBus, listEventBuses } from './operations/event-bus.ts';
import { putEvents, testEventPattern } from './operations/put-events.ts';
import { deleteRule, describeRule, disableRule, enableRule, listRules, putRule } from './operations/rule.ts';
import { listTagsForResource, tagResource, untagResource } from './operations/tags.ts';
import { listRuleNamesByTarget, listTargetsByRule, putTargets, removeTargets } from './operations/target.ts';

/** Every operation of EventBridge. */
export function eventBridgeOperations(context: EventsContext): OperationsOf<EventBridge> {
  const on = eventsAuthorization(context.state);
  return {
    ActivateEventSource: refused('ActivateEventSource', 'there are no partner event sources'),
    CancelReplay: refused('CancelReplay', 'there are no archives'),
    CreateApiDestination: refused('CreateApiDestination', 'there are no API destinations'),
    CreateArchive: refused('CreateArchive', 'there are no archives'),
    CreateConnection: refused('CreateConnection', 'there are no API destinations'),
    CreateEndpoint: refused('CreateEndpoint', 'there are no global endpoints'),
    CreateEventBus: refused('CreateEventBus', 'there is the event bus default alone'),
    CreatePartnerEventSource: refused('CreatePartnerEventSource', 'there are no partner event sources'),
    DeactivateEventSource: refused('DeactivateEventSource', 'there are no partner event sources'),
    DeauthorizeConnection: refused('DeauthorizeConnection', 'there are no API destinations'),
    DeleteApiDestination: refused('DeleteApiDestination', 'there are no API destinations'),
    DeleteArchive: refused('DeleteArchive', 'there are no archives'),
    DeleteConnection: refused('DeleteConnection', 'there are no API destinations'),
    DeleteEndpoint: refused('DeleteEndpoint', 'there are no global endpoints'),
    DeleteEventBus: refused('DeleteEventBus', 'there is the event bus default alone'),
    DeletePartnerEventSource: refused('DeletePartnerEventSource', 'there are no partner event sources'),
    DeleteRule: {
      action: 'events:DeleteRule',
      ...on.rule,
      run: (input, call) => deleteRule(context, input, call),
    },
    DescribeApiDestination: refused('DescribeApiDestination', 'there are no API destinations'),
    DescribeArchive: refused('DescribeArchive', 'there are no archives'),
    DescribeConnection: refused('DescribeConnection', 'there are no API destinations'),
    DescribeEndpoint: refused('DescribeEndpoint', 'there are no global endpoints'),
    DescribeEventBus: {
      action: 'events:DescribeEventBus',
      ...on.bus,
      run: describeEventBus,
    },
    DescribeEventSource: refused('DescribeEventSource', 'there are no partner event sources'),
    DescribePartnerEventSource: refused('DescribePartnerEventSource', 'there are no partner event sources'),
    DescribeReplay: refused('DescribeReplay', 'there are no archives'),
    DescribeRule: {
      action: 'events:DescribeRule',
      ...on.rule,
      run: (input, call) => describeRule(context, input, call),
    },
    DisableRule: {
      action: 'events:DisableRule',
      ...on.rule,
      run: (input, call) => disableRule(context, input, call),
    },
    EnableRule: {
      action: 'events:EnableRule',
      ...on.rule,
      run: (input, call) => enableRule(context, input, call),
    },
    ListApiDestinations: refused('ListApiDestinations', 'there are no API destinations'),
    ListArchives: refused('ListArchives', 'there are no archives'),
    ListConnections: refused('ListConnections', 'there are no API destinations'),
    ListEndpoints: refused('ListEndpoints', 'there are no global endpoints'),
    ListEventBuses: {
      action: 'events:ListEventBuses',
      ...on.anything,
      run: listEventBuses,
    },
    ListEventSources: refused('ListEventSources', 'there are no partner event sources'),
    ListPartnerEventSourceAccounts: refused(
      'ListPartnerEventSourceAccounts',
      'there are no partner event sources',
    ),
    ListPartnerEventSources: refused('ListPartnerEventSources', 'there are no partner event sources'),
    ListReplays: refused('ListReplays', 'there are no archives'),
    ListRuleNamesByTarget: {
      action: 'events:ListRuleNamesByTarget',
      ...on.allRules,
      run: (input, call) => listRuleNamesByTarget(context, input, call),
    },
    ListRules: {
      action: 'events:ListRules',
      ...on.allRules,
      run: (input, call) => listRules(context, input, call),
    },
    ListTagsForResource: {
      action: 'events:ListTagsForResource',
      ...on.resource,
      run: (input, call) => listTagsForResource(context, input, call),
    },
    ListTargetsByRule: {
      action: 'events:ListTargetsByRule',
      ...on.rule,
      run: (input, call) => listTargetsByRule(context, input, call),
    },
    PutEvents: {
      action: 'events:PutEvents',
      ...on.newEvents,
      run: (input, call) => putEvents(context, input, call),
    },
    PutPartnerEvents: refused('PutPartnerEvents', 'there are no partner event sources'),
    PutPermission: refused('PutPermission', 'an event bus takes no events of other accounts'),
    PutRule: {
      action: 'events:PutRule',
      ...on.newRule,
      run: (input, call) => putRule(context, input, call),
    },
    PutTargets: {
      action: 'events:PutTargets',
      ...on.newTargets,
      run: (input, call) => putTargets(context, input, call),
    },
    RemovePermission: refused('RemovePermission', 'an event bus takes no events of other accounts'),
    RemoveTargets: {
      action: 'events:RemoveTargets',
      ...on.rule,
      run: (input, call) => removeTargets(context, input, call),
    },
    StartReplay: refused('StartReplay', 'there are no archives'),
    TagResource: {
      action: 'events:TagResource',
      ...on.taggedResource,
      run: (input, call) => tagResource(context, input, call),
    },
    TestEventPattern: {
      action: 'events:TestEventPattern',
      ...on.anything,
      run: testEventPattern,
    },
    UntagResource: {
      action: 'events:UntagResource',
      ...on.untaggedResource,
      run: (input, call) => untagResource(context, input, call),
    },
    UpdateApiDestination: refused('UpdateApiDestination', 'there are no API destinations'),
    UpdateArchive: refused('UpdateArchive', 'there are no archives'),
    UpdateConnection: refused('UpdateConnection', 'there are no API destinations'),
    UpdateEndpoint: refused('UpdateEndpoint', 'there are no global endpoints'),
    UpdateEventBus: refused('UpdateEventBus', 'there is the event bus default alone'),
  };
}

function refused(operation: string, reason: string): RefusedOperation {
  return { refused: `${operation} is not supported by this version of Catamaran yet: ${reason}.` };
}
