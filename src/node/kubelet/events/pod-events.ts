import type { Clock, Random } from '../../../clock/index.ts';
import { EventCorrelation, type Told } from '../../../event-correlation.ts';
import type { Log } from '../../../log.ts';
import { Gate } from '../../gate.ts';
import type { Api } from '../api/api-client.ts';
import { ApiError, isConflict, isNotFound } from '../api/api-error.ts';
import { events } from '../api/resources.ts';
import type { Event } from '../objects/event.ts';
import { apiTime } from '../objects/object.ts';
import type { Pod } from '../objects/pod.ts';

/** Events that the API server has not taken yet; what comes beyond is lost, for telling must not be in the way of doing. */
const mostWaiting = 1_000;
/** Where the API server says nothing at all, as upstream: so often, and so long between two tries. */
const mostTries = 12;
const retryMs = 10_000;

type InvolvedObject = Event['involvedObject'];

interface Happened {
  readonly about: InvolvedObject;
  readonly told: Told;
  readonly atMs: number;
}

export interface PodEventsOptions {
  readonly api: Pick<Api, 'create' | 'patch'>;
  readonly nodeName: string;
  /** Who tells; default: the kubelet. */
  readonly component?: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** What the kubelet, or another part of a node, tells of its pods and its node, written one after the other and never waited for. */
export class PodEvents {
  readonly #options: PodEventsOptions;
  readonly #correlation = new EventCorrelation();
  readonly #waiting: Happened[] = [];
  readonly #gate = new Gate();

  constructor(options: PodEventsOptions) {
    this.#options = options;
  }

  /** @param container Of the pod, where it is about one. */
  normal(pod: Pod, reason: string, message: string, container?: string): void {
    this.#tell(podReference(pod, container), { type: 'Normal', reason, message });
  }

  warning(pod: Pod, reason: string, message: string, container?: string): void {
    this.#tell(podReference(pod, container), { type: 'Warning', reason, message });
  }

  ofNode(type: Told['type'], reason: string, message: string): void {
    const { nodeName } = this.#options;
    this.#tell({ apiVersion: 'v1', kind: 'Node', name: nodeName, uid: nodeName }, { type, reason, message });
  }

  /** Writes until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const next = this.#waiting.shift();
      if (next === undefined) {
        await this.#gate.wait(signal);
        continue;
      }
      try {
        await this.#write(next, signal);
      } catch (error) {
        if (signal.aborted) return;
        // In a namespace that goes nothing more is told.
        if (error instanceof ApiError && error.code < 500) continue;
        this.#options.log.debug('An event could not be written', { event: next, error });
      }
    }
  }

  async #write(happened: Happened, signal: AbortSignal): Promise<void> {
    const put = this.#putting(happened);
    for (let tries = 1; ; tries += 1) {
      try {
        await put(signal);
        return;
      } catch (error) {
        if (signal.aborted || error instanceof ApiError || tries === mostTries) throw error;
      }
      await this.#options.clock.sleep(retryMs, signal);
    }
  }

  #tell(about: InvolvedObject, told: Told): void {
    if (this.#waiting.length >= mostWaiting) return;
    this.#waiting.push({ about, told, atMs: this.#options.clock.now() });
    this.#gate.open();
  }

  /** @returns what writes it, which may be tried again. */
  #putting({ about, told, atMs }: Happened): (signal: AbortSignal) => Promise<void> {
    const { api, nodeName, component = 'kubelet', random } = this.#options;
    const at = apiTime(atMs);
    const object = [about.kind, about.uid, about.fieldPath ?? ''].join('\n');
    const next = this.#correlation.next(object, told, atMs);
    if (next === undefined) return async () => {};
    const namespace = about.namespace ?? 'default';
    const name = this.#correlation.nameOf(about.name, atMs, random);
    const event = {
      metadata: { name, namespace },
      ...{ involvedObject: about, type: told.type, reason: told.reason, message: next.message, count: 1 },
      ...{ firstTimestamp: at, lastTimestamp: at, source: { component, host: nodeName } },
      ...{ reportingComponent: component, reportingInstance: nodeName },
    };
    return async (signal) => {
      if (next.as === 'again') {
        const body = { count: next.count, message: next.message, lastTimestamp: at };
        try {
          await api.patch(events, namespace, next.name, { type: 'merge', body }, signal);
          return;
        } catch (error) {
          if (!isNotFound(error)) throw error;
          this.#correlation.forget(next.id);
        }
      }
      try {
        await api.create(events, namespace, event, signal);
      } catch (error) {
        // It is there since a try that was not answered.
        if (!isConflict(error)) throw error;
      }
      this.#correlation.wrote(next.id, name);
    };
  }
}

function podReference({ metadata, spec }: Pod, container: string | undefined): InvolvedObject {
  const { namespace, name, uid } = metadata;
  const list = (['initContainers', 'ephemeralContainers', 'containers'] as const).find((member) =>
    spec[member]?.some((each) => each.name === container),
  );
  return {
    ...{ apiVersion: 'v1', kind: 'Pod', namespace, name, uid },
    ...(container !== undefined && list && { fieldPath: `spec.${list}{${container}}` }),
  };
}
