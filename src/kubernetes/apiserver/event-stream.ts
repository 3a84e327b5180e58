import type { ServerResponse } from 'node:http';
import type { Json } from '../../store/index.ts';
import { auditOf } from '../audit/audited-request.ts';
import { texts } from '../objects/json-text.ts';
import { encodeEvent } from '../schema/encode-message.ts';
import { type MediaType, protobufType } from './negotiation.ts';
import { encodeAnswer } from './send.ts';
import { type ApiError, expired, statusOf } from './status.ts';

/** Who does not read what was sent is let go: he lists again. */
const maxUnreadBytes = 16 * 1024 * 1024;
/** What can wait (the state with which a watch begins) waits from here on. */
const muchUnreadBytes = 1024 * 1024;

/** The answer to a watch: events, one after the other, in the format that was negotiated. */
export class EventStream {
  readonly #response: ServerResponse;
  readonly #type: MediaType;
  readonly #onLetGo: () => void;

  constructor(response: ServerResponse, type: MediaType, onLetGo: () => void) {
    this.#response = response;
    this.#type = type;
    this.#onLetGo = onLetGo;
  }

  get isOver(): boolean {
    return this.#response.destroyed || this.#response.writableEnded;
  }

  /** Whether much of what was sent has not been read yet. */
  get isBehind(): boolean {
    return this.#response.writableNeedDrain && this.#response.writableLength > muchUnreadBytes;
  }

  /** Resolves when everything that was sent has been read. */
  drained(): Promise<void> {
    return new Promise((resolve) => this.#response.once('drain', resolve));
  }

  open(): void {
    this.#response.writeHead(200, {
      'content-type': this.#type === protobufType ? `${protobufType};stream=watch` : this.#type,
      'cache-control': 'no-cache, private',
    });
    this.#response.flushHeaders();
    auditOf(this.#response.req)?.starts(this.#response.statusCode);
  }

  send(type: 'ADDED' | 'BOOKMARK' | 'DELETED' | 'MODIFIED', object: Json): void {
    if (this.isOver) return;
    this.#response.write(this.#frame(type, object));
    if (this.#response.writableLength > maxUnreadBytes) this.letGo();
  }

  /** The last event: begin again. */
  letGo(): void {
    this.fail(expired('The watch was not read for too long'));
  }

  /** The last event: why there are no more. */
  fail(error: ApiError): void {
    if (this.isOver) return;
    this.#response.end(this.#frame('ERROR', statusOf(error)));
    this.#onLetGo();
  }

  #frame(type: string, object: Json): Buffer | string {
    return this.#type === protobufType
      ? encodeEvent(type, encodeAnswer(object))
      : `{"type":"${type}","object":${texts.of(object)}}\n`;
  }
}
