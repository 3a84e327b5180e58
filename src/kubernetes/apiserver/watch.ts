import type { ServerResponse } from 'node:http';
import type { Clock } from '../../clock/index.ts';
import { CompactedError, type Json } from '../../store/index.ts';
import { texts } from '../objects/json-text.ts';
import type { KubernetesObject } from '../objects/object.ts';
import { type StoredObject, servedOne, withRevision } from '../objects/object-store.ts';
import type { Selects } from '../objects/selectors.ts';
import type { ObjectEvent } from '../objects/watches.ts';
import { apiVersionOf, type Resource } from '../schema/catalogue.ts';
import { encodeEvent } from '../schema/encode-message.ts';
import type { Cluster } from './cluster.ts';
import { type MediaType, protobufType } from './negotiation.ts';
import type { ListOptions } from './options.ts';
import { selectionOf, tooLargeVersion } from './read.ts';
import { encodeAnswer } from './send.ts';
import { expired, statusOf } from './status.ts';

/** Who does not read what was sent is let go: he lists again. */
const maxUnreadBytes = 16 * 1024 * 1024;
const bookmarkEveryMs = 60_000;
const leastSeconds = 1_800;

/** How an object is shown in an event, e.g. as a row of a table. */
export type Shown = (object: KubernetesObject) => Json;

/**
 * Streams what happens to the objects of a collection, until the client goes or the time is up.
 * @throws {ApiError} 410, 504 before anything is sent.
 */
export async function watchObjects(
  cluster: Cluster,
  { resource, namespace }: { readonly resource: Resource; readonly namespace: string | undefined },
  options: ListOptions,
  response: ServerResponse,
  type: MediaType,
  shown: Shown,
): Promise<void> {
  const { objects, watches, clock } = cluster;
  const selects = selectionOf(resource, options);
  const current = await objects.revision();
  const { resourceVersion = 0, sendInitialEvents } = options;
  if (resourceVersion > current) throw tooLargeVersion(resourceVersion, current);
  const isFromState = sendInitialEvents ?? resourceVersion === 0;
  const initial = isFromState ? await objects.list(resource, namespace) : undefined;
  const from = initial?.revision ?? (resourceVersion === 0 ? current : resourceVersion);

  await using ends = new AsyncDisposableStack();
  const ended = Promise.withResolvers<void>();
  const stream = new EventStream(response, type, () => ended.resolve());
  const early: ObjectEvent[] = [];
  let isOpen = false;
  const onEvent = (kept: ObjectEvent): void => {
    const event = servedEvent(resource, kept);
    if (!isOpen) early.push(event);
    else sendEvent(stream, event, selects, shown);
  };
  // Followed before the answer begins: what can't be followed is refused as any other request.
  ends.use(
    await followed(() =>
      watches.watch(objects.prefix(resource, namespace), from, { onEvent, onEnd: () => ended.resolve() }),
    ),
  );
  stream.open();
  for (const stored of initial?.items ?? [])
    if (selects?.(stored.object) ?? true) stream.send('ADDED', shown(withRevision(stored)));
  const bookmark = (revision: number, annotations?: Record<string, string>): void =>
    stream.send('BOOKMARK', {
      ...{ kind: resource.kind, apiVersion: apiVersionOf(resource) },
      metadata: {
        resourceVersion: String(revision),
        creationTimestamp: null,
        ...(annotations && { annotations }),
      },
    });
  if (sendInitialEvents === true && options.allowWatchBookmarks)
    bookmark(from, { 'k8s.io/initial-events-end': 'true' });
  isOpen = true;
  for (const event of early) sendEvent(stream, event, selects, shown);

  const seconds = Math.max(1, options.timeoutSeconds ?? leastSeconds + cluster.random.integer(leastSeconds));
  const end = (): void => ended.resolve();
  ends.use(clock.after(seconds * 1_000, end));
  response.once('close', end);
  cluster.signal.addEventListener('abort', end, { once: true });
  ends.defer(() => cluster.signal.removeEventListener('abort', end));
  if (options.allowWatchBookmarks) {
    // What was committed before a revision has been sent: the store tells its watchers first.
    ends.use(
      every(
        clock,
        bookmarkEveryMs,
        () => void objects.revision().then((revision) => bookmark(revision), end),
      ),
    );
  }
  await ended.promise;
  response.end();
}

function every(clock: Clock, ms: number, act: () => void): Disposable {
  let timer = clock.after(ms, function again() {
    act();
    timer = clock.after(ms, again);
  });
  return { [Symbol.dispose]: () => timer[Symbol.dispose]() };
}

async function followed(watch: () => Promise<Disposable>): Promise<Disposable> {
  try {
    return await watch();
  } catch (error) {
    if (error instanceof CompactedError)
      throw expired(
        `The resourceVersion for the provided watch is too old. History starts at ${error.compactRevision}.`,
      );
    throw error;
  }
}

const servedEvent = (resource: Resource, { before, after, revision }: ObjectEvent): ObjectEvent => ({
  revision,
  before: before && servedOne(resource, before),
  after: after && servedOne(resource, after),
});

/** An event as those see it who select some objects: what begins to be meant is new to them, what ends to be is gone. */
function sendEvent(
  stream: EventStream,
  event: ObjectEvent,
  selects: Selects | undefined,
  shown: Shown,
): void {
  const { before, after, revision } = event;
  const was = before !== undefined && (selects?.(before.object) ?? true);
  const is = after !== undefined && (selects?.(after.object) ?? true);
  if (is) stream.send(was ? 'MODIFIED' : 'ADDED', shown(withRevision(after)));
  else if (was) stream.send('DELETED', shown(withRevision({ ...(before satisfies StoredObject), revision })));
}

class EventStream {
  readonly #response: ServerResponse;
  readonly #type: MediaType;
  readonly #onOverflow: () => void;

  constructor(response: ServerResponse, type: MediaType, onOverflow: () => void) {
    this.#response = response;
    this.#type = type;
    this.#onOverflow = onOverflow;
  }

  open(): void {
    this.#response.writeHead(200, {
      'content-type': this.#type === protobufType ? `${protobufType};stream=watch` : this.#type,
      'cache-control': 'no-cache, private',
    });
    this.#response.flushHeaders();
  }

  send(type: 'ADDED' | 'BOOKMARK' | 'DELETED' | 'MODIFIED', object: Json): void {
    if (this.#response.destroyed || this.#response.writableEnded) return;
    this.#response.write(this.#frame(type, object));
    if (this.#response.writableLength <= maxUnreadBytes) return;
    const gone = statusOf(expired('The watch was not read for too long'));
    this.#response.end(this.#frame('ERROR', gone));
    this.#onOverflow();
  }

  #frame(type: string, object: Json): Buffer | string {
    return this.#type === protobufType
      ? encodeEvent(type, encodeAnswer(object))
      : `{"type":"${type}","object":${texts.of(object)}}\n`;
  }
}
