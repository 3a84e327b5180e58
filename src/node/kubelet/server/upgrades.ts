import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { createWebSocketStream, type WebSocket, WebSocketServer } from 'ws';
import type { Clock } from '../../../clock/index.ts';
import type { CommandStreams } from './command-streams.ts';
import { KubeletRefusal } from './served-pods.ts';
import { spdyStreams } from './spdy-command.ts';
import { commandProtocols, type WantedStreams, websocketStreams } from './websocket-streams.ts';

/** A session of forwarded ports within a WebSocket, and by itself. */
const tunnelProtocol = 'SPDY/3.1+portforward.k8s.io';
const portForwardProtocol = 'portforward.k8s.io';
const spdyCommandProtocol = 'v4.channel.k8s.io';
const mostMessageBytes = 4 * 1024 * 1024;

/** A connection that asks to go on in another protocol. */
export interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
}

/** Agrees with clients on a protocol, and gives what they then say in a form that is the same for all of them. */
export class Upgrades {
  readonly #clock: Clock;
  readonly #command = serverFor((offered) => commandProtocols.find((it) => offered.has(it)));
  readonly #tunnel = serverFor(() => undefined);

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#tunnel.on('headers', (headers) => headers.push(`Sec-WebSocket-Protocol: ${tunnelProtocol}`));
  }

  /** @throws {KubeletRefusal} 400, 403: no protocol that both speak. */
  async command(
    upgrade: Upgrade,
    wanted: WantedStreams & { readonly isTerminal: boolean },
  ): Promise<CommandStreams> {
    if (isWebSocket(upgrade)) {
      assertOffered(upgrade, commandProtocols);
      return websocketStreams(await accepted(this.#command, upgrade), wanted);
    }
    return spdyStreams(switchToSpdy(upgrade, spdyCommandProtocol), wanted, this.#clock);
  }

  /** The bytes of a SPDY session of forwarded ports. @throws {KubeletRefusal} 400, 403 */
  async portForward(upgrade: Upgrade): Promise<Duplex> {
    if (!isWebSocket(upgrade)) return switchToSpdy(upgrade, portForwardProtocol);
    assertOffered(upgrade, [tunnelProtocol]);
    // Its slash is none of a token's characters, for which it would be refused: it is agreed on beside.
    delete upgrade.request.headers['sec-websocket-protocol'];
    return createWebSocketStream(await accepted(this.#tunnel, upgrade));
  }

  close(): void {
    this.#command.close();
    this.#tunnel.close();
  }
}

function serverFor(choose: (offered: Set<string>) => string | undefined): WebSocketServer {
  return new WebSocketServer({
    ...{ noServer: true, clientTracking: false, perMessageDeflate: false, maxPayload: mostMessageBytes },
    handleProtocols: (offered) => choose(offered) ?? false,
  });
}

export const isWebSocket = ({ request }: Upgrade): boolean =>
  request.headers.upgrade?.toLowerCase() === 'websocket';

function assertOffered({ request }: Upgrade, spoken: readonly string[]): void {
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((it) => it.trim());
  if (spoken.some((it) => offered.includes(it))) return;
  throw new KubeletRefusal(
    400,
    `unable to upgrade: none of the protocols [${offered.join(' ')}] is supported, which are [${spoken.join(' ')}]`,
  );
}

/** @throws {KubeletRefusal} what was offered is no WebSocket, as the client has been told; or it has gone. */
function accepted(server: WebSocketServer, { request, socket, head }: Upgrade): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    // Of a handshake that it refuses the library tells only the client.
    const onClose = (): void => reject(new KubeletRefusal(400, 'the connection was not upgraded'));
    if (socket.destroyed) return onClose();
    socket.once('close', onClose);
    server.handleUpgrade(request, socket, head, (accepted) => {
      socket.off('close', onClose);
      resolve(accepted);
    });
  });
}

/** @throws {KubeletRefusal} 400, 403 */
function switchToSpdy({ request, socket, head }: Upgrade, protocol: string): Duplex {
  const { upgrade, 'x-stream-protocol-version': versions = '' } = request.headers;
  if (upgrade?.toLowerCase() !== 'spdy/3.1')
    throw new KubeletRefusal(400, `unable to upgrade: ${upgrade} is not supported`);
  const offered = [versions]
    .flat()
    .flatMap((it) => it.split(','))
    .map((it) => it.trim());
  if (!offered.includes(protocol)) {
    throw new KubeletRefusal(
      403,
      `unable to upgrade: unable to negotiate protocol: client supports [${offered.join(' ')}], server accepts [${protocol}]`,
    );
  }
  if (head.length > 0) socket.unshift(head);
  const lines = ['HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: SPDY/3.1'];
  socket.write(`${[...lines, `X-Stream-Protocol-Version: ${protocol}`].join('\r\n')}\r\n\r\n`);
  return socket;
}
