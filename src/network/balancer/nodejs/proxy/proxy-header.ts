import type { Socket } from 'node:net';

/** https://www.haproxy.org/download/2.6/doc/proxy-protocol.txt, version 2: TCP over IPv4. */
export function proxyHeader({
  remoteAddress = '0.0.0.0',
  remotePort = 0,
  localAddress = '0.0.0.0',
  localPort = 0,
}: Pick<Socket, 'remoteAddress' | 'remotePort' | 'localAddress' | 'localPort'>): Buffer {
  const header = Buffer.alloc(28);
  header.write('\r\n\r\n\0\r\nQUIT\n', 0, 'latin1');
  header.writeUInt8(0x21, 12);
  header.writeUInt8(0x11, 13);
  header.writeUInt16BE(12, 14);
  Buffer.from(remoteAddress.split('.').map(Number)).copy(header, 16);
  Buffer.from(localAddress.split('.').map(Number)).copy(header, 20);
  header.writeUInt16BE(remotePort, 24);
  header.writeUInt16BE(localPort, 26);
  return header;
}
