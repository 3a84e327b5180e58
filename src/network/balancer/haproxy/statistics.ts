import type { ObservedHealth } from '../../../balancing/index.ts';

/** What HAProxy says of one server. */
export interface ServerStatistics {
  /** `t-…` or `p-…`. */
  readonly backend: string;
  readonly name: string;
  /** `UP 1/2`, `DOWN`, `MAINT`, `no check`, … */
  readonly status: string;
  /** `10.0.1.4:80` */
  readonly place: string;
  /** Requests or connections under way. */
  readonly current: number;
  /** `L7OK`, `L4TOUT`, … */
  readonly checkStatus: string;
  readonly checkCode: number;
}

/** The answer to `show stat -1 4 -1`. */
export function readStatistics(text: string): ServerStatistics[] {
  const [heading = '', ...lines] = text.split('\n').filter((line) => line !== '');
  const columns = new Map(readCsvLine(heading.replace(/^# /, '')).map((name, index) => [name, index]));
  return lines.map((line) => {
    const fields = readCsvLine(line);
    const field = (name: string): string => fields[columns.get(name) ?? -1] ?? '';
    return {
      backend: field('pxname'),
      name: field('svname'),
      status: field('status'),
      place: field('addr'),
      current: Number(field('scur')),
      // A star says that one is under way.
      checkStatus: field('check_status').replace(/^\* /, ''),
      checkCode: Number(field('check_code')),
    };
  });
}

function readCsvLine(line: string): string[] {
  return Array.from(line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g), ([, field = '']) =>
    field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field,
  );
}

export type CheckResult = Extract<ObservedHealth, { state: 'healthy' | 'unhealthy' }>;

/** What the first check of a probe said; undefined: there was none yet. */
export function probeResult(probe: ServerStatistics): CheckResult | undefined {
  if (probe.status === 'UP') return { state: 'healthy' };
  return probe.status.startsWith('DOWN') ? failureOf(probe) : undefined;
}

function failureOf({ checkStatus, checkCode }: ServerStatistics): CheckResult {
  switch (checkStatus) {
    case 'L7STS':
      return { state: 'unhealthy', cause: { type: 'code-mismatch', code: checkCode } };
    case 'L4TOUT':
    case 'L6TOUT':
    case 'L7TOUT':
      return { state: 'unhealthy', cause: { type: 'timeout' } };
    default:
      return { state: 'unhealthy', cause: { type: 'failed' } };
  }
}

export function isInMaintenance({ status }: ServerStatistics): boolean {
  return status.startsWith('MAINT');
}

/** Of a server that takes traffic. */
export function healthOf(server: ServerStatistics): CheckResult {
  return server.status.startsWith('DOWN') ? failureOf(server) : { state: 'healthy' };
}
