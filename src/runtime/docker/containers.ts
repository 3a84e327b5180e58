import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Clock } from '../../clock/index.ts';
import { directoryUse } from '../disk-use.ts';
import { Fields, fieldsOfList } from '../fields.ts';
import { tar } from '../image-archive.ts';
import type { Container, ContainerLimits, ContainerSpec } from '../runtime.ts';
import { RuntimeError } from '../runtime-error.ts';
import type { ContainerDiskUse } from '../usage.ts';
import { type BodyContext, containerBody, limitsBody } from './container-body.ts';
import { containerOf } from './container-view.ts';
import type { EngineApi } from './engine-api.ts';
import { attempting, isStatus } from './failures.ts';
import { inParallel } from './in-parallel.ts';
import { labelFilter, type Role, sandboxLabel } from './labels.ts';
import type { MemoryKills } from './memory-kills.ts';

/** Beyond the container's own stop timeout: the Engine's time to kill and to tell. */
const stopGraceMs = 60_000;
/** A name is taken for a moment by what is being removed. */
const nameAttempts = 40;
const nameRetryMs = 50;
const removeTimeoutMs = 120_000;
const startTimeoutMs = 180_000;

/** Containers one by one: each method one call to the Engine and what makes it idempotent. */
export class Containers {
  readonly #api: EngineApi;
  readonly #clock: Clock;
  readonly #memoryKills: MemoryKills | undefined;

  /** @param memoryKills Of the Engine's machine, where that is this one. */
  constructor(api: EngineApi, clock: Clock, memoryKills: MemoryKills | undefined) {
    this.#api = api;
    this.#clock = clock;
    this.#memoryKills = memoryKills;
  }

  /** @throws {RuntimeError} `CannotCreateContainer`, also when the image is not here. */
  async create(spec: ContainerSpec, context: BodyContext): Promise<Container> {
    const body = containerBody(spec, context);
    return attempting(`Cannot create container '${spec.name}'`, 'CannotCreateContainer', async () => {
      const { name } = spec;
      const isNew = await this.createNamed(name, body);
      const container = await this.#inspect(name);
      if (container === undefined) {
        throw new RuntimeError(
          'CannotCreateContainer',
          `Container '${name}' vanished as it was made`,
          'vanished',
        );
      }
      const { files } = spec;
      // Also into one that is there but not started: its maker may have been killed between the two.
      if (files && files.length > 0 && container.status.state === 'created') {
        try {
          await this.#putFiles(name, files);
        } catch (error) {
          if (isNew) await this.remove(name);
          throw error;
        }
      }
      return container;
    });
  }

  /** @returns false when there is one of that name already. */
  async createNamed(name: string, body: object): Promise<boolean> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#api.json('POST', '/containers/create', { query: { name }, json: body });
        return true;
      } catch (error) {
        if (!isStatus(error, 409) && !(isStatus(error, 500) && /already in use/.test(error.words)))
          throw error;
        if (await this.#inspect(name)) return false;
        // It is on its way out, and its name not yet free.
        if (attempt === nameAttempts) throw error;
        await this.#clock.sleep(nameRetryMs);
      }
    }
  }

  /**
   * `onStuck` is called when the Engine has not started it within `timeoutMs`.
   * @throws {RuntimeError} `CannotStartContainer` and the causes in failures.ts.
   */
  async start(name: string, timeoutMs = startTimeoutMs, onStuck = () => {}): Promise<Container> {
    const attempt = `Cannot start container '${name}'`;
    return attempting(attempt, 'CannotStartContainer', async () => {
      const deadline = this.#clock.monotonic() + timeoutMs;
      try {
        await this.#api.json('POST', `${pathOf(name)}/start`, { timeoutMs });
      } catch (error) {
        if (this.#clock.monotonic() >= deadline) onStuck();
        throw error;
      }
      const container = await this.#inspect(name);
      if (container) return container;
      throw new RuntimeError('CannotStartContainer', `${attempt}: it was removed as it started`, 'removed');
    });
  }

  async stop(name: string, timeoutSeconds: number): Promise<void> {
    await attempting(`Cannot stop container '${name}'`, 'CannotStopContainer', async () => {
      try {
        await this.#api.json('POST', `${pathOf(name)}/stop`, {
          query: { t: Math.max(0, Math.ceil(timeoutSeconds)) },
          timeoutMs: timeoutSeconds * 1000 + stopGraceMs,
        });
      } catch (error) {
        if (!isStatus(error, 404)) throw error;
      }
    });
  }

  async update(name: string, limits: ContainerLimits): Promise<void> {
    await attempting(`Cannot change the limits of container '${name}'`, 'Unsupported', async () => {
      await this.#api.json('POST', `${pathOf(name)}/update`, { json: limitsBody(limits) });
    });
  }

  /** The layer that it writes in is gone through here where it can be seen, else by the Engine, which counts no inodes. */
  async diskUse(name: string): Promise<ContainerDiskUse | undefined> {
    return attempting(`Cannot measure container '${name}'`, 'Unsupported', async () => {
      try {
        const inspected = new Fields(await this.#api.json('GET', `${pathOf(name)}/json`));
        const layer = inspected.object('GraphDriver').object('Data').word('UpperDir');
        const written = layer === undefined ? undefined : await directoryUse(layer).catch(() => undefined);
        const logBytes = await sizeOfLogs(inspected.word('LogPath'));
        if (written !== undefined && written.inodes > 0) return { written, logBytes };
        const sized = new Fields(
          await this.#api.json('GET', `${pathOf(name)}/json`, { query: { size: true } }),
        );
        return { written: { bytes: sized.number('SizeRw') ?? 0, inodes: 0 }, logBytes };
      } catch (error) {
        if (isStatus(error, 404)) return undefined;
        throw error;
      }
    });
  }

  /** The directory in which overlay2 keeps what a container writes, and the sandbox it is of. Absent: neither. */
  async layerOf(
    name: string,
  ): Promise<{ readonly directory: string | undefined; readonly sandboxId: string | undefined }> {
    return attempting(`Cannot inspect container '${name}'`, 'CannotStartContainer', async () => {
      try {
        const inspected = new Fields(await this.#api.json('GET', `${pathOf(name)}/json`));
        const upper = inspected.object('GraphDriver').object('Data').word('UpperDir');
        return {
          directory: upper === undefined ? undefined : dirname(upper),
          sandboxId: inspected.object('Config').textMap('Labels')[sandboxLabel],
        };
      } catch (error) {
        if (isStatus(error, 404)) return { directory: undefined, sandboxId: undefined };
        throw error;
      }
    });
  }

  async remove(name: string): Promise<void> {
    await attempting(`Cannot remove container '${name}'`, 'CannotRemoveContainer', async () => {
      for (let attempt = 1; ; attempt += 1) {
        try {
          await this.#api.json('DELETE', pathOf(name), {
            query: { force: true, v: true },
            timeoutMs: removeTimeoutMs,
          });
          return;
        } catch (error) {
          if (isStatus(error, 404)) return;
          // "removal of container ... is already in progress": wait until whoever does it has done it.
          if (!isStatus(error, 409) || attempt === nameAttempts) throw error;
          await this.#clock.sleep(nameRetryMs);
        }
      }
    });
  }

  async inspect(name: string): Promise<Container | undefined> {
    return attempting(`Cannot inspect container '${name}'`, 'CannotStartContainer', () =>
      this.#inspect(name),
    );
  }

  /** Containers by the Engine's filter, inspected; those that vanish meanwhile are left out. */
  async list(filter: string): Promise<Container[]> {
    return attempting('Cannot list containers', 'CannotStartContainer', async () => {
      const ids = (await this.#summaries(filter)).map((summary) => summary.text('Id') ?? '');
      const containers = await inParallel(ids, (id) => this.#inspect(id));
      return containers.filter((container) => container !== undefined);
    });
  }

  /** Names and states alone: one call. */
  async summaries(
    labels: Readonly<Record<string, string>>,
    role?: Role,
  ): Promise<{ id: string; name: string; isRunning: boolean; labels: Record<string, string> }[]> {
    return attempting('Cannot list containers', 'CannotStartContainer', async () => {
      const summaries = await this.#summaries(labelFilter(labels, role));
      return summaries.map((summary) => ({
        id: summary.text('Id') ?? '',
        name: (summary.texts('Names')[0] ?? '').replace(/^\//, ''),
        isRunning: summary.text('State') === 'running',
        labels: summary.textMap('Labels'),
      }));
    });
  }

  async #summaries(filter: string): Promise<Fields[]> {
    return fieldsOfList(
      await this.#api.json('GET', '/containers/json', { query: { all: true, filters: filter } }),
    );
  }

  async #inspect(name: string): Promise<Container | undefined> {
    try {
      const container = containerOf(new Fields(await this.#api.json('GET', `${pathOf(name)}/json`)));
      const { runtimeId, status } = container;
      if (status.state !== 'exited' || status.exitCode === 0 || status.wasOutOfMemory) return container;
      if (!(await this.#memoryKills?.has(runtimeId))) return container;
      return { ...container, status: { ...status, wasOutOfMemory: true } };
    } catch (error) {
      if (isStatus(error, 404)) return undefined;
      throw error;
    }
  }

  async #putFiles(name: string, files: NonNullable<ContainerSpec['files']>): Promise<void> {
    const archive = await tar(
      files.map(({ path, content, mode }) => ({ path: path.replace(/^\/+/, ''), content, mode })),
    );
    await this.#api.json('PUT', `${pathOf(name)}/archive`, { query: { path: '/' }, tar: archive });
  }
}

/** With those that were rotated away. Not to be seen from here: none. */
async function sizeOfLogs(path: string | undefined): Promise<number> {
  if (path === undefined) return 0;
  const names = await readdir(dirname(path)).catch(() => []);
  const logs = names.filter((name) => name.startsWith(basename(path)));
  const sizes = await Promise.all(
    logs.map((name) =>
      stat(join(dirname(path), name)).then(
        ({ blocks }) => blocks * 512,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

const pathOf = (name: string): string => `/containers/${encodeURIComponent(name)}`;
