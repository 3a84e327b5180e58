import { describe, expect, it } from 'vitest';
import type { Container } from '../../../runtime/index.ts';
import type { Pod } from '../objects/pod.ts';
import { podLabels } from '../pods/names.ts';
import { type PodView, podView } from '../pods/pod-view.ts';
import { podStatus } from './pod-status.ts';

const pod = (spec: Partial<Pod['spec']> = {}): Pod => ({
  metadata: { name: 'p', namespace: 'default', uid: 'u' },
  spec: { containers: [{ name: 'c', image: 'i' }], ...spec },
});

const nothing = podView([], []);

/** As the Engine tells of a program that is not there. */
const unstarted: Container = {
  ...{ name: 'k-c-0', runtimeId: 'abc', imageId: 'sha256:1', ports: [], ipv4Addresses: [] },
  labels: { [podLabels.container]: 'c', [podLabels.attempt]: '0' },
  ...{ createdAtMs: 0, limits: { cpuShares: 2 } },
  status: {
    ...{ state: 'exited', exitCode: 127, finishedAtMs: 1_000, wasOutOfMemory: false },
    error: 'no such file or directory',
  },
};

const told = (
  of: Pod,
  view: PodView,
  waiting?: { reason: string; message: string },
  end?: { reason: string; message: string },
) =>
  podStatus(
    of,
    {},
    {
      ...(end && { end }),
      ...{ view, hostIp: '10.0.0.1', podIp: '10.0.0.2', scheme: 'docker', nowMs: 2_000, isEnding: false },
      resize: {},
      factsOf: () => ({
        ...{ isStarted: false, isReady: false, isSized: true, messages: new Map() },
        ...(waiting && { waiting }),
      }),
    },
  );

describe('the status of a pod', () => {
  const reasonsOf = ({ initContainerStatuses = [], containerStatuses = [] }: ReturnType<typeof told>) =>
    [...initContainerStatuses, ...containerStatuses].map(({ state }) => state?.waiting?.reason);

  it('that has begun nothing says what it waits for, as upstream of init containers too', () => {
    expect(reasonsOf(told(pod(), nothing))).toEqual(['ContainerCreating']);
    const initContainers = [{ name: 'first' }, { name: 'second' }];
    expect(reasonsOf(told(pod({ initContainers }), nothing))).toEqual([
      ...['PodInitializing', 'PodInitializing', 'PodInitializing'],
    ]);
  });

  it('whose container could not be started and is not to run again has the end of it', () => {
    const view = podView([], [unstarted]);
    const waiting = { reason: 'RunContainerError', message: 'no such file or directory' };
    const ended = told(pod({ restartPolicy: 'Never' }), view, waiting);
    expect(ended.phase).toBe('Failed');
    expect(ended.containerStatuses?.[0]).toMatchObject({
      ...{ lastState: {}, state: { terminated: { reason: 'StartError', exitCode: 128 } } },
    });
    const again = told(pod(), view, waiting);
    expect(again.containerStatuses?.[0]).toMatchObject({
      ...{ state: { waiting }, lastState: { terminated: { reason: 'StartError' } } },
    });
  });

  it('that the node ends says why once nothing of it runs', () => {
    const end = { reason: 'DeadlineExceeded', message: 'It took too long' };
    const running: Container = { ...unstarted, status: { state: 'running', startedAtMs: 0, pid: 1 } };
    const still = told(pod(), podView([], [running]), undefined, end);
    expect(still).not.toHaveProperty('reason');
    expect(still).not.toHaveProperty('message');
    expect(told(pod(), nothing, undefined, end)).toMatchObject({ phase: 'Failed', ...end });
  });

  it('that ends before its containers began says that they are not known, unless it was still initializing', () => {
    const end = { reason: 'DeadlineExceeded', message: 'late' };
    const { phase, containerStatuses } = told(pod(), nothing, undefined, end);
    expect(phase).toBe('Failed');
    expect(containerStatuses?.[0]?.state).toEqual({
      terminated: {
        ...{ exitCode: 137, reason: 'ContainerStatusUnknown', startedAt: null, finishedAt: null },
        message: 'The container could not be located when the pod was terminated',
      },
    });
    const initContainers = [{ name: 'first' }];
    expect(reasonsOf(told(pod({ initContainers }), nothing, undefined, end))).toEqual([
      ...['PodInitializing', 'PodInitializing'],
    ]);
  });

  it('says what its containers have mounted', () => {
    const volumeMounts = [
      { name: 'data', mountPath: '/data', subPath: 'part' },
      { name: 'token', mountPath: '/token', readOnly: true },
    ];
    const { containerStatuses } = told(pod({ containers: [{ name: 'c', volumeMounts }] }), nothing);
    expect(containerStatuses?.[0]?.volumeMounts).toEqual([
      { name: 'data', mountPath: '/data' },
      { name: 'token', mountPath: '/token', readOnly: true, recursiveReadOnly: 'Disabled' },
    ]);
  });
});
