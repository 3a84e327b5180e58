import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../objects/object.ts';
import { type Level, told, violationsOf } from './checks.ts';

const container = (name: string, securityContext: object = {}, more: object = {}) => ({
  ...{ name, image: 'nginx', securityContext },
  ...more,
});
/** What the restricted level wants of every container. */
const careful = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };
const carefulPod = { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } };

const refusal = (level: Level, minor: number | undefined, spec: object, annotations: object = {}): string =>
  told(violationsOf({ level, minor }, { annotations }, spec as JsonObject));
const latest = undefined;
const withContainers = (...containers: readonly object[]) => ({ containers });
const inPod = (securityContext: object, ...containers: readonly object[]) => ({
  ...{ securityContext, containers: containers.length > 0 ? containers : [container('c')] },
});
const unconfined = { type: 'Unconfined' };
const annotated = { 'container.apparmor.security.beta.kubernetes.io/c': 'unconfined' };

describe('the baseline level refuses', () => {
  it.each<[spec: object, told: string, annotations?: Record<string, string>]>([
    [
      inPod(
        { appArmorProfile: unconfined },
        container('a', { appArmorProfile: unconfined }),
        container('b', { appArmorProfile: unconfined }),
      ),
      'forbidden AppArmor profile (pod and containers "a", "b" must not set AppArmor profile type to "Unconfined")',
    ],
    [
      inPod({ appArmorProfile: unconfined }),
      'forbidden AppArmor profiles (pod and annotation must not set AppArmor profile type to "Unconfined", "container.apparmor.security.beta.kubernetes.io/c="unconfined"")',
      annotated,
    ],
    [
      withContainers(
        container('a', { capabilities: { add: ['NET_RAW', 'CHOWN'] } }),
        container('b', { capabilities: { add: ['BPF'] } }),
      ),
      'non-default capabilities (containers "a", "b" must not include "BPF", "NET_RAW" in securityContext.capabilities.add)',
    ],
    [
      { ...withContainers(container('c')), hostIPC: true, hostNetwork: true, hostPID: true },
      'host namespaces (hostNetwork=true, hostPID=true, hostIPC=true)',
    ],
    [
      {
        ...withContainers(container('c')),
        volumes: [
          { name: 'a', hostPath: {} },
          { name: 'b', hostPath: {} },
        ],
      },
      'hostPath volumes (volumes "a", "b")',
    ],
    [
      withContainers(
        container('a', {}, { ports: [{ hostPort: 8080 }, { hostPort: 80 }] }),
        container('b', {}, { ports: [{ hostPort: 9 }] }),
      ),
      'hostPort (containers "a", "b" use hostPorts 80, 8080, 9)',
    ],
    [
      withContainers(
        container('b', {}, { livenessProbe: { httpGet: { host: 'example.com' } } }),
        container('a', {}, { lifecycle: { preStop: { tcpSocket: { host: '127.0.0.1' } } } }),
      ),
      'probe or lifecycle host (containers "a", "b" use probe or lifecycle hosts "127.0.0.1", "example.com")',
    ],
    [
      withContainers(container('a', { privileged: true }), container('b', { privileged: true })),
      'privileged (containers "a", "b" must not set securityContext.privileged=true)',
    ],
    [
      withContainers(container('c', { procMount: 'Unmasked' })),
      'procMount (container "c" must not set securityContext.procMount to "Unmasked")',
    ],
    [
      inPod(
        { seLinuxOptions: { type: 'spc_t', user: 'root' } },
        container('c', { seLinuxOptions: { role: 'r' } }),
      ),
      'seLinuxOptions (pod and container "c" set forbidden securityContext.seLinuxOptions: type "spc_t"; user may not be set; role may not be set)',
    ],
    [
      inPod({ seccompProfile: unconfined }, container('c', { seccompProfile: unconfined })),
      'seccompProfile (pod and container "c" must not set securityContext.seccompProfile.type to "Unconfined")',
    ],
    [
      inPod({ sysctls: [{ name: 'kernel.msgmax' }, { name: 'net.ipv4.tcp_rmem' }, { name: 'a' }] }),
      'forbidden sysctls (kernel.msgmax, a)',
    ],
    [
      inPod(
        { windowsOptions: { hostProcess: true } },
        container('c', { windowsOptions: { hostProcess: true } }),
      ),
      'hostProcess (pod and container "c" must not set securityContext.windowsOptions.hostProcess=true)',
    ],
  ])('%j', (spec, expected, annotations) => {
    expect(refusal('baseline', latest, spec, annotations)).toBe(expected);
    expect(refusal('privileged', latest, spec, annotations)).toBe('');
  });
});

describe('the restricted level refuses', () => {
  it.each<readonly [spec: object, told: string]>([
    [
      inPod(
        carefulPod,
        container('a', { ...careful, allowPrivilegeEscalation: true }),
        container('b', { capabilities: careful.capabilities }),
      ),
      'allowPrivilegeEscalation != false (containers "a", "b" must set securityContext.allowPrivilegeEscalation=false)',
    ],
    [
      inPod(
        carefulPod,
        container('a', { allowPrivilegeEscalation: false }),
        container('b', { ...careful, capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE', 'CHOWN'] } }),
      ),
      'unrestricted capabilities (container "a" must set securityContext.capabilities.drop=["ALL"]; container "b" must not include "CHOWN" in securityContext.capabilities.add)',
    ],
    [
      {
        ...inPod(carefulPod, container('c', careful)),
        volumes: [
          { name: 'a', nfs: {} },
          { name: 'b', hostPath: {} },
          { name: 'c', image: {} },
        ],
      },
      'restricted volume types (volumes "a", "b" use restricted volume types "hostPath", "nfs")',
    ],
    [
      inPod({ ...carefulPod, runAsNonRoot: false }, container('c', { ...careful, runAsNonRoot: false })),
      'runAsNonRoot != true (pod and container "c" must not set securityContext.runAsNonRoot=false)',
    ],
    [
      inPod(
        { seccompProfile: carefulPod.seccompProfile },
        container('a', careful),
        container('b', { ...careful, runAsNonRoot: true }),
      ),
      'runAsNonRoot != true (pod or container "a" must set securityContext.runAsNonRoot=true)',
    ],
    [
      inPod({ ...carefulPod, runAsUser: 0 }, container('c', { ...careful, runAsUser: 0 })),
      'runAsUser=0 (pod and container "c" must not set runAsUser=0)',
    ],
    [
      inPod({ runAsNonRoot: true }, container('a', careful), container('b', careful)),
      'seccompProfile (pod or containers "a", "b" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
    ],
  ])('%j', (spec, expected) => {
    expect(refusal('restricted', latest, spec)).toBe(expected);
  });

  it('nothing of a pod that says all that it wants', () => {
    expect(refusal('restricted', latest, inPod(carefulPod, container('c', careful)))).toBe('');
  });
});

describe('versions of the standards', () => {
  const probed = withContainers(container('c', {}, { livenessProbe: { httpGet: { host: 'h' } } }));
  const sysctl = (name: string) => inPod({ sysctls: [{ name }] });
  const engine = inPod({ seLinuxOptions: { type: 'container_engine_t' } });
  const unmasked = {
    ...inPod(carefulPod, container('c', { ...careful, procMount: 'Unmasked' })),
    hostUsers: false,
  };
  const root = {
    ...inPod({ seccompProfile: carefulPod.seccompProfile, runAsUser: 0 }, container('c', careful)),
    hostUsers: false,
  };
  const windows = { ...inPod({ runAsNonRoot: true }), os: { name: 'windows' } };
  const isRefused = (level: Level, minor: number | undefined, spec: object, annotations?: object) =>
    refusal(level, minor, spec, annotations) !== '';

  it.each<readonly [what: string, level: Level, spec: object, last: number, before: boolean, from: boolean]>([
    ['hosts of probes', 'baseline', probed, 33, false, true],
    ['ip_local_reserved_ports', 'baseline', sysctl('net.ipv4.ip_local_reserved_ports'), 26, true, false],
    ['tcp_fin_timeout', 'baseline', sysctl('net.ipv4.tcp_fin_timeout'), 28, true, false],
    ['tcp_wmem', 'baseline', sysctl('net.ipv4.tcp_wmem'), 31, true, false],
    ['container_engine_t', 'baseline', engine, 30, true, false],
    ['procMount of pods with users of their own', 'baseline', unmasked, 34, true, false],
    ['root of pods with users of their own', 'restricted', root, 34, true, false],
    ['what Windows has not', 'restricted', windows, 24, true, false],
    ['fields of seccomp', 'baseline', inPod({ seccompProfile: unconfined }), 18, false, true],
    [
      'runAsUser',
      'restricted',
      inPod({ ...carefulPod, runAsUser: 0 }, container('c', careful)),
      22,
      false,
      true,
    ],
    [
      'capabilities that are kept',
      'restricted',
      inPod(carefulPod, container('c', { allowPrivilegeEscalation: false })),
      21,
      false,
      true,
    ],
    ['escalation', 'restricted', inPod(carefulPod, container('c')), 7, false, true],
  ])('differ by %s', (_what, level, spec, last, before, from) => {
    expect([isRefused(level, last, spec), isRefused(level, last + 1, spec)]).toEqual([before, from]);
    expect(refusal(level, 99, spec)).toBe(refusal(level, latest, spec));
  });

  it('had annotations for seccomp before there were fields', () => {
    const annotations = { 'container.seccomp.security.alpha.kubernetes.io/c': 'unconfined' };
    const pod = withContainers(container('c'));
    expect(refusal('baseline', 18, pod, annotations)).toBe(
      'seccompProfile (forbidden annotation container.seccomp.security.alpha.kubernetes.io/c="unconfined")',
    );
    expect(refusal('baseline', 19, pod, annotations)).toBe('');
  });

  it('are restricted as to procMount whatever the users are', () => {
    expect(refusal('restricted', latest, unmasked)).toMatch(/^procMount \(/);
  });
});
