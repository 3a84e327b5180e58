import type { ObservedHealth } from '../../../balancing/index.ts';

/** What HAProxy says of one server, or of a frontend, whose name is `FRONTEND`. */
export interface ServerStatistics {
  /** `t-…` or `p-…`; of a frontend `l-…`. */
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
  readonly counters: Counters;
}

/** Since the process began, but for those that are now. What a row doesn't have is 0. */
export interface Counters {
  /** Connections of clients, of a frontend. */
  readonly connections: number;
  /** Requests or connections that were given to a server, whatever became of them. */
  readonly sessions: number;
  readonly bytes: number;
  /** Responses, by the class of their status: of a server its own, of a frontend all, once they have ended. */
  readonly responses: { readonly [name in '2xx' | '3xx' | '4xx' | '5xx']: number };
  /** Of a server. */
  readonly connects: number;
  readonly connectionErrors: number;
  /** Connections to a server of HTTP that are open now, in use or not. */
  readonly open: number;
}

/** Frontends and servers. */
export const statisticsCommand = 'show stat -1 5 -1';

/** The answer to it. */
export function readStatistics(text: string): ServerStatistics[] {
  const [heading = '', ...lines] = text.split('\n').filter((line) => line !== '');
  const columns = new Map(readCsvLine(heading.replace(/^# /, '')).map((name, index) => [name, index]));
  return lines.map((line) => {
    const fields = readCsvLine(line);
    const field = (name: string): string => fields[columns.get(name) ?? -1] ?? '';
    const count = (name: string): number => Number(field(name));
    return {
      backend: field('pxname'),
      name: field('svname'),
      status: field('status'),
      place: field('addr'),
      current: count('scur'),
      // A star says that one is under way.
      checkStatus: field('check_status').replace(/^\* /, ''),
      checkCode: count('check_code'),
      counters: {
        connections: count('conn_tot'),
        sessions: count('stot'),
        bytes: count('bin') + count('bout'),
        responses: {
          ...{ '2xx': count('hrsp_2xx'), '3xx': count('hrsp_3xx') },
          ...{ '4xx': count('hrsp_4xx'), '5xx': count('hrsp_5xx') },
        },
        connects: count('connect'),
        connectionErrors: count('econ'),
        open: count('used_conn_cur') + count('idle_conn_cur'),
      },
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
