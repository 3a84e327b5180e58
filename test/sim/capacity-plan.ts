import { type Random, seededRandom } from '../../src/clock/index.ts';
import type { CapacityProviderStrategy } from '../../src/services/ecs/records.ts';
import { pick } from './requests.ts';

/** What of a world is about capacity, drawn before it begins. */
export interface CapacityPlan {
  /** Machines host Fargate tasks, each with this probability. */
  readonly fargateHosts: number;
  /** Auto Scaling groups' providers that the clusters know. */
  readonly groups: readonly string[];
  /** The clusters in which tasks are asked for; the first is where the machines' own instances are. */
  readonly clusters: readonly string[];
  /** The first cluster's default strategy; empty: none. */
  readonly defaultStrategy: CapacityProviderStrategy;
  /** When all is at rest, everything is stopped: what tasks had is to be free again. */
  readonly endsEmpty: boolean;
}

const withoutChoice: CapacityPlan = {
  fargateHosts: 0,
  groups: [],
  clusters: ['default'],
  defaultStrategy: [],
  endsEmpty: false,
};

/** The same for the same seed. Half of the worlds know nothing but container instances. */
export function capacityPlanOf(seed: number): CapacityPlan {
  const random = seededRandom(`${seed}/capacity`);
  const chance = (probability: number): boolean => random.float() < probability;
  if (chance(0.5)) return withoutChoice;
  const fargateHosts = chance(0.9) ? 0.5 + random.float() / 2 : 0;
  const groups = fargateHosts === 0 || chance(0.4) ? ['group-a', 'group-b'].slice(random.integer(2)) : [];
  const clusters = fargateHosts > 0 && chance(0.4) ? ['default', 'annex'] : ['default'];
  const known = { fargateHosts, groups, clusters, defaultStrategy: [], endsEmpty: chance(0.3) };
  return chance(0.2) ? { ...known, defaultStrategy: strategyOf(known, random) } : known;
}

/** Where a launch or a service is to go; nothing of both: where its cluster says. */
export interface CapacityWish {
  readonly launchType?: 'EC2' | 'FARGATE';
  readonly capacityProviderStrategy?: CapacityProviderStrategy;
}

/** @param cluster Only the first has instances of its own. */
export function capacityWish(plan: CapacityPlan, cluster: string, random: Random): CapacityWish {
  const isFirst = cluster === plan.clusters[0];
  const kinds: ('unsaid' | 'EC2' | 'FARGATE' | 'strategy')[] = isFirst ? ['unsaid', 'EC2'] : [];
  if (plan.fargateHosts > 0) kinds.push('FARGATE', 'strategy', 'strategy', 'strategy');
  if (plan.groups.length > 0 && isFirst) kinds.push('strategy');
  const kind = pick(random, kinds) ?? 'unsaid';
  if (kind === 'unsaid') return {};
  if (kind !== 'strategy') return { launchType: kind };
  const usable = isFirst ? plan : { ...plan, groups: [] };
  return { capacityProviderStrategy: strategyOf(usable, random) };
}

function strategyOf(
  { fargateHosts, groups }: Pick<CapacityPlan, 'fargateHosts' | 'groups'>,
  random: Random,
): CapacityProviderStrategy {
  const isFargate = groups.length === 0 || (fargateHosts > 0 && random.float() < 0.7);
  const providers = isFargate ? ['FARGATE_SPOT', 'FARGATE'] : groups;
  if (random.float() < 0.3) return [{ capacityProvider: providers[0] ?? '', weight: 1, base: 0 }];
  const based = random.integer(providers.length);
  return providers.map((capacityProvider, place) => ({
    capacityProvider,
    weight: 1 + random.integer(4),
    base: place === based ? random.integer(3) : 0,
  }));
}

/** What follows from a wish in this cluster. */
export function capacityOf(
  plan: CapacityPlan,
  cluster: string,
  { launchType, capacityProviderStrategy }: CapacityWish,
): Capacity {
  if (launchType !== undefined) return { launchType, strategy: [] };
  const strategy = capacityProviderStrategy ?? (cluster === plan.clusters[0] ? plan.defaultStrategy : []);
  return { launchType: isOnFargate(strategy) ? 'FARGATE' : 'EC2', strategy };
}

/** What tasks must be of. */
export interface Capacity {
  readonly launchType: 'EC2' | 'FARGATE';
  /** Empty: none. */
  readonly strategy: CapacityProviderStrategy;
}

function isOnFargate(strategy: CapacityProviderStrategy): boolean {
  return strategy.some(({ capacityProvider }) => capacityProvider.startsWith('FARGATE'));
}

/**
 * How many of `count` tasks each provider has, by the words of the developer guide: the base first, and of what is
 * above it so many that the numbers are to each other as the weights are.
 */
export function splitOf(strategy: CapacityProviderStrategy, count: number): ReadonlyMap<string, number> {
  const split = new Map<string, number>();
  const add = (name: string, tasks: number): void => void split.set(name, (split.get(name) ?? 0) + tasks);
  const based = strategy.find(({ base }) => base > 0);
  const ofBase = Math.min(count, based?.base ?? 0);
  if (based !== undefined && ofBase > 0) add(based.capacityProvider, ofBase);
  const turns = strategy.flatMap(({ capacityProvider, weight }, place) =>
    Array.from({ length: weight === 0 ? 0 : count - ofBase }, (_, turn) => ({
      capacityProvider,
      place,
      load: (turn + 1) / weight,
    })),
  );
  turns.sort((one, other) => one.load - other.load || one.place - other.place);
  for (const { capacityProvider } of turns.slice(0, count - ofBase)) add(capacityProvider, 1);
  return split;
}
