import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { isObject, readJsonFile, writePrivateFile } from './private-file.ts';
import { stateLayout } from './state-directory.ts';

/** Who serves a state directory, and where. */
export interface ServerFile {
  readonly pid: number;
  /** As `processStartTime` gives it; tells the process from a later one with the same id. */
  readonly startTime: string;
  /** E.g. `http://127.0.0.1:4566`. */
  readonly endpoint: string;
  readonly port: number;
  readonly version: string;
  /** Epoch milliseconds. */
  readonly startedAt: number;
}

/** The server that runs on this state directory; undefined when none does (a file left by a killed one is ignored). */
export function readServer(stateDirectory: string): ServerFile | undefined {
  const value = readJsonFile(stateLayout(stateDirectory).server);
  return isServerFile(value) && isServerAlive(value) ? value : undefined;
}

/** Announces the calling process, mode 0600. */
export function writeServerFile(stateDirectory: string, server: Omit<ServerFile, 'pid' | 'startTime'>): void {
  const file: ServerFile = { pid: process.pid, startTime: processStartTime(process.pid) ?? '', ...server };
  writePrivateFile(stateLayout(stateDirectory).server, `${JSON.stringify(file, undefined, 2)}\n`);
}

/** Takes the announcement back, if it is the calling process's own. */
export function removeServerFile(stateDirectory: string): void {
  const path = stateLayout(stateDirectory).server;
  const value = readJsonFile(path);
  if (isServerFile(value) && value.pid !== process.pid && isServerAlive(value)) return;
  rmSync(path, { force: true });
}

export function isServerAlive(server: Pick<ServerFile, 'pid' | 'startTime'>): boolean {
  return processStartTime(server.pid) === server.startTime;
}

/**
 * A text that is the same as long as process `pid` lives, and different for a later process with its id;
 * undefined when there is no such process or it is only waiting to be reaped.
 */
export function processStartTime(pid: number): string | undefined {
  if (process.platform === 'linux') {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
      // The command's name, in brackets, may hold anything; what follows the last bracket is regular (proc(5)).
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return fields[0] === 'Z' ? undefined : fields[19];
    } catch {
      return undefined;
    }
  }
  try {
    const text = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    return text === '' ? undefined : text;
  } catch {
    return undefined;
  }
}

function isServerFile(value: unknown): value is ServerFile {
  return (
    isObject(value) &&
    typeof value.pid === 'number' &&
    typeof value.startTime === 'string' &&
    typeof value.endpoint === 'string' &&
    typeof value.port === 'number' &&
    typeof value.version === 'string' &&
    typeof value.startedAt === 'number'
  );
}
