import type {
  CreateExpressGatewayServiceCommandInput,
  ExpressGatewayContainer,
  ExpressGatewayScalingTarget,
} from '@aws-sdk/client-ecs';
import type { Scope } from '../arn.ts';
import { invalidParameter } from '../errors.ts';
import type { ExpressScalingTarget } from './records.ts';

/** What requests of Express services may say (API reference, CreateExpressGatewayService). All throw InvalidParameterException. */

/** Either a task definition, or everything that Amazon ECS makes one of. */
const partsOfDefinition = [
  'primaryContainer',
  'executionRoleArn',
  'taskRoleArn',
  'cpu',
  'memory',
  'cpuArchitecture',
] as const;

export type DefinitionInput = Pick<
  CreateExpressGatewayServiceCommandInput,
  'taskDefinitionArn' | (typeof partsOfDefinition)[number]
>;

export function refuseBothDefinitions(input: DefinitionInput): void {
  if (input.taskDefinitionArn === undefined) return;
  const [given] = partsOfDefinition.filter((name) => input[name] !== undefined);
  if (given !== undefined)
    throw invalidParameter(`${given} can not be specified together with taskDefinitionArn.`);
}

/** Whether a request says anything about what the tasks are made of. */
export const saysDefinition = (input: DefinitionInput): boolean =>
  input.taskDefinitionArn !== undefined || partsOfDefinition.some((name) => input[name] !== undefined);

const maxPort = 65_535;

export function readContainer(container: ExpressGatewayContainer): ExpressGatewayContainer {
  const { image = '', containerPort } = container;
  if (image.trim() === '') throw invalidParameter('primaryContainer.image can not be blank.');
  if (
    containerPort !== undefined &&
    (!Number.isInteger(containerPort) || containerPort < 1 || containerPort > maxPort)
  )
    throw invalidParameter(`primaryContainer.containerPort must be between 1 and ${maxPort}.`);
  return container;
}

/** A role's ARN of the caller's own account. */
export function readRoleArn(name: string, arn: string | undefined, { accountId }: Scope): string {
  if (!arn) throw invalidParameter(`${name} can not be blank.`);
  if (!/^arn:aws:iam::\d{12}:role\/.+$/.test(arn))
    throw invalidParameter(`${name} is not the ARN of a role.`);
  if (arn.split(':')[4] !== accountId) throw invalidParameter(`${name} must be a role of the same account.`);
  return arn;
}

export const defaultHealthCheckPath = '/ping';
/** Of a target group's health checks (Elastic Load Balancing API reference). */
const maxPathLength = 1_024;

export function readHealthCheckPath(path: string): string {
  if (!path.startsWith('/') || path.length > maxPathLength || /[\s\p{Cc}]/u.test(path))
    throw invalidParameter('healthCheckPath must start with a forward slash and have no white space.');
  return path;
}

const defaultScalingTarget: ExpressScalingTarget = {
  minTaskCount: 1,
  maxTaskCount: 20,
  autoScalingMetric: 'AVERAGE_CPU',
  autoScalingTargetValue: 60,
};
const metrics = ['AVERAGE_CPU', 'AVERAGE_MEMORY', 'REQUEST_COUNT_PER_TARGET'] as const;
/** "Tasks per service" (ECS quotas). */
const maxTasks = 5_000;
/** Requests per target; percent for the other metrics. */
const maxRequests = 65_536;

/** @param before What holds where nothing is said. */
export function readScalingTarget(
  input: ExpressGatewayScalingTarget | undefined,
  before: ExpressScalingTarget = defaultScalingTarget,
): ExpressScalingTarget {
  const {
    minTaskCount = before.minTaskCount,
    maxTaskCount = Math.max(before.maxTaskCount, input?.minTaskCount ?? 0),
    autoScalingMetric = before.autoScalingMetric,
    autoScalingTargetValue = before.autoScalingTargetValue,
  } = input ?? {};
  const metric = metrics.find((each) => each === autoScalingMetric);
  if (metric === undefined)
    throw invalidParameter(`scalingTarget.autoScalingMetric should be one of [${metrics.join(',')}].`);
  requireCount('scalingTarget.minTaskCount', minTaskCount, 1, maxTasks);
  requireCount('scalingTarget.maxTaskCount', maxTaskCount, 1, maxTasks);
  if (minTaskCount > maxTaskCount)
    throw invalidParameter('scalingTarget.minTaskCount must not be more than scalingTarget.maxTaskCount.');
  const maxValue = metric === 'REQUEST_COUNT_PER_TARGET' ? maxRequests : 100;
  requireCount('scalingTarget.autoScalingTargetValue', autoScalingTargetValue, 1, maxValue);
  return { minTaskCount, maxTaskCount, autoScalingMetric: metric, autoScalingTargetValue };
}

function requireCount(name: string, value: number, min: number, max: number): void {
  if (!Number.isInteger(value) || value < min || value > max)
    throw invalidParameter(`${name} must be between ${min} and ${max}.`);
}
