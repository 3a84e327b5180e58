import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { noteMachine, openRecordFeed } from '../../machines/index.ts';
import { Refusal } from '../../protocols/index.ts';
import type { Call } from '../../services/service.ts';
import { followedCollections } from './followed.ts';
import { readFacts } from './machine-facts.ts';
import type { RecordUpgradeOptions } from './record-upgrade-options.ts';

const webSockets = new WebSocketServer({
  noServer: true,
  clientTracking: false,
  perMessageDeflate: false,
  // Machines' messages are acknowledgements.
  maxPayload: 4_096,
});

/**
 * Begins to tell a machine of records (`?version=…&name=…&address=…`). A machine speaks for itself: which one it is follows
 * from its signature. @throws {Refusal} it is none, or of another version.
 */
export async function acceptMachine(
  { state, accountId, version, clock, connected }: RecordUpgradeOptions,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  { principal, signal }: Call,
): Promise<void> {
  const facts = readFacts(new URL(request.url ?? '/', 'http://localhost').searchParams);
  if (facts.version !== version)
    throw refuse(
      'VersionMismatchException',
      `The control plane is Catamaran ${version}, this machine ${facts.version}: let both be the same`,
    );
  const { identity } = principal;
  const isUser = identity.kind === 'user' && principal.accountId === accountId;
  const machine = isUser ? await noteMachine({ state, accountId }, identity.userName, facts) : undefined;
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
}

const refuse = (code: string, message: string): Refusal => new Refusal(code, message, { status: 400 });
