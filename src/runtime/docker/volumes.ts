import { Fields } from '../fields.ts';
import type { Mount } from '../runtime.ts';
import type { EngineApi } from './engine-api.ts';
import { attempting, isStatus } from './failures.ts';
import { labelFilter, roleLabel, sandboxLabel } from './labels.ts';

export interface Volume {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Named volumes of the Engine's. Making one that is there is success and changes nothing. */
export class Volumes {
  readonly #api: EngineApi;

  constructor(api: EngineApi) {
    this.#api = api;
  }

  /** @throws {RuntimeError} `CannotCreateVolume` */
  async make(
    name: string,
    labels: Readonly<Record<string, string>>,
    driver?: { readonly name?: string; readonly options?: Readonly<Record<string, string>> },
  ): Promise<void> {
    await attempting(`Cannot make volume '${name}'`, 'CannotCreateVolume', async () => {
      try {
        await this.#api.json('POST', '/volumes/create', {
          json: {
            Name: name,
            Labels: labels,
            ...(driver?.name ? { Driver: driver.name } : {}),
            ...(driver?.options ? { DriverOpts: driver.options } : {}),
          },
        });
      } catch (error) {
        // Podman refuses what is there.
        if (!isStatus(error, 409, 500) || !/already exists/.test(error.words)) throw error;
      }
    });
  }

  /**
   * Makes what a container mounts. Volumes of the sandbox are marked as such; shared ones belong to nobody.
   * @param directory Where its data is; left out, where the Engine has it.
   */
  async makeMounted(
    mount: Mount & { type: 'volume' },
    sandboxId: string,
    labels: Readonly<Record<string, string>>,
    ownLabels: Readonly<Record<string, string>>,
    directory?: string,
  ): Promise<void> {
    const driver =
      directory !== undefined
        ? boundTo(directory)
        : {
            ...(mount.driver === undefined ? {} : { name: mount.driver }),
            ...(mount.driverOptions === undefined ? {} : { options: mount.driverOptions }),
          };
    const role =
      mount.scope === 'sandbox'
        ? { ...labels, [sandboxLabel]: sandboxId, [roleLabel]: 'volume' }
        : { ...ownLabels, [roleLabel]: 'shared' };
    await this.make(mount.name, { ...mount.labels, ...role }, driver);
  }

  async find(name: string): Promise<Volume | undefined> {
    return attempting(`Cannot look up volume '${name}'`, 'CannotCreateVolume', async () => {
      try {
        const found = await this.#api.json('GET', `/volumes/${encodeURIComponent(name)}`);
        return volumeOf(new Fields(found));
      } catch (error) {
        if (isStatus(error, 404)) return undefined;
        throw error;
      }
    });
  }

  /** @param filter As `labelFilter` makes it. */
  async list(filter: string): Promise<Volume[]> {
    return attempting('Cannot list volumes', 'CannotCreateVolume', async () => {
      const found = new Fields(await this.#api.json('GET', '/volumes', { query: { filters: filter } }));
      return found.list('Volumes').map(volumeOf);
    });
  }

  async remove(name: string): Promise<void> {
    await attempting(`Cannot remove volume '${name}'`, 'CannotRemoveContainer', async () => {
      try {
        await this.#api.json('DELETE', `/volumes/${encodeURIComponent(name)}`);
      } catch (error) {
        if (!isStatus(error, 404)) throw error;
      }
    });
  }

  /** Removes the volumes that die with a sandbox. @returns their names. */
  async removeOf(sandboxId: string): Promise<readonly string[]> {
    const volumes = await this.list(labelFilter({ [sandboxLabel]: sandboxId }, 'volume'));
    await Promise.all(volumes.map(({ name }) => this.remove(name)));
    return volumes.map(({ name }) => name);
  }
}

/** The Engine's own driver mounts what it is told to, as long as a container uses it. */
const boundTo = (directory: string) => ({ options: { type: 'none', o: 'bind', device: directory } });

const volumeOf = (volume: Fields): Volume => ({
  name: volume.text('Name') ?? '',
  labels: volume.textMap('Labels'),
});
