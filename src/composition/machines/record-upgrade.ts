import { isIPv4 } from 'node:net';
import { WebSocketServer } from 'ws';
import type { Clock } from '../../clock/index.ts';
import { noteMachine, openRecordFeed } from '../../machines/index.ts';
import { Refusal } from '../../protocols/index.ts';
import type { State } from '../../reconcile/index.ts';
import type { SignedUpgrade } from '../../services/service.ts';
import { followedCollections } from './followed.ts';

/** Machines' messages are acknowledgements. */
const maxMessageBytes = 4_096;

export const recordsPath = '/_catamaran/records';

/** Which machines follow the records now, by their ids. */
export type ConnectedMachines = ReadonlyMap<string, number>;

/**
 * Where machines follow the records of what they carry (`?version=…&name=…&address=…`). A machine speaks for itself: who
 * it is follows from its signature.
 */
export function recordUpgrade({
  state,
  accountId,
  version,
  clock,
  connected,
}: {
  readonly state: State;
  readonly accountId: string;
  readonly version: string;
  readonly clock: Clock;
  readonly connected: Map<string, number>;
}): SignedUpgrade {
  const webSockets = new WebSocketServer({
    ...{ noServer: true, clientTracking: false, perMessageDeflate: false, maxPayload: maxMessageBytes },
  });
  return {
    path: recordsPath,
    action: 'catamaran:FollowRecords',
    accept: async (request, socket, head, { principal, signal }) => {
      const query = new URL(request.url ?? '/', 'http://localhost').searchParams;
      const facts = readFacts(query);
      if (facts.version !== version)
        throw refuse(
          'VersionMismatchException',
          `The control plane is Catamaran ${version}, this machine ${facts.version}: let both be the same`,
        );
      const { identity } = principal;
      const machine =
        identity.kind === 'user'
          ? await noteMachine({ state, accountId }, identity.userName, facts)
          : undefined;
      if (machine === undefined)
        throw refuse('UnknownMachineException', `${principal.arn} is no machine of this installation`);
      const { id } = machine;
      webSockets.handleUpgrade(request, socket, head, (open) => {
        connected.set(id, (connected.get(id) ?? 0) + 1);
        openRecordFeed({
          ...{ state, collections: followedCollections, socket: open, clock, signal },
          onClose: () => {
            const left = (connected.get(id) ?? 1) - 1;
            if (left > 0) connected.set(id, left);
            else connected.delete(id);
          },
        });
      });
    },
  };
}

/** What a machine tells of itself. @throws {Refusal} */
export function readFacts(query: Pick<URLSearchParams, 'get'>): {
  readonly name: string;
  readonly address: string;
  readonly version: string;
} {
  const [name, address, version] = ['name', 'address', 'version'].map((each) => query.get(each) ?? '');
  if (name === undefined || !/^[\w.-]{1,253}$/.test(name))
    throw refuse('InvalidRequest', 'Invalid name: a host name is expected');
  if (address === undefined || !isReachable(address))
    throw refuse(
      'InvalidRequest',
      `Invalid address ${address}: an IPv4 address is expected at which the other machines reach this one`,
    );
  return { name, address, version: version ?? '' };
}

/** Whether others could reach a machine there. */
export function isReachable(address: string): boolean {
  return isIPv4(address) && !/^(?:0|127|169\.254)\./.test(address);
}

const refuse = (code: string, message: string): Refusal => new Refusal(code, message, { status: 400 });
