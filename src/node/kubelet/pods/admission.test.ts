import { describe, expect, it } from 'vitest';
import type { PressureType } from '../eviction/thresholds.ts';
import type { LocalProfile, Pod, PodContainer, PodSpec } from '../objects/pod.ts';
import { admit } from './admission.ts';
import { containerRights } from './security.ts';

const node = {
  name: 'n1',
  labels: { zone: 'a', cores: '4' },
  allocatable: { cpu: '1930m', memory: '1Gi', pods: '2', 'example.com/berths': '1' },
  pressures: new Set<PressureType>(),
  hasAppArmor: false,
};
const pod = (spec: Partial<PodSpec> = {}, name = 'p'): Pod => ({
  metadata: { name, namespace: 'n', uid: `uid-${name}` },
  spec: { containers: [{ name: 'c' }], ...spec },
});
const asking = (requests: Record<string, string>, more: Partial<PodSpec> = {}) =>
  pod({ containers: [{ name: 'c', resources: { requests } }], ...more });
const onPort = (hostPort: number, hostIP?: string) =>
  pod({ containers: [{ name: 'c', ports: [{ containerPort: 80, hostPort, ...(hostIP && { hostIP }) }] }] });
const confined = (appArmorProfile: LocalProfile) => ({ name: 'i', securityContext: { appArmorProfile } });
const affinity = (
  key: string,
  operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt',
  ...values: string[]
) =>
  pod({
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key, operator, values }] }],
        },
      },
    },
  });

describe('admit', () => {
  it.each<[string, Pod, readonly Pod[], string | undefined]>([
    ['a pod that fits', asking({ cpu: '1930m', memory: '1Gi' }), [], undefined],
    ['one beside another', asking({ cpu: '930m' }), [asking({ cpu: '1' })], undefined],
    ['one too many', pod(), [pod(), pod()], 'OutOfpods'],
    ['more CPU than is left', asking({ cpu: '931m' }), [asking({ cpu: '1' })], 'OutOfcpu'],
    ['more memory than there is', asking({ memory: '1025Mi' }), [], 'OutOfmemory'],
    ['more berths than there are', asking({ 'example.com/berths': '2' }), [], 'OutOfexample.com/berths'],
    [
      'what the node does not know, which may be the cluster’s',
      asking({ 'example.com/gpu': '1' }),
      [],
      undefined,
    ],
    [
      'an init container that asks for more',
      asking({ cpu: '1' }, { initContainers: [{ name: 'i', resources: { requests: { cpu: '2' } } }] }),
      [],
      'OutOfcpu',
    ],
    ['another node’s labels', pod({ nodeSelector: { zone: 'b' } }), [], 'NodeAffinity'],
    ['its own labels', pod({ nodeSelector: { zone: 'a' } }), [], undefined],
    ['an affinity that is met', affinity('cores', 'Gt', '3'), [], undefined],
    ['one that is not', affinity('zone', 'NotIn', 'a', 'b'), [], 'NodeAffinity'],
    ['a label that no object is born with', affinity('constructor', 'DoesNotExist'), [], undefined],
    ['a port that is taken', onPort(80), [onPort(80, '10.0.0.1')], 'NodePorts'],
    ['the port of another address', onPort(80, '10.0.0.2'), [onPort(80, '10.0.0.1')], undefined],
    ['a port of what is no address of a node', onPort(80, '::1'), [], 'UnexpectedAdmissionError'],
    [
      'a port that an init container has only while it runs',
      onPort(80),
      [pod({ initContainers: [{ name: 'i', ports: [{ containerPort: 80, hostPort: 80 }] }] })],
      undefined,
    ],
    [
      'the engine’s profile of AppArmor',
      pod({ securityContext: { appArmorProfile: { type: 'RuntimeDefault' } } }),
      [],
      'AppArmor',
    ],
    [
      'one of its own for a container',
      pod({ initContainers: [confined({ type: 'Localhost', localhostProfile: 'deny' })] }),
      [],
      'AppArmor',
    ],
    ['to be confined by none', pod({ containers: [confined({ type: 'Unconfined' })] }), [], undefined],
    ['another system', pod({ os: { name: 'windows' } }), [], 'PodOSNotSupported'],
    [
      'a kernel parameter that is safe',
      pod({ securityContext: { sysctls: [{ name: 'net.ipv4.tcp_syncookies', value: '1' }] } }),
      [],
      undefined,
    ],
    [
      'one that is not',
      pod({ securityContext: { sysctls: [{ name: 'kernel.msgmax', value: '1' }] } }),
      [],
      'SysctlForbidden',
    ],
  ])('of %s', (_, asked, others, reason) => {
    expect(admit(asked, node, others)?.reason).toBe(reason);
  });

  it.each<[string, Pod, readonly PressureType[], string | undefined]>([
    [
      'short of memory, of a pod that asks for some',
      asking({ memory: '1Mi' }),
      ['MemoryPressure'],
      undefined,
    ],
    ['short of memory, of one that asks for none', pod(), ['MemoryPressure'], 'MemoryPressure'],
    [
      'short of memory, of one that bears it',
      pod({ tolerations: [{ key: 'node.kubernetes.io/memory-pressure', operator: 'Exists' }] }),
      ...([['MemoryPressure'], undefined] as const),
    ],
    ['short of disk, of any', asking({ memory: '1Mi' }), ['DiskPressure'], 'DiskPressure'],
    ['short of disk, of one that is needed', pod({ priority: 2_000_000_000 }), ['DiskPressure'], undefined],
  ])('of a node %s', (_, asked, pressures, condition) => {
    const refused = condition && { reason: 'Evicted', message: `The node had condition: [${condition}]. ` };
    expect(admit(asked, { ...node, pressures: new Set(pressures) }, [])).toEqual(refused);
  });

  it('takes a pod that is to be confined where the kernel confines', () => {
    const asked = pod({ securityContext: { appArmorProfile: { type: 'RuntimeDefault' } } });
    expect(admit(asked, { ...node, hasAppArmor: true }, [])).toBeUndefined();
  });

  it('takes but the pod that a node of Fargate is for', () => {
    const ofFargate = { ...node, onlyPod: 'uid-web' };
    expect(admit(pod({}, 'web'), ofFargate, [])).toBeUndefined();
    expect(admit(pod({ nodeName: 'n1' }, 'other'), ofFargate, [])).toEqual({
      reason: 'UnexpectedAdmissionError',
      message: 'this node of Fargate is for another pod',
    });
  });

  it("says what is lacking in upstream's words", () => {
    expect(admit(asking({ cpu: '1500m' }), node, [asking({ cpu: '600m' })])?.message).toBe(
      "Node didn't have enough resource: cpu, requested: 1500, used: 600, capacity: 1930",
    );
  });
});

describe('containerRights', () => {
  const user = { uid: 1, gid: 3, supplementalGroups: [3, 4, 5] };
  const rights = (
    own: PodContainer['securityContext'],
    ofPod: PodSpec['securityContext'] = {},
    imageUser?: string,
    seccompProfile?: string,
  ) =>
    containerRights(
      ...([
        pod({ securityContext: ofPod }),
        { name: 'c', ...(own && { securityContext: own }) },
        imageUser === undefined ? {} : { user: imageUser },
        user,
        ...(seccompProfile === undefined ? [] : [seccompProfile]),
      ] as const),
    );

  it('names the user by ids, and asks for nothing else where nothing is asked for', () => {
    expect(rights({})).toEqual({ user: '1:3', supplementalGroups: [4, 5] });
  });

  it("takes rights away where asked, by the container's own profiles before the pod's", () => {
    const unconfined = { type: 'Unconfined' } as const;
    const profile = { seccompProfile: unconfined, appArmorProfile: unconfined };
    expect(
      rights({ allowPrivilegeEscalation: false, procMount: 'Unmasked' }, profile).securityOptions,
    ).toEqual([
      ...['no-new-privileges', 'seccomp=unconfined', 'apparmor=unconfined', 'systempaths=unconfined'],
    ]);
    const local = (localhostProfile: string) => ({ type: 'Localhost', localhostProfile }) as const;
    const own = { seccompProfile: local('a.json'), appArmorProfile: local('deny-write') };
    expect(rights(own, profile, undefined, '{}').securityOptions).toEqual([
      ...['seccomp={}', 'apparmor=deny-write'],
    ]);
  });

  const where = '(pod: "p_n(uid-p)", container: c)';
  it.each<[number | undefined, string | undefined, string | undefined]>([
    [1000, undefined, undefined],
    [0, undefined, `container's runAsUser breaks non-root policy ${where}`],
    [undefined, undefined, `container has runAsNonRoot and image will run as root ${where}`],
    [undefined, '0:5', `container has runAsNonRoot and image will run as root ${where}`],
    [undefined, '12:5', undefined],
    [
      ...[undefined, 'app'],
      `container has runAsNonRoot and image has non-numeric user (app), cannot verify user is non-root ${where}`,
    ] as [undefined, string, string],
  ])('lets nobody be root who may not: user %s, image %s', (runAsUser, imageUser, message) => {
    const asked = () =>
      rights({ runAsNonRoot: true, ...(runAsUser !== undefined && { runAsUser }) }, {}, imageUser);
    if (message === undefined) expect(asked).not.toThrow();
    else expect(asked).toThrow(message);
  });
});
