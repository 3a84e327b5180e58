import type { Clock } from '../../clock/index.ts';
import type { Log } from '../../log.ts';
import type { TcsServiceConnectMetrics } from '../../protocols/index.ts';
import { type Image, type Runtime, RuntimeError } from '../../runtime/index.ts';
import type { TaskProgress } from '../state/task-record.ts';
import type { TaskPlan } from '../tasks/plan.ts';
import { type ProxiedTask, proxiedTaskOf } from '../tasks/plan.ts';
import type { DiscoveryApi } from './discovery-api.ts';
import { EndpointFeed } from './endpoint-feed.ts';
import type { ProxyImage } from './proxy-image.ts';
import { proxyDirectoryOf, TaskProxy } from './task-proxy.ts';

/** So soon a proxy knows of a task that has come or gone. */
const lookIntervalMs = 1_000;

/**
 * The proxies of this instance's tasks: makes them ready, and tells those that run where the tasks of the services are
 * that they lead to. A proxy goes on with what it was told last, whether or not anybody is here.
 */
export class ServiceConnect implements Disposable {
  readonly #options: ServiceConnectOptions;
  readonly #feed: EndpointFeed;
  readonly #proxies = new Map<string, TaskProxy>();
  #timer: Disposable | undefined;
  #complaint: string | undefined;

  constructor(options: ServiceConnectOptions) {
    this.#options = options;
    this.#feed = new EndpointFeed(options.discovery);
  }

  /** The proxy's image, which no registry has. @throws {RuntimeError} */
  async image(): Promise<Image> {
    const { image } = await this.#options.image.ensure(this.#options.runtime);
    return image;
  }

  /** All that there has to be before the proxy's container: its configuration. @returns the image's reference. */
  async prepare(task: ProxiedTask): Promise<string> {
    await this.#proxy(task).prepare();
    const { reference } = await this.#options.image.ensure(this.#options.runtime);
    return reference;
  }

  /** When this resolves, the proxy that has been started listens, and knows where to. @throws {RuntimeError} */
  async started(task: ProxiedTask): Promise<void> {
    const { signal } = this.#options;
    const proxy = this.#proxy(task);
    try {
      await proxy.started(signal);
    } catch (error) {
      signal.throwIfAborted();
      const detail = error instanceof Error ? error.message : String(error);
      throw new RuntimeError('CannotStartContainer', `${detail} (task ${task.taskArn})`, detail, {
        cause: error,
      });
    }
    // What can't be had now comes with a later look.
    await Promise.allSettled(proxy.places.map((place) => this.#feed.ask(place, signal)));
    await this.#apply(proxy);
    this.follow(task);
  }

  /** The proxy runs: it is told of every change from here on. */
  follow(task: ProxiedTask): void {
    if (this.#proxies.has(task.taskArn)) return;
    this.#proxies.set(task.taskArn, this.#proxy(task));
    this.#lookLater(0);
  }

  /** Follows the proxies that run, and those only. */
  taskChanged(plan: TaskPlan, progress: TaskProgress): void {
    const task = proxiedTaskOf(plan);
    if (task === undefined) return;
    const container = progress.containers[task.proxy.containerName];
    if (!container?.hasStarted) return;
    if (container.outcome === undefined && !progress.isReleased) this.follow(task);
    else this.#proxies.delete(task.taskArn);
  }

  /** What has gone through a task's proxy since this was last asked; nothing where none runs, or none answers. */
  async metrics(taskArn: string): Promise<readonly TcsServiceConnectMetrics[]> {
    return (
      (await this.#proxies
        .get(taskArn)
        ?.metrics()
        .catch(() => undefined)) ?? []
    );
  }

  /** Nothing of the task's proxy stays. */
  async remove(task: ProxiedTask): Promise<void> {
    this.#proxies.delete(task.taskArn);
    await this.#proxy(task).remove();
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#proxies.clear();
  }

  #proxy({ taskArn, taskId, proxy }: ProxiedTask): TaskProxy {
    const { directory, clock } = this.#options;
    return this.#proxies.get(taskArn) ?? new TaskProxy(proxy, proxyDirectoryOf(directory, taskId), clock);
  }

  #lookLater(delayMs: number): void {
    const { clock, signal } = this.#options;
    if (signal.aborted || this.#timer !== undefined || this.#proxies.size === 0) return;
    this.#timer = clock.after(delayMs, () => {
      void this.#look().finally(() => {
        this.#timer = undefined;
        this.#lookLater(lookIntervalMs);
      });
    });
  }

  async #look(): Promise<void> {
    const { signal, log } = this.#options;
    const proxies = [...this.#proxies.values()];
    try {
      await this.#feed.refresh(
        proxies.flatMap(({ places }) => places),
        signal,
      );
      this.#complaint = undefined;
    } catch (error) {
      const cause =
        error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
      if (!signal.aborted && this.#complaint !== cause)
        log.warn('Service Connect: where services are is not known; proxies go on with what they know', {
          error,
        });
      this.#complaint = cause;
    }
    await Promise.all(proxies.map((proxy) => this.#apply(proxy)));
  }

  /** A proxy that doesn't answer is about to end, or has; the next look asks again. */
  async #apply(proxy: TaskProxy): Promise<void> {
    try {
      await proxy.apply((place) => this.#feed.endpoints(place));
    } catch (error) {
      this.#options.log.debug('A Service Connect proxy does not answer', { error });
    }
  }
}

export interface ServiceConnectOptions {
  /** Of this agent's own. */
  readonly directory: string;
  readonly image: ProxyImage;
  readonly discovery: DiscoveryApi;
  readonly runtime: Pick<Runtime, 'inspectImage' | 'loadImage'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}
