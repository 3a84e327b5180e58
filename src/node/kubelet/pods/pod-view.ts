import type { Container, Sandbox } from '../../../runtime/index.ts';
import { podLabels } from './names.ts';

/** One run of a container: a restart makes another one. */
export interface ContainerRun {
  readonly attempt: number;
  /** Of the sandbox that it ran in. */
  readonly sandboxAttempt: number;
  readonly container: Container;
}

export interface PodSandbox {
  readonly id: string;
  readonly attempt: number;
  readonly isRunning: boolean;
}

/** What the engine has of one pod. */
export interface PodView {
  /** Newest first. */
  readonly sandboxes: readonly PodSandbox[];
  /** By container name, newest first. */
  readonly runs: ReadonlyMap<string, readonly ContainerRun[]>;
}

export function podView(sandboxes: readonly Sandbox[], containers: readonly Container[]): PodView {
  const runs = containers.map((container) => ({
    attempt: numberIn(container.labels, podLabels.attempt),
    sandboxAttempt: numberIn(container.labels, podLabels.sandboxAttempt),
    container,
  }));
  const byName = Map.groupBy(runs, ({ container }) => container.labels[podLabels.container] ?? '');
  return {
    sandboxes: sandboxes
      .map(({ id, labels, pause }) => ({
        ...{ id, attempt: numberIn(labels, podLabels.sandboxAttempt) },
        isRunning: pause?.isRunning ?? false,
      }))
      .toSorted((one, other) => other.attempt - one.attempt),
    runs: new Map(
      [...byName].map(([name, some]) => [name, some.toSorted((one, other) => other.attempt - one.attempt)]),
    ),
  };
}

export const emptyView: PodView = { sandboxes: [], runs: new Map() };

export function latestRun(view: PodView, container: string): ContainerRun | undefined {
  return view.runs.get(container)?.[0];
}

export function isRunning(run: ContainerRun | undefined): boolean {
  return run?.container.status.state === 'running';
}

/** Undefined: it has not ended. */
export function exitCodeOf(run: ContainerRun | undefined): number | undefined {
  return run?.container.status.state === 'exited' ? run.container.status.exitCode : undefined;
}

export function allRuns(view: PodView): readonly ContainerRun[] {
  return [...view.runs.values()].flat();
}

function numberIn(labels: Readonly<Record<string, string>>, name: string): number {
  return Number(labels[name] ?? 0) || 0;
}
