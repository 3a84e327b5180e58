import type {
  DescribeEventBusCommandInput,
  DescribeEventBusResponse,
  ListEventBusesCommandInput,
  ListEventBusesResponse,
} from '@aws-sdk/client-eventbridge';
import type { Call } from '../../service.ts';
import { busArn, defaultBus } from '../arn.ts';
import { requireDefaultBus } from './constraints.ts';

export async function describeEventBus(
  { Name }: DescribeEventBusCommandInput,
  call: Call,
): Promise<DescribeEventBusResponse> {
  requireDefaultBus(call, Name);
  return { Name: defaultBus, Arn: busArn(call, defaultBus) };
}

export async function listEventBuses(
  { NamePrefix = '' }: ListEventBusesCommandInput,
  call: Call,
): Promise<ListEventBusesResponse> {
  const bus = { Name: defaultBus, Arn: busArn(call, defaultBus) };
  return { EventBuses: defaultBus.startsWith(NamePrefix) ? [bus] : [] };
}
