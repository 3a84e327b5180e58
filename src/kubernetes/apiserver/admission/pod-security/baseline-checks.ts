import { type JsonObject, memberOf, objectsIn, textOf, textsIn } from '../../../objects/object.ts';
import {
  type Check,
  distinct,
  hasUserNamespace,
  named,
  nameOf,
  ofContainers,
  type PodOf,
  plural,
  quoted,
  saidBy,
  seccompOf,
  securityOf,
  settersOf,
} from './pod-parts.ts';

/** Unless a check of the restricted level is told to stand for it, each holds there as well. */
export const appArmor: Check = (pod) => {
  const prefix = 'container.apparmor.security.beta.kubernetes.io/';
  const isAllowed = (profile: string) =>
    profile === '' || profile === 'runtime/default' || profile.startsWith('localhost/');
  const annotations = Object.entries(pod.annotations)
    .filter(([key, value]) => key.startsWith(prefix) && !isAllowed(String(value)))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .toSorted();
  const typeOf = (security: JsonObject) => textOf(memberOf(security, 'appArmorProfile'), 'type');
  const isBad = (type: string) => !['', 'Localhost', 'RuntimeDefault'].includes(type);
  const setters = settersOf(pod, (security) => isBad(typeOf(security)));
  const values = [...saidBy(pod, typeOf).filter(isBad), ...annotations];
  if (values.length === 0) return undefined;
  const by = [
    ...(setters === '' ? [] : [setters]),
    ...(annotations.length > 0 ? [plural(annotations.length, 'annotation')] : []),
  ];
  return {
    reason: plural(values.length, 'forbidden AppArmor profile'),
    detail: `${by.join(' and ')} must not set AppArmor profile type to ${values.map((it) => `"${it}"`).join(', ')}`,
  };
};

/** What a container adds to the capabilities that it has. */
export const added = (container: JsonObject): readonly string[] =>
  textsIn(memberOf(securityOf(container), 'capabilities'), 'add');

const defaultCapabilities = new Set([
  ...['AUDIT_WRITE', 'CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'MKNOD', 'NET_BIND_SERVICE'],
  ...['SETFCAP', 'SETGID', 'SETPCAP', 'SETUID', 'SYS_CHROOT'],
]);
const beyondDefault = (container: JsonObject): readonly string[] =>
  added(container).filter((name) => !defaultCapabilities.has(name));

export const capabilities = ofContainers(
  'non-default capabilities',
  (container) => beyondDefault(container).length > 0,
  (bad) =>
    `${named(bad)} must not include ${quoted(distinct(bad.flatMap(beyondDefault)))} in securityContext.capabilities.add`,
);

export const hostNamespaces: Check = ({ spec }) => {
  const used = ['hostNetwork', 'hostPID', 'hostIPC'].filter((it) => spec[it] === true);
  return used.length === 0
    ? undefined
    : { reason: 'host namespaces', detail: used.map((it) => `${it}=true`).join(', ') };
};

export const hostPathVolumes: Check = ({ spec }) => {
  const bad = objectsIn(spec, 'volumes').filter((it) => it.hostPath !== undefined);
  if (bad.length === 0) return undefined;
  return { reason: 'hostPath volumes', detail: `${plural(bad.length, 'volume')} ${quoted(bad.map(nameOf))}` };
};

const hostPortsOf = (container: JsonObject): readonly string[] =>
  objectsIn(container, 'ports')
    .map((it) => Number(it.hostPort ?? 0))
    .filter((port) => port !== 0)
    .map(String);

export const hostPorts = ofContainers(
  'hostPort',
  (container) => hostPortsOf(container).length > 0,
  (bad) => {
    const ports = distinct(bad.flatMap(hostPortsOf));
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

export const probeHosts = ofContainers(
  'probe or lifecycle host',
  (container) => hostsOf(container).length > 0,
  (bad) => {
    const [names, hosts] = [distinct(bad.map(nameOf)), distinct(bad.flatMap(hostsOf))];
    return `${plural(names.length, 'container')} ${quoted(names)} ${plural(names.length, 'uses', 'use')} ${plural(hosts.length, 'probe or lifecycle host')} ${quoted(hosts)}`;
  },
);

export const privileged = ofContainers(
  'privileged',
  (container) => securityOf(container).privileged === true,
  (bad) => `${named(bad)} must not set securityContext.privileged=true`,
);

const procMountOf = (container: JsonObject): string => textOf(securityOf(container), 'procMount');

export const procMount = ofContainers(
  'procMount',
  (container) => !['', 'Default'].includes(procMountOf(container)),
  (bad) =>
    `${named(bad)} must not set securityContext.procMount to ${quoted(distinct(bad.map(procMountOf)))}`,
);

/** What a pod's own users see of `/proc` is not the machine's. */
export const procMountUnlessOwnUsers: Check = (pod) => (hasUserNamespace(pod) ? undefined : procMount(pod));

/** @param types Of SELinux, that pods may have. */
export const seLinux =
  (types: ReadonlySet<string>): Check =>
  (pod) => {
    const optionsOf = (security: JsonObject) => memberOf(security, 'seLinuxOptions');
    const typeOf = (security: JsonObject) => textOf(optionsOf(security), 'type');
    const sets = (field: string) => saidBy(pod, (it) => textOf(optionsOf(it), field)).some((it) => it !== '');
    const setters = settersOf(
      pod,
      (security) =>
        !types.has(typeOf(security)) ||
        ['user', 'role'].some((field) => textOf(optionsOf(security), field) !== ''),
    );
    if (setters === '') return undefined;
    const wrong = saidBy(pod, typeOf).filter((it) => !types.has(it));
    const details = [
      ...(wrong.length > 0 ? [`${plural(wrong.length, 'type')} ${quoted(wrong)}`] : []),
      ...['user', 'role'].filter(sets).map((field) => `${field} may not be set`),
    ];
    return {
      reason: 'seLinuxOptions',
      detail: `${setters} set forbidden securityContext.seLinuxOptions: ${details.join('; ')}`,
    };
  };

export const seLinuxTypes = ['', 'container_t', 'container_init_t', 'container_kvm_t'];

const isWrongSeccomp = (type: string): boolean => !['', 'Localhost', 'RuntimeDefault'].includes(type);

export const seccomp: Check = (pod) => {
  const setters = settersOf(pod, (security) => isWrongSeccomp(seccompOf(security)));
  if (setters === '') return undefined;
  const values = saidBy(pod, seccompOf).filter(isWrongSeccomp);
  return {
    reason: 'seccompProfile',
    detail: `${setters} must not set securityContext.seccompProfile.type to ${quoted(values)}`,
  };
};

/** Before there were fields for it. */
export const seccompAnnotations: Check = (pod) => {
  const isAllowed = (value: string) =>
    value === 'runtime/default' || value === 'docker/default' || value.startsWith('localhost/');
  const keys = [
    'seccomp.security.alpha.kubernetes.io/pod',
    ...pod.containers.map((it) => `container.seccomp.security.alpha.kubernetes.io/${nameOf(it)}`),
  ];
  const bad = distinct(
    keys.flatMap((key) => {
      const value = pod.annotations[key];
      return typeof value !== 'string' || isAllowed(value) ? [] : [`${key}=${JSON.stringify(value)}`];
    }),
  );
  if (bad.length === 0) return undefined;
  return {
    reason: 'seccompProfile',
    detail: `forbidden ${plural(bad.length, 'annotation')} ${bad.join(', ')}`,
  };
};

/** @param safe Of the kernel's settings, those that a pod may make for itself. */
export const sysctls =
  (safe: ReadonlySet<string>): Check =>
  ({ spec }) => {
    const bad = objectsIn(securityOf(spec), 'sysctls')
      .map(nameOf)
      .filter((name) => !safe.has(name));
    return bad.length === 0 ? undefined : { reason: 'forbidden sysctls', detail: bad.join(', ') };
  };

export const hostProcess: Check = (pod: PodOf) => {
  const setters = settersOf(pod, (security) => memberOf(security, 'windowsOptions').hostProcess === true);
  return setters === ''
    ? undefined
    : {
        reason: 'hostProcess',
        detail: `${setters} must not set securityContext.windowsOptions.hostProcess=true`,
      };
};
