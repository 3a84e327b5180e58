import {
  type CodecChoice,
  createCodecs,
  readServiceModel,
  rulesOf,
  type ServiceRules,
} from '../protocols/index.ts';
import type { OperationTable, Service } from '../services/service.ts';

/** A service that is ready to answer. */
export interface LoadedService {
  readonly signingName: string;
  readonly codecOf: CodecChoice;
  readonly rules: ServiceRules;
  readonly operations: OperationTable;
  /** Whether some of its operations take requests that nobody has signed. */
  readonly takesUnsigned: boolean;
}

/** The services on offer, each loaded when it is first called. */
export class ServiceCatalog {
  readonly #services: ReadonlyMap<string, Service>;
  readonly #loaded = new Map<string, LoadedService>();
  readonly #loading = new Map<string, Promise<LoadedService>>();

  /** @throws {Error} two services have the same signing name. */
  constructor(services: readonly Service[]) {
    this.#services = new Map(services.map((service) => [service.signingName, service]));
    if (this.#services.size !== services.length) throw new Error('Two services have the same signing name');
  }

  get signingNames(): readonly string[] {
    return [...this.#services.keys()];
  }

  /** Undefined when the service is not on offer. Callers at the same time share one loading. */
  find(signingName: string): LoadedService | Promise<LoadedService> | undefined {
    const loaded = this.#loaded.get(signingName) ?? this.#loading.get(signingName);
    if (loaded !== undefined) return loaded;
    const service = this.#services.get(signingName);
    if (service === undefined) return undefined;
    const loading = this.#load(service).finally(() => this.#loading.delete(signingName));
    this.#loading.set(signingName, loading);
    return loading;
  }

  async #load(service: Service): Promise<LoadedService> {
    const { signingName } = service;
    const [sdk, operations] = await Promise.all([service.loadSdk(), service.loadOperations()]);
    const rules = rulesOf(signingName);
    const codecOf = await createCodecs(readServiceModel(sdk), rules);
    const takesUnsigned = Object.values(operations).some(({ isUnsigned }) => isUnsigned);
    const loaded = { signingName, codecOf, rules, operations, takesUnsigned };
    this.#loaded.set(signingName, loaded);
    return loaded;
  }
}
