import type {
  DescribeServiceRevisionsCommandInput,
  DescribeServiceRevisionsResponse,
} from '@aws-sdk/client-ecs';
import type { Call } from '../../service.ts';
import { isForeign, serviceHistoryId } from '../arn.ts';
import type { EcsContext } from '../context.ts';
import { invalidParameter } from '../errors.ts';
import { type ServiceRevisionRecord, serviceRevisions } from '../records.ts';
import { serviceRevisionKey } from '../service-history.ts';
import { serviceRevisionView } from '../service-history-view.ts';

const maxDescribed = 20;

/** Up to twenty, by ARN; those unknown are told as MISSING. */
export function describeServiceRevisions(
  ecs: EcsContext,
  { serviceRevisionArns: arns = [] }: DescribeServiceRevisionsCommandInput,
  call: Call,
): DescribeServiceRevisionsResponse {
  if (arns.length === 0) throw invalidParameter('serviceRevisionArns cannot be empty.');
  if (arns.length > maxDescribed)
    throw invalidParameter(`serviceRevisionArns can have at most ${maxDescribed} items.`);
  const found: ServiceRevisionRecord[] = [];
  const missing: string[] = [];
  for (const arn of new Set(arns)) {
    const { cluster, service: name, id } = serviceHistoryId(arn, 'service-revision');
    const record = isForeign(arn, call)
      ? undefined
      : ecs.state.get(serviceRevisions, serviceRevisionKey(call, { cluster, name }, id));
    if (record === undefined) missing.push(arn);
    else found.push(record);
  }
  return {
    serviceRevisions: found.map((record) => serviceRevisionView(ecs.state, call, record)),
    failures: missing.map((arn) => ({ arn, reason: 'MISSING' })),
  };
}
