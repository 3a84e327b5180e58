import { createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '../../clock/index.ts';

/** Answers one message; undefined: there is nothing to say. */
export type AnswerMessage = (
  message: Buffer,
  asker: string,
) => Buffer | undefined | Promise<Buffer | undefined>;

/** RFC 7766, section 6.2.3: seconds suffice for clients that have more to ask. */
const idleMs = 10_000;
const maxConnections = 128;
const maxConnectionsPerAsker = 16;
/** Questions of one connection that are worked at; the rest waits unread. */
const maxUnderWay = 32;
/** No question is as long; who announces more isn't asking. */
const maxQuestionBytes = 4096;
/** What a client doesn't read. */
const maxUnreadBytes = 1 << 20;

/** DNS by TCP (RFC 7766): messages with their length before them, many on one connection, answered as they get ready. */
export class TcpConnections {
  readonly server: Server;
  readonly #answer: AnswerMessage;
  readonly #clock: Pick<Clock, 'after'>;
  readonly #open = new Set<Socket>();

  constructor(answer: AnswerMessage, clock: Pick<Clock, 'after'>) {
    this.#answer = answer;
    this.#clock = clock;
    this.server = createServer((socket) => this.#take(socket));
  }

  async close(): Promise<void> {
    for (const socket of this.#open) socket.destroy();
    if (!this.server.listening) return;
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  #take(socket: Socket): void {
    const asker = socket.remoteAddress;
    socket.on('error', () => socket.destroy());
    const ofAsker = [...this.#open].filter(({ remoteAddress }) => remoteAddress === asker).length;
    if (asker === undefined || this.#open.size >= maxConnections || ofAsker >= maxConnectionsPerAsker) {
      socket.destroy();
      return;
    }
    this.#open.add(socket);
    socket.setNoDelay(true);
    let idle = this.#clock.after(idleMs, () => socket.destroy());
    const busy = (): void => {
      idle[Symbol.dispose]();
      idle = this.#clock.after(idleMs, () => socket.destroy());
    };
    socket.on('close', () => {
      idle[Symbol.dispose]();
      this.#open.delete(socket);
    });
    this.#read(socket, asker, busy);
  }

  #read(socket: Socket, asker: string, busy: () => void): void {
    let received = Buffer.alloc(0);
    let underWay = 0;
    let hasEnded = false;
    const endWhenDone = (): void => {
      if (hasEnded && underWay === 0) socket.end();
    };
    const work = (): void => {
      while (underWay < maxUnderWay && received.length >= 2) {
        const length = received.readUInt16BE(0);
        if (length > maxQuestionBytes) return void socket.destroy();
        if (received.length < length + 2) break;
        const message = received.subarray(2, length + 2);
        received = received.subarray(length + 2);
        busy();
        underWay += 1;
        void this.#answerOn(socket, message, asker).then(() => {
          underWay -= 1;
          work();
          endWhenDone();
        });
      }
      if (underWay < maxUnderWay) socket.resume();
      else socket.pause();
    };
    socket.on('data', (chunk) => {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
      work();
    });
    socket.on('end', () => {
      hasEnded = true;
      endWhenDone();
    });
  }

  async #answerOn(socket: Socket, message: Buffer, asker: string): Promise<void> {
    const answer = await this.#answer(message, asker);
    if (socket.destroyed) return;
    if (answer === undefined || socket.writableLength > maxUnreadBytes) return void socket.destroy();
    const length = Buffer.alloc(2);
    length.writeUInt16BE(answer.length);
    socket.write(Buffer.concat([length, answer]));
  }
}
