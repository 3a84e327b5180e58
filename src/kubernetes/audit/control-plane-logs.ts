import type { Clock } from '../../clock/index.ts';
import type { Log, LogFields } from '../../log.ts';
import type { Principal } from '../../services/service.ts';
import type { User } from '../authentication/user.ts';
import type { KubernetesContext } from '../context.ts';
import type { ClusterPlace } from '../objects/object-records.ts';
import type { AuditSink } from './audited-request.ts';
import { LogStream } from './log-stream.ts';

/** Those that a control plane writes here. */
export type ControlPlaneLogType = 'api' | 'audit' | 'authenticator';

const streamNames: Readonly<Record<ControlPlaneLogType, string>> = {
  api: 'kube-apiserver',
  audit: 'kube-apiserver-audit',
  authenticator: 'authenticator',
};

/** What a control plane has to say, to the log group of its cluster: nothing, unless the cluster's `logging` asks for it. */
export class ControlPlaneLogs implements AsyncDisposable {
  readonly #streams: Readonly<Record<ControlPlaneLogType, LogStream>>;
  readonly #isOn: (type: ControlPlaneLogType) => boolean;
  readonly #clock: Clock;

  constructor(
    { writeLogLines, clock, log }: Pick<KubernetesContext, 'clock' | 'log' | 'writeLogLines'>,
    place: ClusterPlace,
    clusterName: string,
    isOn: (type: ControlPlaneLogType) => boolean,
  ) {
    this.#isOn = isOn;
    this.#clock = clock;
    const group = `/aws/eks/${clusterName}/cluster`;
    const streamOf = (type: ControlPlaneLogType): LogStream =>
      new LogStream({
        ...{ clock, log },
        write: (lines) =>
          writeLogLines(place, { group, stream: `${streamNames[type]}-${place.id.toLowerCase()}` }, lines),
      });
    this.#streams = {
      ...{ api: streamOf('api'), audit: streamOf('audit'), authenticator: streamOf('authenticator') },
    };
  }

  /** Undefined: nobody wants to know. */
  get audit(): AuditSink | undefined {
    if (!this.#isOn('audit')) return undefined;
    return (event) => this.#streams.audit.push(JSON.stringify(event));
  }

  /** Whom a token of AWS let in, or did not. */
  authenticated({ arn }: Pick<Principal, 'arn'>, user: User | undefined): void {
    if (!this.#isOn('authenticator')) return;
    const told = {
      ...{ time: new Date(this.#clock.now()).toISOString(), level: user === undefined ? 'warning' : 'info' },
      ...{ msg: user === undefined ? 'access denied' : 'access granted', arn },
      ...(user && { groups: `[${user.groups.join(' ')}]`, uid: user.uid ?? '', username: user.username }),
    };
    this.#streams.authenticator.push(
      Object.entries(told)
        .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
        .join(' '),
    );
  }

  /** A log that goes on to another, and whose warnings and errors are those of the API server. */
  through(log: Log): Log {
    const say = (letter: 'E' | 'W', message: string, fields: LogFields = {}): void => {
      if (!this.#isOn('api')) return;
      const [day = '', time = ''] = new Date(this.#clock.now()).toISOString().split('T');
      const more = Object.entries(fields).map(([key, value]) => ` ${key}=${JSON.stringify(textOf(value))}`);
      this.#streams.api.push(
        `${letter}${day.slice(5).replace('-', '')} ${time.slice(0, -1)}000       1 ${JSON.stringify(message)}${more.join('')}`,
      );
    };
    return {
      debug: (message, fields) => log.debug(message, fields),
      info: (message, fields) => log.info(message, fields),
      warn: (message, fields) => {
        say('W', message, fields);
        log.warn(message, fields);
      },
      error: (message, fields) => {
        say('E', message, fields);
        log.error(message, fields);
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(Object.values(this.#streams).map((stream) => stream[Symbol.asyncDispose]()));
  }
}

const textOf = (value: unknown): string => (value instanceof Error ? value.message : String(value));
