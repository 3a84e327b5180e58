import type { ServerResponse } from 'node:http';
import type { Clock } from '../../clock/index.ts';
import { CompactedError, type Json, jsonEqual } from '../../store/index.ts';
import type { KubernetesObject } from '../objects/object.ts';
import { type StoredObject, withRevision } from '../objects/object-store.ts';
import type { Selects } from '../objects/selectors.ts';
import type { ObjectEvent } from '../objects/watches.ts';
import { apiVersionOf, type Resource } from '../schema/catalogue.ts';
import type { Cluster } from './cluster.ts';
import { EventOrder } from './event-order.ts';
import { EventStream } from './event-stream.ts';
import type { MediaType } from './negotiation.ts';
import type { ListOptions } from './options.ts';
import { selectionOf, tooLargeVersion } from './read.ts';
import { expired } from './status.ts';

/** That wait while somebody is still reading the state. */
const maxEarlyEvents = 10_000;
const bookmarkEveryMs = 60_000;
const leastSeconds = 1_800;

/** How an object is shown in an event, e.g. as a row of a table; of a bookmark it has its kind and version alone. */
export type Shown = (object: KubernetesObject, isBookmark?: true) => Json;

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
  const end = (): void => ended.resolve();
  const stream = new EventStream(response, type, end);
  /** What happens while the state is still on its way. */
  let early: ObjectEvent[] | undefined = [];
  const onEvent = (kept: ObjectEvent): void => {
    if (early === undefined) sendEvent(stream, kept, selects, shown);
    else if (early.push(kept) > maxEarlyEvents) stream.letGo();
  };
  const order = new EventOrder(objects, resource, stream, onEvent);
  // Followed before the answer begins: what can't be followed is refused as any other request.
  ends.use(
    await followed(() =>
      watches.watch(objects.prefix(resource, namespace), from, {
        onEvent: (event) => order.event(event),
        onEnd: end,
      }),
    ),
  );
  if (resource.custom !== undefined) {
    // Who watches objects of another form, or of no kind any more, is to look again.
    ends.use(cluster.onCatalogueChange(() => isServedSo(cluster, resource) || end()));
  }
  const seconds = Math.max(1, options.timeoutSeconds ?? leastSeconds + cluster.random.integer(leastSeconds));
  ends.use(clock.after(seconds * 1_000, end));
  response.once('close', end);
  // Each may have been while the state was read.
  if (response.destroyed || cluster.signal.aborted) end();
  if (resource.custom !== undefined && !isServedSo(cluster, resource)) end();
  cluster.signal.addEventListener('abort', end, { once: true });
  ends.defer(() => cluster.signal.removeEventListener('abort', end));
  stream.open();
  for (const stored of initial?.items ?? []) {
    if (selects?.(stored.object) === false) continue;
    stream.send('ADDED', shown(withRevision(stored)));
    if (stream.isBehind) await Promise.race([stream.drained(), ended.promise]);
    if (stream.isOver) break;
  }
  const bookmark = (revision: number, annotations?: Record<string, string>): void => {
    const marked = {
      ...{ kind: resource.kind, apiVersion: apiVersionOf(resource) },
      metadata: {
        resourceVersion: String(revision),
        creationTimestamp: null,
        ...(annotations && { annotations }),
      },
    };
    stream.send('BOOKMARK', shown(marked as unknown as KubernetesObject, true));
  };
  if (sendInitialEvents === true && options.allowWatchBookmarks)
    bookmark(from, { 'k8s.io/initial-events-end': 'true' });
  for (const event of early) sendEvent(stream, event, selects, shown);
  early = undefined;
  if (options.allowWatchBookmarks) {
    // What was committed before a revision has been sent: the store tells its watchers first.
    const look = () =>
      void objects
        .revision()
        .then((revision) => order.afterwards(() => bookmark(revision)))
        .catch(end);
    ends.use(every(clock, bookmarkEveryMs, look));
  }
  await ended.promise;
  response.end();
}

function isServedSo({ catalogue }: Cluster, { group, version, name, custom }: Resource): boolean {
  const now = catalogue.find(group, version, name);
  return now?.custom !== undefined && jsonEqual(now.custom.schema, custom?.schema);
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
