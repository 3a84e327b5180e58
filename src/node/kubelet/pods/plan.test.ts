import { describe, expect, it } from 'vitest';
import type { Pod, PodContainer, PodSpec } from '../objects/pod.ts';
import { CrashBackOff, durationText } from './crash-back-off.ts';
import { podLabels } from './names.ts';
import { type ContainerHealth, planPod } from './plan.ts';
import type { ContainerRun, PodView } from './pod-view.ts';

/** `name`, `name:running`, `name:0` (its exit code), with `@1` of the second sandbox, `=i` of the image `i`. */
function view(sandboxes: string, ...containers: readonly string[]): PodView {
  const runs = containers.map((text): [string, ContainerRun[]] => {
    const [, name = '', state, sandbox, image] = /^(\w+):(\w+)(?:@(\d))?(?:=(\w+))?$/.exec(text) ?? [];
    const times = { startedAtMs: 1, finishedAtMs: 2 };
    const status =
      state === 'running'
        ? { state, startedAtMs: 1, pid: 1 }
        : { state: 'exited' as const, exitCode: Number(state), wasOutOfMemory: false, ...times };
    const container = {
      ...{
        name,
        runtimeId: name,
        labels: image ? { [podLabels.image]: image } : {},
        imageId: '',
        ports: [],
        ipv4Addresses: [],
        createdAtMs: 0,
      },
      limits: {},
      status: status as ContainerRun['container']['status'],
    };
    return [name, [{ attempt: 0, sandboxAttempt: Number(sandbox ?? 0), container }]];
  });
  const list =
    sandboxes === ''
      ? []
      : sandboxes.split(' ').map((state, attempt) => ({
          ...{ id: `s${attempt}`, attempt, isRunning: state === 'up' },
        }));
  return { sandboxes: list.toReversed(), runs: new Map(runs) };
}

const app = (name: string, more: Partial<PodContainer> = {}): PodContainer => ({ name, ...more });
const side = (name: string) => app(name, { restartPolicy: 'Always' });
const pod = (spec: Partial<PodSpec>): Pod => ({
  metadata: { name: 'p', namespace: 'n', uid: 'u' },
  spec: { containers: [app('a'), app('b')], ...spec },
});
const healthy = (): ContainerHealth => ({ isStarted: true });

/** `make 0: a b`, `keep: kill a`, `over`. */
function planned(
  spec: Partial<PodSpec>,
  seen: PodView,
  health: (name: string) => ContainerHealth = healthy,
): string {
  const { sandbox, kill, start, isOver } = planPod(pod(spec), seen, (run) => health(run.container.name));
  if (isOver) return 'over';
  const what = sandbox.do === 'make' ? `make ${sandbox.attempt}` : sandbox.do;
  const names = (list: readonly { readonly name: string }[]) => list.map(({ name }) => name).join(' ');
  const killed = kill.length === 0 ? '' : ` kill ${names(kill.map(({ container }) => container))}`;
  return `${what}:${killed}${start.length === 0 ? '' : ` ${names(start)}`}`;
}

describe('planPod', () => {
  const never = { restartPolicy: 'Never' } as const;
  const onFailure = { restartPolicy: 'OnFailure' } as const;
  const imaged = { containers: ['a', 'b'].map((name) => app(name, { image: 'j' })) };
  const init = { initContainers: [app('i'), side('s'), app('j')] };
  it.each<[string, Partial<PodSpec>, PodView, string]>([
    ['makes a sandbox and starts all', {}, view(''), 'make 0: a b'],
    ['starts what does not run', {}, view('up', 'a:running'), 'keep: b'],
    ['restarts what has ended', {}, view('up', 'a:0', 'b:1'), 'keep: a b'],
    ['restarts what has failed, on failure', onFailure, view('up', 'a:0', 'b:1'), 'keep: b'],
    ['ends what runs another image', imaged, view('up', 'a:running=i', 'b:running=j'), 'keep: kill a'],
    ['but not what would not run again', { ...imaged, ...never }, view('up', 'a:running=i', 'b:0'), 'keep:'],
    ['restarts nothing, never', never, view('up', 'a:0', 'b:running'), 'keep:'],
    ['is over when all have ended', never, view('up', 'a:0', 'b:1'), 'over'],
    ['is over when all have succeeded', onFailure, view('up', 'a:0', 'b:0'), 'over'],
    ['begins with the first init container', init, view(''), 'make 0: i'],
    ['waits for it', init, view('up', 'i:running'), 'keep:'],
    ['goes on with the sidecar', init, view('up', 'i:0'), 'keep: s'],
    ['goes on with the next', init, view('up', 'i:0', 's:running'), 'keep: j'],
    ['runs a failed one again', init, view('up', 'i:1'), 'keep: i'],
    ['fails with a failed one, never', { ...init, ...never }, view('up', 'i:1'), 'over'],
    [
      'ends with all, sidecars or not',
      { ...init, ...never },
      view('up', 'i:0', 's:running', 'j:0', 'a:0', 'b:0'),
      'over',
    ],
    ['restarts a sidecar beside the others', init, view('up', 's:1', 'a:running', 'b:running'), 'keep: s'],
    [
      'does not look at init containers that are gone',
      init,
      view('up', 's:running', 'a:running', 'b:running'),
      'keep:',
    ],
    [
      'makes a lost sandbox again, with all that ran in it',
      {},
      view('down', 'a:running', 'b:137'),
      'make 1: kill a a b',
    ],
    ['begins again with the init containers', init, view('down', 'i:0', 'a:137', 'b:137'), 'make 1: i'],
    ['does not, for what never restarts', never, view('down', 'a:137', 'b:0'), 'over'],
    ['goes on in the new one', {}, view('down up', 'a:137@0', 'b:running@1'), 'keep: a'],
  ])('%s', (_, spec, seen, plan) => {
    expect(planned(spec, seen)).toBe(plan);
  });

  it('waits for a sidecar until it has started', () => {
    const starting = (name: string) => ({ isStarted: name !== 's' });
    expect(planned(init, view('up', 'i:0', 's:running'), starting)).toBe('keep:');
  });

  it('starts a container for debugging also while init containers are at it, and once', () => {
    const debugged = { initContainers: [app('i')], ephemeralContainers: [app('e')] };
    expect(planned(debugged, view('up', 'i:running'))).toBe('keep: e');
    expect(planned(debugged, view('up', 'i:running', 'e:0'))).toBe('keep:');
  });

  it('kills what its probes have found failing', () => {
    const failing = (name: string) => ({
      isStarted: true,
      ...(name === 'b' && { failure: { why: 'liveness' } }),
    });
    expect(planned({}, view('up', 'a:running', 'b:running'), failing)).toBe('keep: kill b');
  });

  it("restarts by a container's own rules before the pod's policy", () => {
    const rule = (operator: 'In' | 'NotIn') =>
      app('a', { restartPolicyRules: [{ action: 'Restart', exitCodes: { operator, values: [42] } }] });
    const with42 = view('up', 'a:42');
    expect(planned({ ...never, containers: [rule('In')] }, with42)).toBe('keep: a');
    expect(planned({ ...never, containers: [rule('NotIn')] }, with42)).toBe('over');
    expect(planned({ containers: [app('a', { restartPolicy: 'Never' })] }, with42)).toBe('over');
  });
});

describe('CrashBackOff', () => {
  it('waits 10 s after the second end, doubles up to 5 minutes, and begins anew after 10 quiet ones', () => {
    const backOff = new CrashBackOff();
    const waits: (number | undefined)[] = [];
    let nowMs = 0;
    const endAndRestart = (ranMs: number): void => {
      const endedAtMs = nowMs + ranMs;
      const waiting = backOff.waiting('c', endedAtMs, endedAtMs);
      waits.push(waiting && waiting.delayMs / 1_000);
      nowMs = waiting?.untilMs ?? endedAtMs;
      backOff.restarted('c', endedAtMs, nowMs);
    };
    for (let end = 0; end < 8; end++) endAndRestart(1_000);
    expect(waits).toEqual([undefined, 10, 20, 40, 80, 160, 300, 300]);
    endAndRestart(600_001);
    endAndRestart(1_000);
    expect(waits.slice(-2)).toEqual([undefined, 10]);
  });
});

describe('CrashBackOff, when the clock is set back', () => {
  it('waits no longer than twice as long', () => {
    const backOff = new CrashBackOff();
    backOff.restarted('c', 3_600_000, 3_600_000);
    const delayMs = 10_000;
    expect(backOff.waiting('c', 3_601_000, 3_601_000)).toEqual({ untilMs: 3_611_000, delayMs });
    expect(backOff.waiting('c', 3_601_000, 3_591_000)).toEqual({ untilMs: 3_611_000, delayMs });
    expect(backOff.waiting('c', 3_601_000, 3_590_999)).toBeUndefined();
    expect(backOff.waiting('c', 3_601_000, 0)).toBeUndefined();
  });
});

describe('durationText', () => {
  it.each([
    [10_000, '10s'],
    [80_000, '1m20s'],
    [300_000, '5m0s'],
  ])('of %i ms is %s', (ms, text) => {
    expect(durationText(ms)).toBe(text);
  });
});
