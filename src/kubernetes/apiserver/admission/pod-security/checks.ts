import { type JsonObject, listOf, memberOf, objectsIn, textOf, textsIn } from '../../../objects/object.ts';

/** A level of the Pod Security Standards, from what may do everything to what may do least. */
export type Level = 'baseline' | 'privileged' | 'restricted';

/** What of a pod a level does not allow: `hostPort (container "c" uses hostPort 80)`. */
export interface Violation {
  readonly reason: string;
  readonly detail: string;
}

type Check = (pod: PodOf) => Violation | undefined;

/** A pod's parts as checks look at them. */
interface PodOf {
  readonly spec: JsonObject;
  readonly annotations: JsonObject;
  readonly containers: readonly JsonObject[];
}

/** @param metadata Of the pod, or of its template. */
export function violationsOf(level: Level, metadata: object, spec: JsonObject): readonly Violation[] {
  if (level === 'privileged') return [];
  const pod: PodOf = {
    spec,
    annotations: memberOf(metadata, 'annotations'),
    containers: ['initContainers', 'containers', 'ephemeralContainers'].flatMap((it) => objectsIn(spec, it)),
  };
  const checks =
    level === 'baseline' ? baseline : [...baseline.filter((it) => !replaced.has(it)), ...restricted];
  return checks.map((check) => check(pod)).filter((it) => it !== undefined);
}

/** As a refusal tells them. */
export const told = (violations: readonly Violation[]): string =>
  violations.map(({ reason, detail }) => (detail === '' ? reason : `${reason} (${detail})`)).join(', ');

const securityOf = (of: JsonObject): JsonObject => memberOf(of, 'securityContext');
const quoted = (texts: readonly string[]): string => texts.map((it) => JSON.stringify(it)).join(', ');
const plural = (count: number, one: string, many = `${one}s`): string => (count === 1 ? one : many);
const named = (containers: readonly JsonObject[]): string =>
  `${plural(containers.length, 'container')} ${quoted(containers.map((it) => textOf(it, 'name')))}`;
const distinct = (texts: readonly string[]): readonly string[] => [...new Set(texts)].toSorted();

/** A check of single containers. */
const ofContainers =
  (
    reason: string,
    isBad: (container: JsonObject, pod: PodOf) => boolean,
    detail: (bad: readonly JsonObject[]) => string,
  ): Check =>
  (pod) => {
    const bad = pod.containers.filter((container) => isBad(container, pod));
    return bad.length === 0 ? undefined : { reason, detail: detail(bad) };
  };

const hostNamespaces: Check = ({ spec }) => {
  const used = ['hostNetwork', 'hostPID', 'hostIPC'].filter((it) => spec[it] === true);
  return used.length === 0
    ? undefined
    : { reason: 'host namespaces', detail: used.map((it) => `${it}=true`).join(', ') };
};

const privileged = ofContainers(
  'privileged',
  (container) => securityOf(container).privileged === true,
  (bad) => `${named(bad)} must not set securityContext.privileged=true`,
);

const added = (container: JsonObject): readonly string[] =>
  textsIn(memberOf(securityOf(container), 'capabilities'), 'add');

const defaultCapabilities = new Set([
  ...['AUDIT_WRITE', 'CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'MKNOD', 'NET_BIND_SERVICE'],
  ...['SETFCAP', 'SETGID', 'SETPCAP', 'SETUID', 'SYS_CHROOT'],
]);

const baselineCapabilities: Check = (pod) => {
  const bad = pod.containers.filter((it) => added(it).some((name) => !defaultCapabilities.has(name)));
  if (bad.length === 0) return undefined;
  const names = distinct(bad.flatMap(added).filter((name) => !defaultCapabilities.has(name)));
  return {
    reason: 'non-default capabilities',
    detail: `${named(bad)} must not include ${quoted(names)} in securityContext.capabilities.add`,
  };
};

const hostPath: Check = ({ spec }) => {
  const bad = objectsIn(spec, 'volumes').filter((it) => it.hostPath !== undefined);
  if (bad.length === 0) return undefined;
  return {
    reason: 'hostPath volumes',
    detail: `${plural(bad.length, 'volume')} ${quoted(bad.map((it) => textOf(it, 'name')))}`,
  };
};

const hostPortsOf = (container: JsonObject): readonly number[] =>
  objectsIn(container, 'ports')
    .map((it) => Number(it.hostPort ?? 0))
    .filter((port) => port !== 0);

const hostPorts = ofContainers(
  'hostPort',
  (container) => hostPortsOf(container).length > 0,
  (bad) => {
    const ports = [...new Set(bad.flatMap(hostPortsOf))].toSorted((one, other) => one - other);
    return `${named(bad)} ${plural(bad.length, 'uses', 'use')} ${plural(ports.length, 'hostPort')} ${ports.join(', ')}`;
  },
);

const handlers = (container: JsonObject): readonly JsonObject[] => [
  ...['livenessProbe', 'readinessProbe', 'startupProbe'].map((it) => memberOf(container, it)),
  ...['postStart', 'preStop'].map((it) => memberOf(memberOf(container, 'lifecycle'), it)),
];

const hostsOf = (container: JsonObject): readonly string[] =>
  handlers(container)
    .flatMap((it) => [textOf(memberOf(it, 'httpGet'), 'host'), textOf(memberOf(it, 'tcpSocket'), 'host')])
    .filter((host) => host !== '');

const probeHosts = ofContainers(
  'probe or lifecycle host',
  (container) => hostsOf(container).length > 0,
  (bad) =>
    `${named(bad)} ${plural(bad.length, 'uses', 'use')} ${plural(distinct(bad.flatMap(hostsOf)).length, 'host')} ${quoted(distinct(bad.flatMap(hostsOf)))}`,
);

/** What the pod says holds for its containers unless they say something. */
const holders = ({ spec, containers }: PodOf): readonly (readonly [name: string, security: JsonObject])[] => [
  ['pod', securityOf(spec)],
  ...containers.map((it) => [`container ${JSON.stringify(textOf(it, 'name'))}`, securityOf(it)] as const),
];

const appArmor: Check = (pod) => {
  const prefix = 'container.apparmor.security.beta.kubernetes.io/';
  const isAllowed = (profile: string) =>
    profile === '' || profile === 'runtime/default' || profile.startsWith('localhost/');
  const annotations = Object.entries(pod.annotations)
    .filter(([key, value]) => key.startsWith(prefix) && !isAllowed(String(value)))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  const fields = holders(pod)
    .filter(([, security]) => textOf(memberOf(security, 'appArmorProfile'), 'type') === 'Unconfined')
    .map(([name]) => `${name} must not set AppArmor profile type to "Unconfined"`);
  const bad = [...annotations.toSorted(), ...fields];
  return bad.length === 0 ? undefined : { reason: 'forbidden AppArmor profile', detail: bad.join(' and ') };
};

const seLinuxTypes = new Set([
  '',
  'container_engine_t',
  'container_init_t',
  'container_kvm_t',
  'container_t',
]);

const seLinux: Check = (pod) => {
  const bad = holders(pod).flatMap(([name, security]) => {
    const options = memberOf(security, 'seLinuxOptions');
    const wrong: string[] = [];
    const type = textOf(options, 'type');
    if (!seLinuxTypes.has(type)) wrong.push(`type ${JSON.stringify(type)}`);
    for (const field of ['user', 'role'])
      if (textOf(options, field) !== '') wrong.push(`${field} may not be set`);
    return wrong.map((it) => `${name} set forbidden securityContext.seLinuxOptions: ${it}`);
  });
  return bad.length === 0 ? undefined : { reason: 'seLinuxOptions', detail: bad.join('; ') };
};

const procMount = ofContainers(
  'procMount',
  (container, { spec }) =>
    !['', 'Default'].includes(textOf(securityOf(container), 'procMount')) && spec.hostUsers !== false,
  (bad) =>
    `${named(bad)} must not set securityContext.procMount to ${quoted(distinct(bad.map((it) => textOf(securityOf(it), 'procMount'))))}`,
);

const seccompOf = (security: JsonObject): string => textOf(memberOf(security, 'seccompProfile'), 'type');

const baselineSeccomp: Check = (pod) => {
  const bad = holders(pod)
    .filter(([, security]) => seccompOf(security) === 'Unconfined')
    .map(([name]) => name);
  if (bad.length === 0) return undefined;
  return {
    reason: 'seccompProfile',
    detail: `${bad.join(' and ')} must not set securityContext.seccompProfile.type to "Unconfined"`,
  };
};

const safeSysctls = new Set([
  ...['kernel.shm_rmid_forced', 'net.ipv4.ip_local_port_range', 'net.ipv4.ip_local_reserved_ports'],
  ...['net.ipv4.ip_unprivileged_port_start', 'net.ipv4.ping_group_range', 'net.ipv4.tcp_fin_timeout'],
  ...['net.ipv4.tcp_keepalive_intvl', 'net.ipv4.tcp_keepalive_probes', 'net.ipv4.tcp_keepalive_time'],
  ...['net.ipv4.tcp_rmem', 'net.ipv4.tcp_syncookies', 'net.ipv4.tcp_wmem'],
]);

const sysctls: Check = ({ spec }) => {
  const bad = objectsIn(securityOf(spec), 'sysctls')
    .map((it) => textOf(it, 'name'))
    .filter((name) => !safeSysctls.has(name));
  return bad.length === 0 ? undefined : { reason: 'forbidden sysctls', detail: bad.join(', ') };
};

const hostProcess: Check = (pod) => {
  const isOn = (security: JsonObject) => memberOf(security, 'windowsOptions').hostProcess === true;
  const bad = holders(pod)
    .filter(([, security]) => isOn(security))
    .map(([name]) => name);
  return bad.length === 0
    ? undefined
    : {
        reason: 'hostProcess',
        detail: `${bad.join(' and ')} must not set securityContext.windowsOptions.hostProcess=true`,
      };
};

const baseline: readonly Check[] = [
  ...[appArmor, baselineCapabilities, hostNamespaces, hostPath, hostPorts, probeHosts, privileged],
  ...[procMount, seLinux, baselineSeccomp, sysctls, hostProcess],
];

/** The restricted level has a stricter check of the same thing. */
const replaced = new Set<Check>([baselineCapabilities, baselineSeccomp]);

const escalation = ofContainers(
  'allowPrivilegeEscalation != false',
  (container) => securityOf(container).allowPrivilegeEscalation !== false,
  (bad) => `${named(bad)} must set securityContext.allowPrivilegeEscalation=false`,
);

const restrictedCapabilities: Check = (pod) => {
  const dropsAll = (it: JsonObject) =>
    listOf(memberOf(securityOf(it), 'capabilities'), 'drop').includes('ALL');
  const keeping = pod.containers.filter((it) => !dropsAll(it));
  const beyond = (it: JsonObject) => added(it).filter((name) => name !== 'NET_BIND_SERVICE');
  const adding = pod.containers.filter((it) => beyond(it).length > 0);
  const details: string[] = [];
  if (keeping.length > 0)
    details.push(`${named(keeping)} must set securityContext.capabilities.drop=["ALL"]`);
  if (adding.length > 0)
    details.push(
      `${named(adding)} must not include ${quoted(distinct(adding.flatMap(beyond)))} in securityContext.capabilities.add`,
    );
  return details.length === 0
    ? undefined
    : { reason: 'unrestricted capabilities', detail: details.join('; ') };
};

const allowedVolumes = new Set([
  ...['configMap', 'csi', 'downwardAPI', 'emptyDir', 'ephemeral', 'image', 'persistentVolumeClaim'],
  ...['projected', 'secret'],
]);

const volumeTypes: Check = ({ spec }) => {
  const typeOf = (volume: JsonObject) => Object.keys(volume).find((it) => it !== 'name') ?? 'unknown';
  const bad = objectsIn(spec, 'volumes').filter((it) => !allowedVolumes.has(typeOf(it)));
  if (bad.length === 0) return undefined;
  const types = distinct(bad.map(typeOf));
  return {
    reason: 'restricted volume types',
    detail: `${plural(bad.length, 'volume')} ${quoted(bad.map((it) => textOf(it, 'name')))} ${plural(bad.length, 'uses', 'use')} restricted volume ${plural(types.length, 'type')} ${quoted(types)}`,
  };
};

/** A setting of the pod for its containers, and what is told of those that do not have it. */
const inherited =
  (
    reason: string,
    isSet: (security: JsonObject) => boolean,
    isWrong: (security: JsonObject) => boolean,
    should: string,
  ): Check =>
  (pod) => {
    const wrong = holders(pod)
      .filter(([, security]) => isWrong(security))
      .map(([name]) => name);
    if (wrong.length > 0) return { reason, detail: `${wrong.join(' and ')} must not set ${should}` };
    if (isSet(securityOf(pod.spec))) return undefined;
    const silent = pod.containers.filter((it) => !isSet(securityOf(it)));
    return silent.length === 0 ? undefined : { reason, detail: `pod or ${named(silent)} must set ${should}` };
  };

const nonRoot: Check = (pod) => {
  const check = inherited(
    'runAsNonRoot != true',
    (security) => security.runAsNonRoot === true,
    () => false,
    'securityContext.runAsNonRoot=true',
  );
  const wrong = holders(pod)
    .filter(([, security]) => security.runAsNonRoot === false)
    .map(([name]) => name);
  return wrong.length > 0
    ? {
        reason: 'runAsNonRoot != true',
        detail: `${wrong.join(' and ')} must not set securityContext.runAsNonRoot=false`,
      }
    : check(pod);
};

const notUserZero: Check = (pod) => {
  const bad = holders(pod)
    .filter(([, security]) => security.runAsUser === 0)
    .map(([name]) => name);
  return bad.length === 0
    ? undefined
    : { reason: 'runAsUser=0', detail: `${bad.join(' and ')} must not set runAsUser=0` };
};

const restrictedSeccomp: Check = (pod) => {
  const unconfined = baselineSeccomp(pod);
  if (unconfined !== undefined) return unconfined;
  const isSet = (security: JsonObject) => ['Localhost', 'RuntimeDefault'].includes(seccompOf(security));
  return inherited(
    'seccompProfile',
    isSet,
    () => false,
    'securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"',
  )(pod);
};

const restricted: readonly Check[] = [
  ...[escalation, restrictedCapabilities, volumeTypes, nonRoot, notUserZero, restrictedSeccomp],
];
