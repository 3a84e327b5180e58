import { given, MalformedError } from '../reading.ts';

/** The `awslogs` driver's options (ECS developer guide, "awslogs log driver"). */
export interface AwslogsOptions {
  readonly group: string;
  readonly region: string;
  /** Absent: the stream is named after the container's engine id. */
  readonly stream?: string;
  readonly createsGroup: boolean;
  /** Lines are dropped when the buffer is full; otherwise the container's output waits. */
  readonly isNonBlocking: boolean;
  readonly bufferBytes: number;
  /** A line that matches begins an event; the others continue it. */
  readonly eventStart?:
    | { readonly type: 'pattern'; readonly pattern: string }
    | { readonly type: 'datetime'; readonly format: string };
}

const known = new Set([
  'awslogs-group',
  'awslogs-region',
  'awslogs-stream-prefix',
  'awslogs-create-group',
  'awslogs-datetime-format',
  'awslogs-multiline-pattern',
  'mode',
  'max-buffer-size',
]);

/** @throws {MalformedError} on a missing group, an unknown option or a value that does not fit. */
export function readAwslogsOptions(
  options: Readonly<Record<string, string>>,
  containerName: string,
  taskId: string,
  agentRegion: string,
): AwslogsOptions {
  const refuse = (problem: string): never => {
    throw new MalformedError(`Container '${containerName}': log driver awslogs ${problem}`);
  };
  for (const name of Object.keys(options)) if (!known.has(name)) refuse(`does not support option '${name}'`);

  const group = options['awslogs-group'];
  if (!group)
    throw new MalformedError(
      `Container '${containerName}': log driver awslogs requires options: awslogs-group`,
    );
  const prefix = options['awslogs-stream-prefix'];
  const pattern = options['awslogs-multiline-pattern'];
  const format = options['awslogs-datetime-format'];
  if (pattern && format) {
    refuse('takes either awslogs-datetime-format or awslogs-multiline-pattern, not both');
  }
  const mode = options.mode ?? 'non-blocking';
  if (mode !== 'blocking' && mode !== 'non-blocking') refuse(`does not know mode '${mode}'`);

  return given({
    group,
    region: options['awslogs-region'] || agentRegion,
    stream: prefix ? `${prefix}/${containerName}/${taskId}` : undefined,
    createsGroup: options['awslogs-create-group'] === 'true',
    isNonBlocking: mode === 'non-blocking',
    bufferBytes: readSize(options['max-buffer-size'] ?? '10m') ?? refuse(`cannot read the max-buffer-size`),
    eventStart: pattern
      ? { type: 'pattern' as const, pattern }
      : format
        ? { type: 'datetime' as const, format }
        : undefined,
  });
}

/** Docker's sizes: a number with b, k, m or g. */
function readSize(text: string): number | undefined {
  const match = /^(\d+)\s*([bkmg]?)b?$/i.exec(text.trim());
  if (!match) return undefined;
  const factors: Readonly<Record<string, number>> = { '': 1, b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };
  return Number(match[1]) * (factors[(match[2] ?? '').toLowerCase()] ?? 1);
}
