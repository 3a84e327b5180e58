import type {
  Action,
  FixedResponseActionConfig,
  ForwardActionConfig,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { RuleAction, WeightedTargetGroup } from '../../../balancing/index.ts';
import {
  invalidLoadBalancerAction,
  shown,
  tooManyActions,
  unsupportedCognito,
  validationError,
} from '../errors.ts';
import { constraints } from '../input.ts';
import { limits } from '../load-balancers/account-limits.ts';
import { type GivenGuard, guardTypes, readGuard } from './read-guard.ts';
import { readRedirect } from './read-redirect.ts';

export interface GivenAction {
  readonly action: RuleAction;
  readonly order?: number;
  readonly guard?: GivenGuard;
}

type Forward = RuleAction & { readonly type: 'forward' };

const types = ['forward', 'redirect', 'fixed-response', ...guardTypes];

const maxWeight = 999;
const maxStickinessSeconds = 604_800;
const maxOrder = 50_000;

/**
 * What a rule does, as a request gives it: one of the actions that end it, and perhaps one before that.
 * @throws TooManyActions, InvalidLoadBalancerAction, ValidationError, UnsupportedOperation
 */
export function readActions(given: readonly Action[] = []): GivenAction {
  if (given.length === 0) throw validationError('Actions must be specified');
  for (const { Type, Order } of given) {
    constraints().text('actions.type', Type, { isRequired: true, oneOf: types }).throwIfViolated();
    constraints().number('actions.order', Order, { min: 1, max: maxOrder }).throwIfViolated();
  }
  if (given.some(({ Type }) => Type === 'authenticate-cognito')) throw unsupportedCognito();
  const [guards, ends] = [given.filter(isGuard), given.filter((action) => !isGuard(action))];
  const [only, ...others] = ends;
  if (others.length > 0)
    throw tooManyActions("A rule can only have one action of type 'forward', 'redirect' or 'fixed-response'");
  const [guard, ...otherGuards] = guards;
  if (otherGuards.length > 0)
    throw tooManyActions(`A rule can only have one action of type '${guardTypes.join("', '")}'`);
  if (only === undefined) {
    throw invalidLoadBalancerAction(
      "The last action must be of type 'forward', 'redirect' or 'fixed-response'",
    );
  }
  const { Order } = only;
  const ended = { action: readAction(only), ...(Order !== undefined && { order: Order }) };
  if (guard === undefined) return ended;
  refuseOthersConfig(guard);
  checkOrder(guard.Order, Order);
  return { ...ended, guard: readGuard(guard) };
}

const isGuard = ({ Type }: Action): boolean => guardTypes.some((type) => type === Type);

/** "Required for rules with multiple actions. The action with the lowest value for order is performed first." */
function checkOrder(ofGuard: number | undefined, ofEnd: number | undefined): void {
  if (ofGuard === undefined || ofEnd === undefined)
    throw invalidLoadBalancerAction(
      'An order must be specified for each action of a rule with multiple actions',
    );
  if (ofGuard === ofEnd) throw invalidLoadBalancerAction('Each action of a rule must have a different order');
  if (ofGuard > ofEnd) {
    throw invalidLoadBalancerAction(
      "The last action must be of type 'forward', 'redirect' or 'fixed-response'",
    );
  }
}

function readAction(given: Action): RuleAction {
  refuseOthersConfig(given);
  switch (given.Type) {
    case 'redirect':
      return readRedirect(given.RedirectConfig);
    case 'fixed-response':
      return readFixedResponse(given.FixedResponseConfig);
    default:
      return readForward(given.TargetGroupArn, given.ForwardConfig);
  }
}

function refuseOthersConfig(given: Action): void {
  const configs: Readonly<Record<string, unknown>> = {
    forward: given.ForwardConfig ?? given.TargetGroupArn,
    redirect: given.RedirectConfig,
    'fixed-response': given.FixedResponseConfig,
    'authenticate-oidc': given.AuthenticateOidcConfig,
    'authenticate-cognito': given.AuthenticateCognitoConfig,
    'jwt-validation': given.JwtValidationConfig,
  };
  for (const [type, config] of Object.entries(configs))
    if (config !== undefined && type !== given.Type)
      throw validationError(
        `A ${type} configuration cannot be specified for an action of type '${given.Type}'`,
      );
}

function readForward(arn: string | undefined, config: ForwardActionConfig | undefined): Forward {
  const groups: WeightedTargetGroup[] = (config?.TargetGroups ?? []).map(
    ({ TargetGroupArn, Weight = 1 }) => ({
      arn: TargetGroupArn ?? '',
      weight: Weight,
    }),
  );
  if (groups.length === 0 && arn !== undefined) groups.push({ arn, weight: 1 });
  if (groups.length === 0 || groups.some((group) => group.arn === ''))
    throw validationError('A target group ARN must be specified');
  if (arn !== undefined && (groups.length > 1 || groups[0]?.arn !== arn)) {
    throw validationError(
      'You can specify both a target group ARN and a forward configuration only if they name the same target group',
    );
  }
  const max = limits['target-groups-per-action-on-application-load-balancer'];
  if (groups.length > max) throw validationError(`A forward action can have at most '${max}' target groups`);
  if (new Set(groups.map((group) => group.arn)).size < groups.length)
    throw validationError('A target group cannot be specified more than once in a forward action');
  for (const { weight } of groups)
    if (weight < 0 || weight > maxWeight)
      throw validationError(`Target group weight '${weight}' must be between '0' and '${maxWeight}'`);
  return { type: 'forward', targetGroups: groups, ...readStickiness(config) };
}

function readStickiness(config: ForwardActionConfig | undefined): Pick<Forward, 'stickinessDuration'> {
  const { Enabled = false, DurationSeconds } = config?.TargetGroupStickinessConfig ?? {};
  if (!Enabled) return {};
  if (DurationSeconds === undefined)
    throw validationError('A target group stickiness duration must be specified');
  if (DurationSeconds < 1 || DurationSeconds > maxStickinessSeconds) {
    throw validationError(
      `Target group stickiness duration '${DurationSeconds}' must be between '1' and '${maxStickinessSeconds}'`,
    );
  }
  return { stickinessDuration: DurationSeconds };
}

const contentTypes = ['text/plain', 'text/css', 'text/html', 'application/javascript', 'application/json'];
const maxBodyBytes = 1024;

function readFixedResponse(config: FixedResponseActionConfig | undefined): RuleAction {
  if (config?.StatusCode === undefined)
    throw validationError('A fixed response status code must be specified');
  const { StatusCode, ContentType, MessageBody } = config;
  if (!/^[245]\d\d$/.test(StatusCode))
    throw validationError(`Fixed response status code '${shown(StatusCode)}' must be like 2XX, 4XX or 5XX`);
  if (ContentType !== undefined && !contentTypes.includes(ContentType)) {
    throw validationError(
      `Fixed response content type '${shown(ContentType)}' must be one of '[${contentTypes.join(', ')}]'`,
    );
  }
  if (MessageBody !== undefined && Buffer.byteLength(MessageBody) > maxBodyBytes)
    throw validationError(`The fixed response message body is too long; the limit is '${maxBodyBytes}'`);
  return {
    ...{ type: 'fixed-response', statusCode: Number(StatusCode) },
    ...(ContentType !== undefined && { contentType: ContentType }),
    ...(MessageBody !== undefined && { messageBody: MessageBody }),
  };
}
