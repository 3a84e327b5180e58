import type { Json } from '../../../store/index.ts';
import { type Scope, serviceArn, serviceDeploymentArn, serviceRevisionArn } from '../arn.ts';
import type { PendingFunction } from '../records/lifecycle.ts';
import type { HookCallbackRecord } from '../records/service-history.ts';
import type { DeploymentRecord, ServiceDeploymentRecord, ServiceRecord } from '../records.ts';
import { isPending } from './hooks.ts';
import { otherShare } from './share.ts';

/** What functions of lifecycle hooks are told, and what their answers mean (developer guide, "Lifecycle hooks"). */

/** Calls functions as Lambda's Invoke does: waits until the function has ended. */
export interface HookFunctions {
  /** Its failure is an answer, also when nobody can be asked. @throws the signal's reason, when it aborts. */
  invoke(functionArn: string, event: Json, signal: AbortSignal): Promise<FunctionAnswer>;
}

export type FunctionAnswer =
  | { readonly isAnswered: true; readonly payload: unknown }
  | { readonly isAnswered: false; readonly why: string };

/** The deployment whose stage waits, if it waits for functions. */
export function waitingForFunctions(
  service: ServiceRecord | undefined,
): { readonly deployment: DeploymentRecord; readonly hooks: readonly PendingFunction[] } | undefined {
  if (service?.status !== 'ACTIVE') return undefined;
  const deployment = service.deployments.find(({ status }) => status === 'PRIMARY');
  if (deployment?.lifecycle === undefined || deployment.rolloutState !== 'IN_PROGRESS') return undefined;
  const hooks = deployment.lifecycle.hooks.filter(
    (hook): hook is PendingFunction => hook.targetType === 'AWS_LAMBDA' && isPending(hook),
  );
  return hooks.length > 0 ? { deployment, hooks } : undefined;
}

/** What a function is called with. The shares of traffic are told in the stages that change them. */
export function hookEvent(
  scope: Scope,
  {
    service,
    deployment,
    current,
    hook,
  }: {
    readonly service: ServiceRecord;
    readonly deployment: DeploymentRecord;
    readonly current: ServiceDeploymentRecord;
    readonly hook: PendingFunction;
  },
): Json {
  const { lifecycle } = deployment;
  const { cluster, name } = service;
  const revisionArn = (id: string): string => serviceRevisionArn(scope, { cluster, service: name, id });
  const source = service.deployments.find(({ id }) => id === lifecycle?.sourceId);
  const weights = (kind: 'production' | 'test'): Readonly<Record<string, number>> => {
    if (lifecycle === undefined) return {};
    const own = lifecycle.traffic[kind];
    const others = otherShare(lifecycle.traffic)[kind];
    return {
      ...(source && others !== undefined && { [revisionArn(source.serviceRevisionId)]: others }),
      ...(own !== undefined && { [revisionArn(deployment.serviceRevisionId)]: own }),
    };
  };
  const stage = lifecycle?.stage ?? '';
  const details = current.hookCallbacks?.[hook.id]?.details ?? hook.details;
  return {
    executionId: hook.executionId,
    lifecycleStage: stage,
    resourceArn: serviceDeploymentArn(scope, current),
    executionDetails: {
      serviceArn: serviceArn(scope, cluster, name),
      targetServiceRevisionArn: revisionArn(current.target.revisionId),
      testTrafficWeights: stage === 'TEST_TRAFFIC_SHIFT' ? weights('test') : {},
      productionTrafficWeights: stage === 'PRODUCTION_TRAFFIC_SHIFT' ? weights('production') : {},
    },
    ...(details !== undefined && { hookDetails: details }),
  };
}

export type HookReply =
  | { readonly status: 'SUCCEEDED' }
  | { readonly status: 'FAILED'; readonly why: string }
  | ({ readonly status: 'IN_PROGRESS' } & HookCallbackRecord);

const defaultDelaySeconds = 30;
/** A function that asks for less is not called all the time. */
const leastDelaySeconds = 1;
const mostDelaySeconds = 86_400;

/** What is not a reply is a failure. */
export function readReply(answer: FunctionAnswer, now: number): HookReply {
  const failed = (why: string): HookReply => ({ status: 'FAILED', why });
  if (!answer.isAnswered) return failed(answer.why);
  const { payload } = answer;
  if (typeof payload !== 'object' || payload === null) return failed('its reply is no object');
  const { hookStatus, callBackDelay, hookDetails }: HookPayload = payload;
  if (hookStatus === 'SUCCEEDED') return { status: 'SUCCEEDED' };
  if (hookStatus === 'FAILED') return failed('its reply is FAILED');
  if (hookStatus !== 'IN_PROGRESS') return failed('its reply has no valid hookStatus');
  const delay = callBackDelay ?? defaultDelaySeconds;
  if (typeof delay !== 'number' || !(delay >= 0 && delay <= mostDelaySeconds))
    return failed(`its callBackDelay is no number of seconds up to ${mostDelaySeconds}`);
  return {
    ...{ status: 'IN_PROGRESS', at: now + Math.max(leastDelaySeconds, delay) * 1_000 },
    ...(hookDetails !== undefined && { details: hookDetails as Json }),
  };
}

/** As it may come from a function. */
interface HookPayload {
  readonly hookStatus?: unknown;
  readonly callBackDelay?: unknown;
  readonly hookDetails?: unknown;
}

/** @param ids Of the hooks that are waited for: what the others said has had its effect. */
export function withReply(
  record: ServiceDeploymentRecord,
  hookId: string,
  reply: HookReply,
  ids: ReadonlySet<string>,
): ServiceDeploymentRecord {
  const kept = <T>(members: Readonly<Record<string, T>> = {}): Record<string, T> =>
    Object.fromEntries(Object.entries(members).filter(([id]) => ids.has(id)));
  if (reply.status === 'IN_PROGRESS') {
    const { at, details = record.hookCallbacks?.[hookId]?.details } = reply;
    const callback = { at, ...(details !== undefined && { details }) };
    return { ...record, hookCallbacks: { ...kept(record.hookCallbacks), [hookId]: callback } };
  }
  const answer = reply.status === 'SUCCEEDED' ? 'CONTINUE' : 'ROLLBACK';
  return { ...record, hookAnswers: { ...kept(record.hookAnswers), [hookId]: answer } };
}
