import { createSocket } from 'node:dgram';
import { parentPort, workerData } from 'node:worker_threads';

/**
 * Asks the same question over many sockets, each from a loopback address of its own (for askers are limited one by one),
 * with one question of each under way at a time, and tells how many answers came.
 */
const { port, message, sockets, seconds } = workerData as {
  readonly port: number;
  readonly message: Uint8Array;
  readonly sockets: number;
  readonly seconds: number;
};
let answers = 0;
let isOver = false;
const clients = Array.from({ length: sockets }, (_, index) => {
  const client = createSocket('udp4');
  const send = (): void => client.send(message, port, '127.0.0.1');
  client.on('message', () => {
    answers += 1;
    if (!isOver) send();
  });
  client.bind(0, `127.1.${index >> 8}.${index & 255}`, send);
  return client;
});
setTimeout(() => {
  isOver = true;
  for (const client of clients) client.close();
  parentPort?.postMessage(answers / seconds);
}, seconds * 1000);
