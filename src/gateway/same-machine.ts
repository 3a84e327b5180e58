import type { IncomingMessage } from 'node:http';

/** What a proxy that listens elsewhere adds when it passes a request on. */
const marksOfProxies = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip'] as const;

/**
 * Whether a program on this machine asks on its own account: over loopback, by a name of loopback (a web page whose name
 * was made to lead here says its own), and not for somebody else, as a proxy on the machine would.
 */
export function isFromThisMachine({ socket, headers }: Pick<IncomingMessage, 'socket' | 'headers'>): boolean {
  return (
    isLoopback(socket.remoteAddress ?? '') &&
    isNameOfLoopback(headers.host ?? '') &&
    marksOfProxies.every((name) => headers[name] === undefined)
  );
}

function isLoopback(address: string): boolean {
  return address === '::1' || /^(?:::ffff:)?127\.\d+\.\d+\.\d+$/.test(address);
}

function isNameOfLoopback(host: string): boolean {
  const name = host.replace(/:\d+$/, '').toLowerCase();
  return name === 'localhost' || name === '[::1]' || isLoopback(name);
}
