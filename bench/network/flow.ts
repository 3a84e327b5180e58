/**
 * The two ends of a connection, run in a network namespace: `serve PORT`; `send HOST PORT MS` prints bytes a second;
 * `until HOST PORT` prints when (epoch milliseconds) a connection first came about; `connects PORT HOST...` prints how many
 * milliseconds each took, one after the other until one does not come about within a second, as JSON.
 */
import { connect, createServer } from 'node:net';

const [mode, ...words] = process.argv.slice(2);
const chunk = Buffer.alloc(256 * 1024);

switch (mode) {
  case 'serve': {
    const server = createServer((socket) => socket.on('error', () => {}).resume());
    server.listen(Number(words[0]), '0.0.0.0', () => process.stdout.write('listening\n'));
    break;
  }
  case 'send': {
    const [host = '', port, ms] = words;
    const socket = connect(Number(port), host);
    socket.once('connect', () => {
      const began = performance.now();
      const pump = (): void => {
        while (socket.write(chunk));
      };
      socket.on('drain', pump);
      pump();
      setTimeout(() => {
        process.stdout.write(`${(socket.bytesWritten / (performance.now() - began)) * 1_000}\n`);
        process.exit(0);
      }, Number(ms));
    });
    break;
  }
  case 'until': {
    const [host = '', port] = words;
    // A packet that was dropped is sent again after a second: it is asked anew all the time instead.
    const asking = setInterval(() => {
      const socket = connect(Number(port), host);
      socket.on('error', () => {});
      socket.once('connect', () => {
        process.stdout.write(`${Date.now()}\n`);
        clearInterval(asking);
        process.exit(0);
      });
      setTimeout(() => socket.destroy(), 100);
    }, 2);
    process.stdout.write('asking\n');
    break;
  }
  case 'connects': {
    const [port, ...hosts] = words;
    const taken: number[] = [];
    for (const host of hosts) {
      const began = performance.now();
      const socket = connect({ port: Number(port), host, noDelay: true });
      const isOpen = await new Promise<boolean>((resolve) => {
        socket.once('connect', () => resolve(true));
        socket.once('error', () => resolve(false));
        socket.setTimeout(1_000, () => resolve(false));
      });
      const ms = performance.now() - began;
      socket.destroy();
      if (!isOpen) break;
      taken.push(ms);
    }
    process.stdout.write(`${JSON.stringify(taken)}\n`);
    break;
  }
  default:
    throw new Error(`serve, send, until or connects is expected, not ${mode}`);
}
