import { hex } from '../../clock/index.ts';
import type { Scope } from './arn.ts';
import type { LogsContext } from './context.ts';
import { type LogStreamRecord, logGroupKey, logGroups, logStreamKey, logStreams } from './records.ts';

interface Line {
  readonly timestamp: number;
  readonly message: string;
}
interface Place {
  readonly group: string;
  readonly stream: string;
}

/**
 * Appends a line for another service, into a stream that is made when it is not there; durable when it resolves.
 * @returns false when there is no such group.
 */
export const writeToLogGroup = (
  context: LogsContext,
  scope: Scope,
  place: Place,
  line: Line,
): Promise<boolean> => append(context, scope, place, [line], false);

/** The same of several lines, by a service that makes its own groups. */
export async function writeToOwnLogGroup(
  context: LogsContext,
  scope: Scope,
  place: Place,
  lines: readonly Line[],
): Promise<void> {
  await append(context, scope, place, lines, true);
}

async function append(
  { state, events, random, clock }: LogsContext,
  scope: Scope,
  place: Place,
  lines: readonly Line[],
  makesGroup: boolean,
): Promise<boolean> {
  const now = clock.now();
  const [id, groupId] = [hex(random, 16), hex(random, 16)];
  const stream = await state.transact((tx): LogStreamRecord | undefined => {
    const groupKey = logGroupKey(scope, place.group);
    let group = tx.get(logGroups, groupKey);
    if (group === undefined && makesGroup) {
      const made = { name: place.group, id: groupId, creationTime: now };
      group = { ...made, isDeletionProtected: false, tags: {} };
      tx.put(logGroups, groupKey, group);
    }
    if (group === undefined) return undefined;
    const key = logStreamKey(scope, group.id, place.stream);
    const known = tx.get(logStreams, key);
    if (known !== undefined) return known;
    const made = { name: place.stream, id, groupId: group.id, creationTime: now };
    tx.put(logStreams, key, made);
    return made;
  });
  if (stream === undefined) return false;
  await events.append({ groupId: stream.groupId, streamId: stream.id }, [...lines], now);
  return true;
}
