import { CommandError } from '../cli/index.ts';
import { Refusal } from '../protocols/index.ts';
import { StoreFullError } from '../store/index.ts';

/** What the world refuses, its owner can mend: said as AWS says that it can't serve just now. */
export function refusalOfFullDisk(failure: unknown): Refusal | undefined {
  if (!(failure instanceof StoreFullError)) return undefined;
  return new Refusal('ServiceUnavailable', failure.message, { status: 503, cause: failure });
}

/** A start that failed for want of room, as a person needs to hear it; any other failure as it is. */
export function failureToStart(failure: unknown, stateDirectory: string): unknown {
  if (failure instanceof CommandError || !isDiskFull(failure)) return failure;
  return new CommandError(`The disk that holds ${stateDirectory} is full; make room and try again`, {
    cause: failure,
  });
}

/** SQLite's result code SQLITE_FULL, also extended (https://sqlite.org/rescode.html). */
const sqliteFull = 13;

function isDiskFull(failure: unknown): boolean {
  if (!(failure instanceof Error)) return false;
  if (failure instanceof StoreFullError) return true;
  if ('code' in failure && failure.code === 'ENOSPC') return true;
  if ('errcode' in failure && (Number(failure.errcode) & 0xff) === sqliteFull) return true;
  return isDiskFull(failure.cause);
}
