import { connect } from 'node:net';
import type { Clock, Random } from '../../clock/index.ts';
import type { MembershipFile } from '../../installation/index.ts';
import type { Log } from '../../log.ts';
import {
  ackType,
  type MachineFacts,
  type RecordReplica,
  readRecordsMessage,
  recordsType,
} from '../../machines/index.ts';
import { ControlPlaneLink } from '../../node/index.ts';
import { recordsPath } from './record-upgrade.ts';

const connectMs = 10_000;
/** Firewalls wait for it. */
const longestWaitMs = 15_000;

/** Keeps a machine's replica of the records as they are, whenever the control plane answers. */
export function followRecords({
  membership,
  facts,
  replica,
  ...options
}: {
  readonly membership: MembershipFile;
  readonly facts: Required<Omit<MachineFacts, 'address'>>;
  readonly replica: RecordReplica;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}): AsyncDisposable & { readonly problem: string | undefined } {
  const { endpoint, region } = membership;
  const ending = new AbortController();
  const link = new ControlPlaneLink({
    ...options,
    name: 'Records',
    longestWaitMs,
    service: 'catamaran',
    region,
    credentials: membership,
    signal: ending.signal,
    url: async () => {
      const address = membership.address ?? (await ownAddress(endpoint));
      return new URL(`${recordsPath}?${new URLSearchParams({ ...facts, address })}`, endpoint);
    },
    open: (send) => {
      const take = replica.begin();
      // What is not acknowledged ends the connection, and everything is heard anew.
      const note = (error: unknown) => options.log.error('Records could not be written', { error });
      return {
        receive: (type, message) => {
          if (type !== recordsType) return;
          take(readRecordsMessage(message.raw('records'), message.raw('part'))).then(
            () => send(ackType, {}),
            note,
          );
        },
      };
    },
  });
  const running = link.run();
  return {
    get problem() {
      return link.status.reason;
    },
    [Symbol.asyncDispose]: () => {
      ending.abort();
      return running;
    },
  };
}

/**
 * The address of this machine from which it reaches an endpoint, e.g. `192.0.2.2`.
 * @throws what keeps it from being reached.
 */
export function ownAddress(endpoint: string): Promise<string> {
  const { hostname, port } = new URL(endpoint);
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect({ host: hostname, port: Number(port) || 80, timeout: connectMs });
  socket.once('connect', () => resolve(socket.localAddress ?? ''));
  socket.once('timeout', () => reject(new Error(`${endpoint} does not answer`)));
  socket.once('error', reject);
  return promise.finally(() => socket.destroy());
}
