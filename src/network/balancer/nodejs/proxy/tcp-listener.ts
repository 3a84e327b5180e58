import { createServer, type Server, type Socket } from 'node:net';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import { connectSeconds, defaultTcpIdleTimeout, groupByChance } from '../../../../balancing/index.ts';
import { alpnPolicies } from '../../ssl-policies.ts';
import { joinSockets } from './join-sockets.ts';
import type { ListenerParts, ListenerSetting, ListeningServer } from './listener.ts';
import { proxyHeader } from './proxy-header.ts';

/** A listener of TCP or TLS: each connection goes to one target. */
export function openTcpListener(first: ListenerSetting, parts: ListenerParts): ListeningServer {
  let setting = first;
  const server = createServerFor(
    first,
    () => setting,
    (socket) => lead(socket, setting, parts),
  );
  server.on('connection', (socket: Socket) => parts.connections.add(socket));
  return {
    server,
    follow: (next) => {
      setting = next;
      if (next.certificates !== undefined && 'setSecureContext' in server) {
        (server as ReturnType<typeof createTlsServer>).setSecureContext(next.certificates.options);
      }
    },
    finish: () => void server.close(),
  };
}

function createServerFor(
  { plan: { alpnPolicy }, certificates }: ListenerSetting,
  setting: () => ListenerSetting,
  taken: (socket: Socket) => void,
): Server {
  const options = { allowHalfOpen: true, noDelay: true };
  if (certificates === undefined) return createServer(options, taken);
  return createTlsServer(
    {
      ...{ ...options, ...certificates.options },
      ...(alpnPolicy === undefined ? {} : { ALPNProtocols: [...alpnPolicies[alpnPolicy]] }),
      SNICallback: (name, done) => done(null, setting().certificates?.contextFor(name)),
    },
    taken,
  );
}

function lead(client: Socket, { plan, group }: ListenerSetting, { clock, random }: ListenerParts): void {
  client.on('error', () => client.destroy());
  const action = plan.rules.at(-1)?.action;
  const arn = action?.type === 'forward' ? groupByChance(action, random.float()) : undefined;
  const chosen = arn === undefined ? undefined : group(arn);
  const target = chosen?.next(client.remoteAddress ?? '');
  if (chosen === undefined || target === undefined) return void client.destroy();
  const socket = target.connect();
  const waiting = clock.after(connectSeconds * 1_000, () => socket.destroy());
  client.once(
    'close',
    target.begin(() => client.destroy()),
  );
  socket.once('connect', () => {
    waiting[Symbol.dispose]();
    if (chosen.plan.proxyProtocolV2) socket.write(proxyHeader(client));
  });
  const stream = chosen.plan.protocol === 'TLS' ? connectTls({ socket, rejectUnauthorized: false }) : socket;
  joinSockets(client, stream, plan.tcpIdleTimeout ?? defaultTcpIdleTimeout);
}
