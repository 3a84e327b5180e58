import assert from 'node:assert/strict';
import koffi from 'koffi';
import { NetworkError } from '../network.ts';
import type { Namespace } from './namespace.ts';
import { netfilter } from './netlink/conntrack.ts';
import { Attributes } from './netlink/message.ts';
import { NetlinkSocket } from './netlink/socket.ts';

const library = koffi.load('libnftables.so.1');
const contextNew = library.func('void *nft_ctx_new(uint32_t flags)');
const contextFree = library.func('void nft_ctx_free(void *context)');
const bufferOutput = library.func('int nft_ctx_buffer_output(void *context)');
const bufferError = library.func('int nft_ctx_buffer_error(void *context)');
const outputOf = library.func('const char *nft_ctx_get_output_buffer(void *context)');
const errorOf = library.func('const char *nft_ctx_get_error_buffer(void *context)');
const runCommands = library.func('int nft_run_cmd_from_buffer(void *context, const char *commands)');

const getGeneration = 0x0a10; // NFNL_SUBSYS_NFTABLES, NFT_MSG_GETGEN

/** The nftables of one namespace. */
export class Nftables implements Disposable {
  readonly #where: string;
  readonly #context: unknown;
  readonly #socket: NetlinkSocket;
  #transactions = 0;
  #isClosed = false;

  constructor(namespace: Namespace) {
    this.#where = namespace.path;
    // Like every netlink socket, the one that the library opens here stays in its namespace.
    this.#context = namespace.run(() => contextNew(0));
    bufferOutput(this.#context);
    bufferError(this.#context);
    this.#socket = new NetlinkSocket(namespace, netfilter);
  }

  /** How many transactions were carried out so far. */
  get transactions(): number {
    return this.#transactions;
  }

  /**
   * Carries commands out in the language of `nft`, all of them or none.
   * @param since The generation at which it is known what is there.
   * @returns the generation at which it is known now; undefined: somebody else has changed something in between.
   * @throws {NetworkError} with what nftables says of them.
   */
  run(commands: string, since?: number): number | undefined {
    this.#transactions += 1;
    this.#execute(commands);
    if (since === undefined) return undefined;
    // Whoever else waits for the kernel gets his turn as soon as this transaction is through, before the next line.
    const after = this.generation();
    return after === since + 1 ? after : undefined;
  }

  /** What is there, in the language of `nft`. @param what E.g. `table ip nat`. @throws {NetworkError} nothing is. */
  list(what: string): string {
    return this.#execute(`list ${what}\n`);
  }

  /** A number that changes with every transaction of anybody in this namespace. */
  generation(): number {
    const [answer] = this.#socket.read(getGeneration, Buffer.alloc(4), 'read the generation of nftables', 0);
    return new Attributes(answer ?? Buffer.alloc(4), 4).bytes(1)?.readUInt32BE(0) ?? 0;
  }

  [Symbol.dispose](): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#socket[Symbol.dispose]();
    contextFree(this.#context);
  }

  #execute(commands: string): string {
    assert(!this.#isClosed, `The nftables of ${this.#where} are closed`);
    const result = runCommands(this.#context, commands);
    const output: string = outputOf(this.#context) ?? '';
    const error: string = errorOf(this.#context) ?? '';
    if (result === 0) return output;
    throw new NetworkError(
      `Cannot change or list the nftables of ${this.#where}: ${error.slice(0, 2_000).trim()}`,
    );
  }
}
