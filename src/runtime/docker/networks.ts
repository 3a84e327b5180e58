import { Fields, fieldsOfList } from '../fields.ts';
import type { PrivateNetwork } from '../runtime.ts';
import { RuntimeError } from '../runtime-error.ts';
import type { EngineApi } from './engine-api.ts';
import { attempting, isStatus } from './failures.ts';
import { labelFilter, roleLabel } from './labels.ts';

export interface NetworkRange {
  readonly network: string;
  /** E.g. `172.17.0.0/16`. */
  readonly cidr: string;
  /** The machine's own address on it, which containers can reach. */
  readonly gateway: string;
}

/** The plain private networks of sandboxes: bridges of the Engine's, each made on first use. */
export class Networks {
  readonly #api: EngineApi;
  readonly #labels: Readonly<Record<string, string>>;
  readonly #known = new Map<string, Promise<void>>();

  /** @param labels Written on every network, for they belong to no single task. */
  constructor(api: EngineApi, labels: Readonly<Record<string, string>>) {
    this.#api = api;
    this.#labels = labels;
  }

  /** @throws {RuntimeError} `ContainerNetworking` when there is one of that name with another range, or the range is taken. */
  ensure(network: PrivateNetwork): Promise<void> {
    const known = this.#known.get(network.name);
    if (known) return known;
    const making = this.#make(network);
    this.#known.set(network.name, making);
    making.catch(() => this.forget(network.name));
    return making;
  }

  /** Someone removed it behind our back: it is made again at the next `ensure`. */
  forget(name: string): void {
    this.#known.delete(name);
  }

  /** The ranges of all the Engine's networks, its own bridge among them. */
  async ranges(): Promise<readonly NetworkRange[]> {
    return attempting('Cannot list networks', 'ContainerNetworking', async () => {
      const found = fieldsOfList(await this.#api.json('GET', '/networks'));
      return found.flatMap((network) =>
        network
          .object('IPAM')
          .list('Config')
          .map((config) => ({
            network: network.text('Name') ?? '',
            cidr: config.text('Subnet') ?? '',
            // Old Engines leave it out for their own bridge: it is the first address then (libnetwork's default).
            gateway: config.text('Gateway') ?? firstAddress(config.text('Subnet') ?? ''),
          }))
          // IPv6 ranges overlap nothing of ours.
          .filter(({ cidr }) => cidr.includes('.')),
      );
    });
  }

  /** Removes the networks with these labels that nothing uses. @returns how many. */
  async removeAll(labels: Readonly<Record<string, string>>): Promise<number> {
    return attempting('Cannot remove private networks', 'ContainerNetworking', async () => {
      const found = await this.#api.json('GET', '/networks', { query: { filters: labelFilter(labels) } });
      let removed = 0;
      for (const network of fieldsOfList(found)) {
        this.forget(network.text('Name') ?? '');
        if (await this.#delete(network.text('Id') ?? '')) removed += 1;
      }
      return removed;
    });
  }

  /** Absent is success; one that others are on stays. */
  async remove(name: string): Promise<void> {
    this.forget(name);
    await attempting(`Cannot remove private network '${name}'`, 'ContainerNetworking', () =>
      this.#delete(name),
    );
  }

  async #delete(nameOrId: string): Promise<boolean> {
    try {
      await this.#api.json('DELETE', `/networks/${encodeURIComponent(nameOrId)}`);
      return true;
    } catch (error) {
      // 403: others still have endpoints on it.
      if (isStatus(error, 403, 404)) return false;
      throw error;
    }
  }

  async #make(network: PrivateNetwork): Promise<void> {
    const attempt = `Cannot make private network '${network.name}' (${network.cidr})`;
    await attempting(attempt, 'ContainerNetworking', async () => {
      if (await this.#isThere(network, attempt)) return;
      try {
        await this.#api.json('POST', '/networks/create', {
          json: {
            Name: network.name,
            Driver: 'bridge',
            CheckDuplicate: true,
            IPAM: { Driver: 'default', Config: [{ Subnet: network.cidr, Gateway: network.gateway }] },
            ...(network.keepsSources && {
              Options: { 'com.docker.network.bridge.enable_ip_masquerade': 'false' },
            }),
            Labels: { ...this.#labels, [roleLabel]: 'shared' },
          },
        });
      } catch (error) {
        // 409: the name, 403: the range: another process may have been faster in making the very same.
        if (!isStatus(error, 403, 409, 500) || !(await this.#isThere(network, attempt))) throw error;
      }
    });
  }

  async #isThere(network: PrivateNetwork, attempt: string): Promise<boolean> {
    let found: Fields;
    try {
      found = new Fields(await this.#api.json('GET', `/networks/${encodeURIComponent(network.name)}`));
    } catch (error) {
      if (isStatus(error, 404)) return false;
      throw error;
    }
    const subnets = found
      .object('IPAM')
      .list('Config')
      .map((config) => config.text('Subnet') ?? '');
    if (subnets.includes(network.cidr)) return true;
    const detail = `network ${network.name} exists with the range ${subnets.join(', ')}`;
    throw new RuntimeError(
      'ContainerNetworking',
      `${attempt}: ${detail}. Remove it ("docker network rm ${network.name}") or choose another name`,
      detail,
    );
  }
}

function firstAddress(cidr: string): string {
  const [network = ''] = cidr.split('/');
  return network.replace(/\d+$/, (last) => String(Number(last) + 1));
}
