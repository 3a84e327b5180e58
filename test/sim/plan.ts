import { type Random, seededRandom } from '../../src/clock/index.ts';
import { type CapacityPlan, capacityPlanOf } from './capacity-plan.ts';
import { type NetworkFaults, noNetworkFaults } from './network.ts';
import { pick, racks } from './requests.ts';

/** Everything about a run that is drawn before it begins. */
export interface Plan {
  readonly seed: number;
  readonly machines: readonly MachinePlan[];
  /** Until the faults end. */
  readonly durationMs: number;
  readonly faults: FaultPlan;
  readonly capacity: CapacityPlan;
  readonly steps: readonly PlannedStep[];
}

export interface MachinePlan {
  readonly cpuUnits: number;
  readonly memoryMiB: number;
  readonly rack: string;
  readonly hostsFargate: boolean;
  /** The group that its instance is of. */
  readonly capacityProvider?: string;
}

/** What may go wrong at any time, how often: each seed has some of it only, so that rare pairs meet. */
export interface FaultPlan {
  readonly network: NetworkFaults;
  /** Probabilities of dying, at each point at which the process waits for the world. */
  readonly planeDeaths: number;
  readonly agentDeaths: number;
  /** Probabilities of each pull and each start. */
  readonly failingPulls: number;
  readonly failingStarts: number;
  /** Of each start of a container that could run for ever: it ends by itself. */
  readonly crashingContainers: number;
  /** Of each look of a load balancer at a target: it finds something wrong where nothing is. */
  readonly balancerErrors: number;
  /** How long a write to the control plane's disk takes at most. */
  readonly mostWriteMs: number;
  /** 0: engines answer at once. 1: as measured. */
  readonly engineSlowness: number;
}

export type UserStep =
  | { readonly type: 'create-service'; readonly slot: number }
  | { readonly type: 'update-service'; readonly slot: number }
  | { readonly type: 'delete-service'; readonly slot: number }
  | { readonly type: 'run-task' }
  | { readonly type: 'start-task' }
  | { readonly type: 'stop-task' }
  | { readonly type: 'drain' }
  | { readonly type: 'activate' }
  | { readonly type: 'deregister' }
  | { readonly type: 'add-machine' }
  | { readonly type: 'describe' }
  | { readonly type: 'protect' }
  | { readonly type: 'interrupt-spot' }
  | { readonly type: 'change-rack' };

export type FaultStep =
  | { readonly type: 'kill-plane' }
  | { readonly type: 'end-plane' }
  | { readonly type: 'stall-plane' }
  | { readonly type: 'kill-agent' }
  | { readonly type: 'end-agent' }
  | { readonly type: 'stall-agent' }
  | { readonly type: 'lose-power' }
  | { readonly type: 'vanish' }
  | { readonly type: 'cut-off' }
  | { readonly type: 'set-clock' }
  | { readonly type: 'stop-engine' }
  | { readonly type: 'crash-container' };

export type PlannedStep = {
  /** Its place in the plan, by which a person may leave it out. */
  readonly number: number;
  readonly atMs: number;
  /** Of everything that the step draws. */
  readonly seed: string;
} & (UserStep | FaultStep);

export interface PlanSizes {
  readonly instances?: number;
  readonly steps?: number;
  /** Of faults; small worlds have two to nine. */
  readonly minutes?: number;
  /** Steps that are left out, by number. */
  readonly without?: ReadonlySet<number>;
}

const serviceSlots = 3;

/** The same plan for the same seed and sizes. */
export function planOf(seed: number, sizes: PlanSizes = {}): Plan {
  const random = seededRandom(`${seed}/plan`);
  const chance = (probability: number): boolean => random.float() < probability;
  const sometimes = (probability: number, most: number): number =>
    chance(probability) ? most * random.float() ** 2 : 0;

  const machineCount = sizes.instances ?? 1 + random.integer(5);
  const stepCount = sizes.steps ?? 8 + random.integer(24);
  const drawnMinutes = 2 + random.integer(8);
  const durationMs = (sizes.minutes ?? drawnMinutes) * 60_000;
  const capacity = capacityPlanOf(seed);
  const ofCapacity = seededRandom(`${seed}/machines`);
  const machines = Array.from({ length: machineCount }, () => ({
    ...machinePlan(random),
    ...hostedCapacity(capacity, ofCapacity),
  }));
  const hasNetworkFaults = chance(0.6);
  const faults: FaultPlan = {
    network: hasNetworkFaults
      ? {
          mostDelayMs: chance(0.5) ? 2 : 2_000 * random.float(),
          lostRequests: sometimes(0.5, 0.2),
          lostAnswers: sometimes(0.5, 0.2),
          repeatedRequests: sometimes(0.5, 0.3),
          lateRequests: sometimes(0.5, 0.2),
          brokenSockets: sometimes(0.4, 0.1),
          lostFrames: sometimes(0.4, 0.1),
          repeatedFrames: sometimes(0.4, 0.2),
        }
      : noNetworkFaults,
    planeDeaths: sometimes(0.4, 0.01),
    agentDeaths: sometimes(0.4, 0.02),
    failingPulls: sometimes(0.3, 0.4),
    failingStarts: sometimes(0.3, 0.4),
    crashingContainers: sometimes(0.4, 0.5),
    balancerErrors: ofCapacity.float() < 0.4 ? 0.2 * ofCapacity.float() ** 2 : 0,
    mostWriteMs: chance(0.5) ? 0 : chance(0.8) ? 5 : 400,
    engineSlowness: chance(0.5) ? 0 : chance(0.8) ? 1 : 10,
  };

  const kinds = stepKinds(random, capacity);
  const steps: PlannedStep[] = [];
  // A world without a service proves little.
  steps.push({ number: 0, atMs: 1_000, seed: `${seed}/step/0`, type: 'create-service', slot: 0 });
  for (let number = 1; number < stepCount; number += 1) {
    const kind = kinds[random.integer(kinds.length)];
    const atMs = Math.round(random.float() * durationMs);
    const step = { number, atMs, seed: `${seed}/step/${number}` };
    if (kind === undefined) continue;
    const slot = random.integer(serviceSlots);
    // `slot` is of no use to the other kinds, and does no harm.
    steps.push({ ...step, type: kind, slot } as PlannedStep);
  }
  return {
    seed,
    machines,
    durationMs,
    faults,
    capacity,
    steps: steps
      .filter(({ number }) => !sizes.without?.has(number))
      .sort((one, other) => one.atMs - other.atMs),
  };
}

function hostedCapacity(
  { fargateHosts, groups }: CapacityPlan,
  random: Random,
): Pick<MachinePlan, 'hostsFargate' | 'capacityProvider'> {
  const hostsFargate = random.float() < fargateHosts;
  const capacityProvider = random.float() < 0.7 ? pick(random, groups) : undefined;
  return { hostsFargate, ...(capacityProvider !== undefined && { capacityProvider }) };
}

function machinePlan(random: Random): Omit<MachinePlan, 'hostsFargate'> {
  const cores = 1 + random.integer(4);
  return {
    cpuUnits: 1024 * cores,
    memoryMiB: 1024 * (1 + random.integer(4)),
    rack: pick(random, racks) ?? racks[0],
  };
}

/** The kinds of steps that this seed has, some of them more often than others. */
function stepKinds(random: Random, { fargateHosts }: CapacityPlan): readonly PlannedStep['type'][] {
  const kinds: PlannedStep['type'][] = ['create-service', 'update-service', 'update-service', 'run-task'];
  const others: readonly PlannedStep['type'][] = [
    ...([
      'create-service',
      'update-service',
      'delete-service',
      'run-task',
      'start-task',
      'stop-task',
    ] as const),
    ...(['drain', 'activate', 'deregister', 'add-machine', 'describe', 'protect'] as const),
    ...(['change-rack', 'end-plane'] as const),
    ...(['kill-plane', 'stall-plane', 'kill-agent', 'end-agent', 'stall-agent', 'lose-power'] as const),
    ...(['vanish', 'cut-off', 'set-clock', 'stop-engine', 'crash-container'] as const),
  ];
  for (const kind of others) {
    if (random.float() < 0.5) continue;
    const weight = 1 + random.integer(3);
    for (let time = 0; time < weight; time += 1) kinds.push(kind);
  }
  if (fargateHosts > 0) kinds.push('interrupt-spot', 'interrupt-spot');
  return kinds;
}
