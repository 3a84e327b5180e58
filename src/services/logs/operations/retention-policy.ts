import type {
  DeleteRetentionPolicyCommandInput,
  PutRetentionPolicyCommandInput,
} from '@aws-sdk/client-cloudwatch-logs';
import type { Call } from '../../service.ts';
import { Constraints, groupNameConstraint } from '../constraints.ts';
import { type LogsContext, requireGroup } from '../context.ts';
import { invalidParameter } from '../errors.ts';
import { type LogGroupRecord, logGroupKey, logGroups } from '../records.ts';

/** API reference, PutRetentionPolicy. */
const allowedDays = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

export async function putRetentionPolicy(
  { state }: LogsContext,
  input: PutRetentionPolicyCommandInput,
  call: Call,
): Promise<object> {
  const { logGroupName: name = '', retentionInDays = 0 } = input;
  new Constraints()
    .text('logGroupName', input.logGroupName, { isRequired: true, ...groupNameConstraint })
    .throwIfViolated();
  if (!allowedDays.includes(retentionInDays)) {
    throw invalidParameter(
      `1 validation error detected: Value '${retentionInDays}' at 'retentionInDays' failed to satisfy constraint: ` +
        `Member must satisfy enum value set: [${allowedDays.join(', ')}]`,
    );
  }
  await state.transact((tx) => {
    tx.put(logGroups, logGroupKey(call, name), { ...requireGroup(tx, call, name), retentionInDays });
  });
  return {};
}

export async function deleteRetentionPolicy(
  { state }: LogsContext,
  input: DeleteRetentionPolicyCommandInput,
  call: Call,
): Promise<object> {
  const { logGroupName: name = '' } = input;
  new Constraints()
    .text('logGroupName', input.logGroupName, { isRequired: true, ...groupNameConstraint })
    .throwIfViolated();
  await state.transact((tx) => {
    const { retentionInDays: _, ...group }: LogGroupRecord = requireGroup(tx, call, name);
    tx.put(logGroups, logGroupKey(call, name), group);
  });
  return {};
}
