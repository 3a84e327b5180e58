import { type JsonObject, listOf, memberOf, objectsIn } from '../../../objects/object.ts';
import { added, seccomp } from './baseline-checks.ts';
import {
  type Check,
  distinct,
  hasUserNamespace,
  named,
  nameOf,
  ofContainers,
  plural,
  quoted,
  seccompOf,
  securityOf,
  settersOf,
} from './pod-parts.ts';

/** A check of what Windows does not have. */
export const unlessWindows =
  (check: Check): Check =>
  (pod) =>
    memberOf(pod.spec, 'os').name === 'windows' ? undefined : check(pod);

/** A check of what is harmless where the pod's users are its own. */
export const unlessOwnUsers =
  (check: Check): Check =>
  (pod) =>
    hasUserNamespace(pod) ? undefined : check(pod);

export const escalation = ofContainers(
  'allowPrivilegeEscalation != false',
  (container) => securityOf(container).allowPrivilegeEscalation !== false,
  (bad) => `${named(bad)} must set securityContext.allowPrivilegeEscalation=false`,
);

export const capabilities: Check = (pod) => {
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

export const volumeTypes: Check = ({ spec }) => {
  const typeOf = (volume: JsonObject) => Object.keys(volume).find((it) => it !== 'name') ?? 'unknown';
  const bad = objectsIn(spec, 'volumes').filter((it) => !allowedVolumes.has(typeOf(it)));
  if (bad.length === 0) return undefined;
  const types = distinct(bad.map(typeOf));
  return {
    reason: 'restricted volume types',
    detail: `${plural(bad.length, 'volume')} ${quoted(bad.map(nameOf))} ${plural(bad.length, 'uses', 'use')} restricted volume ${plural(types.length, 'type')} ${quoted(types)}`,
  };
};

/** What the pod has to say for its containers, or each of them for itself. */
const wanted =
  (reason: string, isSet: (security: JsonObject) => boolean, what: string): Check =>
  (pod) => {
    if (isSet(securityOf(pod.spec))) return undefined;
    const silent = pod.containers.filter((it) => !isSet(securityOf(it)));
    return silent.length === 0 ? undefined : { reason, detail: `pod or ${named(silent)} must set ${what}` };
  };

export const nonRoot: Check = (pod) => {
  const reason = 'runAsNonRoot != true';
  const setters = settersOf(pod, ({ runAsNonRoot }) => runAsNonRoot === false);
  if (setters !== '') return { reason, detail: `${setters} must not set securityContext.runAsNonRoot=false` };
  return wanted(
    reason,
    ({ runAsNonRoot }) => runAsNonRoot === true,
    'securityContext.runAsNonRoot=true',
  )(pod);
};

export const notUserZero: Check = (pod) => {
  const setters = settersOf(pod, ({ runAsUser }) => runAsUser === 0);
  return setters === ''
    ? undefined
    : { reason: 'runAsUser=0', detail: `${setters} must not set runAsUser=0` };
};

export const seccompProfile: Check = (pod) =>
  seccomp(pod) ??
  wanted(
    'seccompProfile',
    (security) => seccompOf(security) !== '',
    'securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"',
  )(pod);
