import type { Autoscaler, ScalingPolicy, ScalingRules } from './objects.ts';

/** A number of pods that was found right at some time. */
export interface Recommendation {
  readonly at: number;
  readonly replicas: number;
}

/** By how many pods the target was changed. */
export interface ScaleEvent {
  readonly at: number;
  readonly change: number;
}

/** What is remembered of an autoscaler; it goes with the process. */
export interface Memory {
  readonly recommendations: readonly Recommendation[];
  readonly ups: readonly ScaleEvent[];
  readonly downs: readonly ScaleEvent[];
}

export interface Said {
  readonly reason: string;
  readonly message: string;
}

export interface Limited {
  readonly replicas: number;
  /** Of `AbleToScale`. */
  readonly able: Said;
  /** Of `ScalingLimited`: `False` where the number is as it was found. */
  readonly limited: Said & { readonly status: 'False' | 'True' };
}

const defaultDownWindowSeconds = 300;

const matches: Said = { reason: 'ReadyForNewScale', message: 'recommended size matches current size' };
const within: Said = {
  reason: 'DesiredWithinRange',
  message: 'the desired count is within the acceptable range',
};
const tooMany: Said = {
  reason: 'TooManyReplicas',
  message: 'the desired replica count is more than the maximum replica count',
};
const tooFew: Said = {
  reason: 'TooFewReplicas',
  message: 'the desired replica count is less than the minimum replica count',
};
const tooFastUp: Said = {
  reason: 'ScaleUpLimit',
  message: 'the desired replica count is increasing faster than the maximum scale rate',
};
const tooFastDown: Said = {
  reason: 'ScaleDownLimit',
  message: 'the desired replica count is decreasing faster than the maximum scale rate',
};

/** The number that was found, kept steady and within what is allowed. */
export function limitedReplicas(
  { spec }: Autoscaler,
  found: number,
  current: number,
  memory: Memory,
  now: number,
): Limited {
  const { minReplicas = 1, maxReplicas, behavior } = spec;
  const range = { least: minReplicas, most: maxReplicas };
  const { replicas: steady, able } = stabilized(spec, found, current, memory, now);
  const [replicas, why] =
    behavior === undefined
      ? withoutRules(steady, current, range)
      : byRules(steady, current, range, behavior, memory, now);
  return { replicas, able, limited: { ...why, status: replicas === steady ? 'False' : 'True' } };
}

function stabilized(
  { behavior }: Autoscaler['spec'],
  found: number,
  current: number,
  { recommendations }: Memory,
  now: number,
): { readonly replicas: number; readonly able: Said } {
  const within = (seconds: number): readonly number[] =>
    recommendations.filter(({ at }) => at > now - seconds * 1_000).map((it) => it.replicas);
  const upWindow = behavior?.scaleUp?.stabilizationWindowSeconds ?? 0;
  const downWindow = behavior?.scaleDown?.stabilizationWindowSeconds ?? defaultDownWindowSeconds;
  const up = Math.min(found, ...within(upWindow));
  const down = Math.max(found, ...within(downWindow));
  const replicas = behavior === undefined ? down : Math.min(down, Math.max(up, current));
  if (replicas === found) return { replicas, able: matches };
  const isUp = behavior !== undefined && found >= current;
  return {
    replicas,
    able: isUp
      ? {
          reason: 'ScaleUpStabilized',
          message:
            'recent recommendations were lower than current one, applying the lowest recent recommendation',
        }
      : {
          reason: 'ScaleDownStabilized',
          message:
            'recent recommendations were higher than current one, applying the highest recent recommendation',
        },
  };
}

interface Range {
  readonly least: number;
  readonly most: number;
}

/** At most twice as many at once, or four. */
function withoutRules(wanted: number, current: number, { least, most }: Range): readonly [number, Said] {
  const limit = Math.max(2 * current, 4);
  if (wanted < least) return [least, tooFew];
  if (wanted <= Math.min(most, limit)) return [wanted, within];
  return most > limit ? [limit, tooFastUp] : [most, tooMany];
}

function byRules(
  wanted: number,
  current: number,
  { least, most }: Range,
  { scaleUp = {}, scaleDown = {} }: NonNullable<Autoscaler['spec']['behavior']>,
  memory: Memory,
  now: number,
): readonly [number, Said] {
  if (wanted > current) {
    const limit = Math.max(current, upLimit(current, scaleUp, memory, now));
    const [allowed, why] = most > limit ? [limit, tooFastUp] : [most, tooMany];
    return wanted > allowed ? [allowed, why] : [wanted, within];
  }
  if (wanted < current) {
    const limit = Math.min(current, downLimit(current, scaleDown, memory, now));
    const [allowed, why] = least < limit ? [limit, tooFastDown] : [least, tooFew];
    return wanted < allowed ? [allowed, why] : [wanted, within];
  }
  return [wanted, within];
}

function upLimit(current: number, rules: ScalingRules, memory: Memory, now: number): number {
  if (rules.selectPolicy === 'Disabled') return current;
  const allowed = (rules.policies ?? []).map((policy) => {
    const before = beforePeriod(current, policy, memory, now);
    return policy.type === 'Pods' ? before + policy.value : Math.ceil((before * (100 + policy.value)) / 100);
  });
  return rules.selectPolicy === 'Min' ? Math.min(...allowed) : Math.max(...allowed);
}

function downLimit(current: number, rules: ScalingRules, memory: Memory, now: number): number {
  if (rules.selectPolicy === 'Disabled') return current;
  const allowed = (rules.policies ?? []).map((policy) => {
    const before = beforePeriod(current, policy, memory, now);
    return policy.type === 'Pods' ? before - policy.value : Math.trunc((before * (100 - policy.value)) / 100);
  });
  return rules.selectPolicy === 'Min' ? Math.max(...allowed) : Math.min(...allowed);
}

/** How many there were when the policy's period began. */
function beforePeriod(
  current: number,
  { periodSeconds }: ScalingPolicy,
  { ups, downs }: Memory,
  now: number,
): number {
  const sum = (events: readonly ScaleEvent[]): number =>
    events
      .filter(({ at }) => at > now - periodSeconds * 1_000)
      .reduce((total, { change }) => total + change, 0);
  return current - sum(ups) + sum(downs);
}

/** What may be forgotten is. */
export function remembered(memory: Memory, { spec: { behavior } }: Autoscaler, now: number): Memory {
  const { scaleUp, scaleDown } = behavior ?? {};
  const windowSeconds = Math.max(
    scaleUp?.stabilizationWindowSeconds ?? 0,
    scaleDown?.stabilizationWindowSeconds ?? defaultDownWindowSeconds,
  );
  const period = (rules: ScalingRules | undefined): number =>
    Math.max(0, ...(rules?.policies ?? []).map(({ periodSeconds }) => periodSeconds));
  const periodSeconds = Math.max(period(scaleUp), period(scaleDown));
  const since = (seconds: number) => (it: { readonly at: number }) => it.at > now - seconds * 1_000;
  return {
    recommendations: memory.recommendations.filter(since(windowSeconds)),
    ups: memory.ups.filter(since(periodSeconds)),
    downs: memory.downs.filter(since(periodSeconds)),
  };
}
