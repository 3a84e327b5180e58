import { hex } from '../../clock/index.ts';
import type { Scope } from './arn.ts';
import type { LogsContext } from './context.ts';
import { type LogStreamRecord, logGroupKey, logGroups, logStreamKey, logStreams } from './records.ts';

/**
 * Appends a line for another service, into a stream that is made when it is not there; durable when it resolves.
 * @returns false when there is no such group.
 */
export async function writeToLogGroup(
  { state, events, random, clock }: LogsContext,
  scope: Scope,
  place: { readonly group: string; readonly stream: string },
  line: { readonly timestamp: number; readonly message: string },
): Promise<boolean> {
  const now = clock.now();
  const id = hex(random, 16);
  const stream = await state.transact((tx): LogStreamRecord | undefined => {
    const group = tx.get(logGroups, logGroupKey(scope, place.group));
    if (group === undefined) return undefined;
    const key = logStreamKey(scope, group.id, place.stream);
    const known = tx.get(logStreams, key);
    if (known !== undefined) return known;
    const made = { name: place.stream, id, groupId: group.id, creationTime: now };
    tx.put(logStreams, key, made);
    return made;
  });
  if (stream === undefined) return false;
  await events.append({ groupId: stream.groupId, streamId: stream.id }, [line], now);
  return true;
}
