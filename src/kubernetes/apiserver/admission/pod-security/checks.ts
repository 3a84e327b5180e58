import type { JsonObject } from '../../../objects/object.ts';
import * as baseline from './baseline-checks.ts';
import { type Check, podOf, type Violation } from './pod-parts.ts';
import * as restricted from './restricted-checks.ts';

/** A level of the Pod Security Standards, from what may do everything to what may do least. */
export type Level = 'baseline' | 'privileged' | 'restricted';

/** One of the standards' controls: what is checked, from which minor version of the standards on. */
interface Control {
  readonly id: string;
  readonly since: readonly (readonly [minor: number, check: Check])[];
  /** Of the baseline level, the control that this one of the restricted level stands for, where it is in force. */
  readonly insteadOf?: string;
}

const safeSysctls = [
  ...['kernel.shm_rmid_forced', 'net.ipv4.ip_local_port_range', 'net.ipv4.ip_unprivileged_port_start'],
  ...['net.ipv4.ping_group_range', 'net.ipv4.tcp_syncookies'],
];
const safeSince27 = [...safeSysctls, 'net.ipv4.ip_local_reserved_ports'];
const safeSince29 = [
  ...[...safeSince27, 'net.ipv4.tcp_fin_timeout', 'net.ipv4.tcp_keepalive_intvl'],
  ...['net.ipv4.tcp_keepalive_probes', 'net.ipv4.tcp_keepalive_time'],
];
const safeSince32 = [...safeSince29, 'net.ipv4.tcp_rmem', 'net.ipv4.tcp_wmem'];

/** In the order in which refusals tell them (upstream's `pod-security-admission/policy` of 1.36). */
const baselineControls: readonly Control[] = [
  { id: 'appArmorProfile', since: [[0, baseline.appArmor]] },
  { id: 'capabilities_baseline', since: [[0, baseline.capabilities]] },
  { id: 'hostNamespaces', since: [[0, baseline.hostNamespaces]] },
  { id: 'hostPathVolumes', since: [[0, baseline.hostPathVolumes]] },
  { id: 'hostPorts', since: [[0, baseline.hostPorts]] },
  { id: 'hostProbesAndHostLifecycle', since: [[34, baseline.probeHosts]] },
  { id: 'privileged', since: [[0, baseline.privileged]] },
  {
    id: 'procMount',
    since: [
      [0, baseline.procMount],
      [35, baseline.procMountUnlessOwnUsers],
    ],
  },
  {
    id: 'seLinuxOptions',
    since: [
      [0, baseline.seLinux(new Set(baseline.seLinuxTypes))],
      [31, baseline.seLinux(new Set([...baseline.seLinuxTypes, 'container_engine_t']))],
    ],
  },
  {
    id: 'seccompProfile_baseline',
    since: [
      [0, baseline.seccompAnnotations],
      [19, baseline.seccomp],
    ],
  },
  {
    id: 'sysctls',
    since: [
      [0, baseline.sysctls(new Set(safeSysctls))],
      [27, baseline.sysctls(new Set(safeSince27))],
      [29, baseline.sysctls(new Set(safeSince29))],
      [32, baseline.sysctls(new Set(safeSince32))],
    ],
  },
  { id: 'windowsHostProcess', since: [[0, baseline.hostProcess]] },
];

const restrictedControls: readonly Control[] = [
  {
    id: 'allowPrivilegeEscalation',
    since: [
      [8, restricted.escalation],
      [25, restricted.unlessWindows(restricted.escalation)],
    ],
  },
  {
    id: 'capabilities_restricted',
    insteadOf: 'capabilities_baseline',
    since: [
      [22, restricted.capabilities],
      [25, restricted.unlessWindows(restricted.capabilities)],
    ],
  },
  { id: 'procMount_restricted', insteadOf: 'procMount', since: [[35, baseline.procMount]] },
  { id: 'restrictedVolumes', insteadOf: 'hostPathVolumes', since: [[0, restricted.volumeTypes]] },
  {
    id: 'runAsNonRoot',
    since: [
      [0, restricted.nonRoot],
      [35, restricted.unlessOwnUsers(restricted.nonRoot)],
    ],
  },
  {
    id: 'runAsUser',
    since: [
      [23, restricted.notUserZero],
      [35, restricted.unlessOwnUsers(restricted.notUserZero)],
    ],
  },
  {
    id: 'seccompProfile_restricted',
    insteadOf: 'seccompProfile_baseline',
    since: [
      [19, restricted.seccompProfile],
      [25, restricted.unlessWindows(restricted.seccompProfile)],
    ],
  },
];

const checkOf = ({ since }: Control, minor: number): Check | undefined =>
  since.findLast(([from]) => from <= minor)?.[1];

function checksOf(level: Level, minor: number): readonly Check[] {
  if (level === 'privileged') return [];
  const inForce = (controls: readonly Control[]) => controls.filter((it) => checkOf(it, minor) !== undefined);
  const own = level === 'restricted' ? inForce(restrictedControls) : [];
  const replaced = new Set(own.map(({ insteadOf }) => insteadOf));
  const general = inForce(baselineControls).filter(({ id }) => !replaced.has(id));
  return [...general, ...own].flatMap((it) => checkOf(it, minor) ?? []);
}

/**
 * What of a pod a level does not allow.
 * @param minor Of the standards' version; undefined: the latest. Of those that are not written yet, the latest.
 * @param metadata Of the pod, or of its template.
 */
export function violationsOf(
  { level, minor = Number.POSITIVE_INFINITY }: { readonly level: Level; readonly minor?: number | undefined },
  metadata: object,
  spec: JsonObject,
): readonly Violation[] {
  if (level === 'privileged') return [];
  const pod = podOf(metadata, spec);
  return checksOf(level, minor).flatMap((check) => check(pod) ?? []);
}

/** As a refusal tells them. */
export const told = (violations: readonly Violation[]): string =>
  violations.map(({ reason, detail }) => (detail === '' ? reason : `${reason} (${detail})`)).join(', ');
