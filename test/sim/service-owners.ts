import type {
  CreateServiceCommandInput,
  CreateServiceCommandOutput,
  UpdateServiceCommandInput,
} from '@aws-sdk/client-ecs';
import { type Random, uuid } from '../../src/clock/index.ts';
import type { ServiceRecord } from '../../src/services/ecs/records.ts';
import type { Api } from './api.ts';
import { fail } from './broken-rule.ts';
import {
  type Capacity,
  type CapacityPlan,
  type CapacityWish,
  capacityOf,
  capacityWish,
} from './capacity-plan.ts';
import type { Records } from './records.ts';
import { registerServiceDefinition } from './register-definition.ts';
import {
  circuitBreaker,
  percentages,
  pick,
  placementConstraints,
  placementStrategy,
  shiftedBy,
  shiftStrategy,
  simRoutes,
} from './requests.ts';

/** What a user was promised of a service. */
export interface WantedService {
  readonly name: string;
  readonly cluster: string;
  /** Absent for DAEMON services. */
  readonly desiredCount?: number;
  readonly taskDefinition: string;
  readonly capacity: Capacity;
  /** Load balancers send to its tasks. */
  readonly isBalanced: boolean;
  /** Its traffic is shifted from each deployment to the next. */
  readonly isShifted: boolean;
  /** Its circuit breaker has been on: a rollout may have failed, and gone back. */
  readonly hasBreaker: boolean;
}

export interface ServiceOwnersOptions {
  readonly api: Api;
  readonly capacity: CapacityPlan;
  readonly records: Records;
}

/** One user for each service: what it asks for comes one after the other. */
export class ServiceOwners {
  readonly #options: ServiceOwnersOptions;
  readonly #services = new Map<number, WantedService>();
  readonly #turns = new Map<number, Promise<void>>();
  #names = 0;

  constructor(options: ServiceOwnersOptions) {
    this.#options = options;
  }

  get wanted(): Iterable<WantedService> {
    return this.#services.values();
  }

  create(slot: number, random: Random): Promise<void> {
    return this.#inTurn(slot, () => this.#create(slot, random));
  }

  update(slot: number, random: Random): Promise<void> {
    return this.#inTurn(slot, () => this.#update(slot, random));
  }

  delete(slot: number): Promise<void> {
    return this.#inTurn(slot, () => this.#delete(slot));
  }

  async deleteAll(): Promise<void> {
    for (const slot of [...this.#services.keys()]) await this.delete(slot);
  }

  async #create(slot: number, random: Random): Promise<void> {
    if (this.#services.has(slot)) return;
    const { api, capacity: plan } = this.#options;
    this.#names += 1;
    const name = `service-${slot}-${this.#names}`;
    const isDaemon = random.float() < 0.2;
    const cluster = isDaemon ? 'default' : (pick(random, plan.clusters) ?? 'default');
    // A daemon is on instances: no strategy is for it.
    const wish = isDaemon ? {} : capacityWish(plan, cluster, random);
    const capacity: Capacity = isDaemon
      ? { launchType: 'EC2', strategy: [] }
      : capacityOf(plan, cluster, wish);
    const isBalanced = random.float() < 0.3;
    const kind = { launchType: capacity.launchType, isBalanced };
    const registered = await registerServiceDefinition(api, name, kind, random);
    if (registered === undefined) return;
    const breaker = circuitBreaker(random);
    const desiredCount = random.integer(6);
    const clientToken = uuid(random).replaceAll('-', '');
    const constraints = capacity.launchType === 'EC2' ? placementConstraints(random) : [];
    const shares = isDaemon ? {} : percentages(desiredCount, random);
    const strategy = !isDaemon && capacity.launchType === 'EC2' ? placementStrategy(random) : undefined;
    // Drawn last: without it everything else is as it was.
    const isShifted = isBalanced && !isDaemon && random.float() < 0.6;
    const route = isShifted ? simRoutes[slot] : undefined;
    const input: CreateServiceCommandInput = {
      serviceName: name,
      cluster,
      ...registered,
      ...(route && shiftedBy(route, registered)),
      ...asInput(wish),
      clientToken,
      ...(capacity.launchType === 'EC2' && {
        placementConstraints: constraints.filter(({ type }) => !isDaemon || type === 'memberOf'),
      }),
      ...(isDaemon
        ? {
            schedulingStrategy: 'DAEMON' as const,
            deploymentConfiguration: { minimumHealthyPercent: 50 * random.integer(2), ...breaker },
          }
        : {
            desiredCount,
            deploymentConfiguration: { ...shares, ...breaker, ...(route && shiftStrategy(random)) },
            ...(strategy && { placementStrategy: strategy }),
          }),
    };
    const answer = await api.ask('CreateService', input);
    if (!('output' in answer)) return;
    const { taskDefinition } = registered;
    const hasBreaker = 'deploymentCircuitBreaker' in breaker;
    const wanted = { name, cluster, taskDefinition, capacity, isBalanced, isShifted, hasBreaker };
    this.#services.set(slot, { ...wanted, ...(!isDaemon && { desiredCount }) });
    this.#check(slot, (answer.output as CreateServiceCommandOutput).service?.status);
  }

  async #update(slot: number, random: Random): Promise<void> {
    const service = this.#services.get(slot);
    if (service === undefined) return;
    const { api } = this.#options;
    const { name, cluster } = service;
    const isDaemon = service.desiredCount === undefined;
    const moved = isDaemon ? undefined : this.#move(service, random);
    const capacity = moved?.capacity ?? service.capacity;
    const registered =
      moved !== undefined || random.float() < 0.5
        ? await registerServiceDefinition(api, name, { ...service, launchType: capacity.launchType }, random)
        : undefined;
    const route = service.isShifted ? simRoutes[slot] : undefined;
    const breaker = circuitBreaker(random);
    const desiredCount = random.float() < 0.6 ? random.integer(7) : (service.desiredCount ?? 0);
    const input: UpdateServiceCommandInput = {
      service: name,
      cluster,
      // What is left out stays: a definition of another network mode wants none.
      ...(registered
        ? { networkConfiguration: {}, ...registered, ...(route && shiftedBy(route, registered)) }
        : random.float() < (service.isShifted ? 0.9 : 0.3) && { forceNewDeployment: true }),
      ...moved?.input,
      ...(isDaemon
        ? { deploymentConfiguration: { minimumHealthyPercent: 50 * random.integer(2), ...breaker } }
        : {
            desiredCount,
            deploymentConfiguration: { ...percentages(desiredCount, random), ...breaker },
          }),
    };
    const answer = await api.ask('UpdateService', input);
    if (!('output' in answer)) return;
    const { taskDefinition } = registered ?? service;
    const hasBreaker = service.hasBreaker || 'deploymentCircuitBreaker' in breaker;
    this.#services.set(slot, {
      ...{ ...service, taskDefinition, capacity, hasBreaker },
      ...(!isDaemon && { desiredCount }),
    });
    this.#check(slot, 'ACTIVE');
  }

  /** The service goes elsewhere, or back to what it was launched by: only a new deployment may. */
  #move(
    { cluster, capacity }: WantedService,
    random: Random,
  ): { readonly capacity: Capacity; readonly input: Omit<UpdateServiceCommandInput, 'service'> } | undefined {
    const { capacity: plan } = this.#options;
    if (plan.fargateHosts === 0 && plan.groups.length === 0) return undefined;
    if (random.float() < 0.5) return undefined;
    const { capacityProviderStrategy } = capacityWish(plan, cluster, random);
    const after: Capacity =
      capacityProviderStrategy === undefined
        ? { ...capacity, strategy: [] }
        : capacityOf(plan, cluster, { capacityProviderStrategy });
    return {
      capacity: after,
      input: {
        capacityProviderStrategy: after.strategy.map((item) => ({ ...item })),
        forceNewDeployment: true,
        ...(after.launchType === 'FARGATE' && { placementStrategy: [], placementConstraints: [] }),
      },
    };
  }

  async #delete(slot: number): Promise<void> {
    const service = this.#services.get(slot);
    if (service === undefined) return;
    const { name, cluster } = service;
    const answer = await this.#options.api.ask('DeleteService', { service: name, cluster, force: true });
    // Refused as unknown: an earlier attempt, whose answer never came, has deleted it.
    if ('output' in answer || answer.refusal.code === 'ServiceNotFoundException') this.#services.delete(slot);
  }

  /** What was just answered is what is durable. */
  #check(slot: number, status: string | undefined): void {
    const wanted = this.#services.get(slot);
    if (wanted === undefined) return;
    const record = [...this.#options.records.services.values()].find(({ name }) => name === wanted.name);
    const { family, revision } = record?.taskDefinition ?? {};
    const isKept =
      record?.status === status &&
      (wanted.desiredCount === undefined || record?.desiredCount === wanted.desiredCount) &&
      (wanted.hasBreaker ||
        (wanted.taskDefinition.endsWith(`/${family}:${revision}`) && hasCapacity(record, wanted.capacity)));
    if (!isKept)
      fail(
        'no lost acknowledgement',
        `${JSON.stringify(wanted)} was acknowledged; ${JSON.stringify(record)}`,
      );
  }

  #inTurn(slot: number, task: () => Promise<void>): Promise<void> {
    const turn = (this.#turns.get(slot) ?? Promise.resolve()).then(task);
    this.#turns.set(
      slot,
      turn.catch(() => {}),
    );
    return turn;
  }
}

export function hasCapacity(record: ServiceRecord | undefined, { launchType, strategy }: Capacity): boolean {
  return (
    record?.launchType === launchType &&
    JSON.stringify((record.capacityProviderStrategy ?? []).map(inOrder)) ===
      JSON.stringify(strategy.map(inOrder))
  );
}

const inOrder = ({ capacityProvider, weight, base }: Capacity['strategy'][number]) => [
  capacityProvider,
  weight,
  base,
];

/** The SDK's shape, which may be written to. */
export function asInput({ launchType, capacityProviderStrategy }: CapacityWish) {
  return {
    ...(launchType !== undefined && { launchType }),
    ...(capacityProviderStrategy !== undefined && {
      capacityProviderStrategy: capacityProviderStrategy.map((item) => ({ ...item })),
    }),
  };
}
