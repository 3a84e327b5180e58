import { destination as fileDestination, pino, stdTimeFunctions } from 'pino';

/**
 * What happened, for whoever operates this. A message is a constant sentence; what it is about goes into the
 * fields. Secrets never reach a log: fields with their names are blanked, however deep they stand.
 */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/** `error` is written with its stack and its causes. */
export type LogFields = Readonly<Record<string, unknown>>;

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface LogOptions {
  /** The least level that is written. Default `info`. */
  readonly level?: LogLevel;
  /** A file to append to (made with mode 0600); standard error when omitted. */
  readonly file?: string;
}

/** A log that writes one JSON object per line. */
export function createLog({ level = 'info', file }: LogOptions = {}): Log {
  const destination = fileDestination({ dest: file ?? 2, sync: true, mode: 0o600, append: true });
  // A full disk or a terminal that has gone loses lines; it must not end what is being logged about.
  destination.on('error', () => {});
  const lines = pino(
    {
      level,
      base: null,
      messageKey: 'message',
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (name) => ({ level: name }) },
    },
    destination,
  );
  return logTo((at, message, fields) => lines[at](fields, message));
}

/** A log that nobody reads. */
export const silentLog: Log = logTo(() => {});

export interface RecordingLog extends Log {
  /** Everything logged so far, redacted as it would be written. */
  readonly lines: readonly LogLine[];
}

export interface LogLine {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

/** A log that tests can look at. */
export function recordingLog(): RecordingLog {
  const lines: LogLine[] = [];
  return { lines, ...logTo((level, message, fields) => lines.push({ level, message, fields })) };
}

function logTo(write: (level: LogLevel, message: string, fields: LogFields) => void): Log {
  const at =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}): void => {
      write(level, message, redacted(fields, 0) as LogFields);
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** Compared without case, `-` and `_`: `SecretAccessKey`, `x-amz-security-token`, `AWS_SESSION_TOKEN` are all met. */
const secretNames =
  /secretaccesskey|sessiontoken|securitytoken|authorization|password|passwd|privatekey|^(secret|token|cookie|setcookie|xregistryauth|registryauth|identitytoken)$/;

/** Fields are for people: what is nested deeper than this is not worth a line. */
const deepest = 8;

function redacted(value: unknown, depth: number): unknown {
  if (value instanceof Error) return describeError(value, depth);
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return value;
  if (depth === deepest) return '[deeper]';
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (Array.isArray(value)) return value.map((item) => redacted(item, depth + 1));
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  return Object.fromEntries(
    entries.map(([name, member]) => [
      String(name),
      isSecret(String(name)) && member !== undefined ? '[secret]' : redacted(member, depth + 1),
    ]),
  );
}

function isSecret(name: string): boolean {
  return secretNames.test(name.toLowerCase().replaceAll(/[-_]/g, ''));
}

function describeError(error: Error, depth: number): Record<string, unknown> {
  const { name, message, stack, cause, ...rest } = error;
  return {
    name,
    message,
    stack,
    ...(redacted(rest, depth + 1) as Record<string, unknown>),
    ...(cause === undefined || depth >= deepest ? {} : { cause: redacted(cause, depth + 1) }),
  };
}
