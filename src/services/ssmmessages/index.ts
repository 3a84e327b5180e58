/**
 * Amazon Session Manager's message gateway (the service `ssmmessages`), as far as ECS Exec needs it: agents in or
 * beside containers hold a control channel, hear of sessions on it, and open a data channel for each; a client opens
 * the other. The protocol is that of amazon-ssm-agent and session-manager-plugin, so either end can be theirs.
 *
 * The one idea to know: nobody is trusted for the path that he connects to. A token, issued by an authorised call,
 * opens one connection, once.
 *
 * What it refuses: KMS encryption, sessions that forward ports, and resuming a session whose client has gone.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocketServer } from 'ws';
import { Refusal } from '../../protocols/index.ts';
import { messageSchemaVersion } from '../../session-channel/index.ts';
import type { Call, Upgrade } from '../service.ts';
import { ChannelSocket } from './channel-socket.ts';
import type { SsmMessagesContext } from './context.ts';
import { type NewSession, type Scope, Sessions, type StartedSession } from './sessions.ts';

export type { StartedSession } from './sessions.ts';

/** The name in its signatures' scope. */
export const ssmMessagesSigningName = 'ssmmessages';

/** A frame carries 1 KiB of what is typed or said; tokens and documents are short. */
const maxFrameBytes = 256 * 1024;
/** Session ids and targets. */
const maxIdLength = 512;

/** What another service may ask. */
export interface SessionStarter {
  isConnected(scope: Scope, target: string): boolean;
  start(scope: Scope, request: NewSession): StartedSession;
}

export interface SsmMessages {
  readonly sessions: SessionStarter;
  readonly upgrades: readonly Upgrade[];
  /** `POST /v1/control-channel/{id}`, answered in XML. */
  createControlChannel(id: string, call: Call): string;
  /** `POST /v1/data-channel/{id}`, answered in XML. @throws {Refusal} there is no such session. */
  createDataChannel(id: string, call: Call): string;
}

export function createSsmMessages(context: SsmMessagesContext): SsmMessages {
  const sessions = new Sessions(context);
  let webSockets: Promise<WebSocketServer> | undefined;
  /** Makes a WebSocket of the connection; its first frame is handed to `admit`. */
  const accept = async (
    connection: readonly [IncomingMessage, Duplex, Buffer],
    signal: AbortSignal,
    admit: ConstructorParameters<typeof ChannelSocket>[3],
  ): Promise<void> => {
    webSockets ??= openWebSockets();
    (await webSockets).handleUpgrade(...connection, (webSocket) => {
      new ChannelSocket(context, webSocket, signal, admit);
    });
  };
  return {
    sessions,
    upgrades: [
      {
        path: '/v1/control-channel/{id}',
        action: 'ssmmessages:OpenControlChannel',
        accept: (request, socket, head, call, labels) =>
          accept([request, socket, head], call.signal, (token, channel) =>
            sessions.openControlChannel(call, labels.get('id') ?? '', token, channel),
          ),
      },
      {
        // The plugin signs its request only where it finds credentials.
        path: '/v1/data-channel/{id}',
        isOpen: true,
        accept: (request, socket, head, signal, labels) =>
          accept([request, socket, head], signal, (token, channel) =>
            sessions.openDataChannel(labels.get('id') ?? '', token, channel),
          ),
      },
    ],
    createControlChannel: (id, call) => {
      if (id === '' || id.length > maxIdLength)
        throw new Refusal('ValidationException', 'Invalid channel id', { status: 400 });
      return answer('CreateControlChannelResponse', sessions.createControlChannel(call, id));
    },
    createDataChannel: (id, call) => {
      const token = sessions.createDataChannel(call, id);
      if (token === undefined)
        throw new Refusal('ValidationException', `There is no session ${id.slice(0, maxIdLength)}`, {
          status: 400,
        });
      return answer('CreateDataChannelResponse', token);
    },
  };
}

/** Loaded with the first connection: the first answer need not wait for it. */
async function openWebSockets(): Promise<WebSocketServer> {
  const { WebSocketServer: Server } = await import('ws');
  return new Server({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: maxFrameBytes,
  });
}

/** Tokens are letters and digits. */
function answer(name: string, token: string): string {
  return (
    `<${name}><MessageSchemaVersion>${messageSchemaVersion}</MessageSchemaVersion>` +
    `<TokenValue>${token}</TokenValue></${name}>`
  );
}
