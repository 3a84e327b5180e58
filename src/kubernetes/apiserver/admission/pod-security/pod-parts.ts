import { type JsonObject, memberOf, objectsIn, textOf } from '../../../objects/object.ts';

/** What of a pod a level does not allow: `hostPort (container "c" uses hostPort 80)`. */
export interface Violation {
  readonly reason: string;
  readonly detail: string;
}

export type Check = (pod: PodOf) => Violation | undefined;

/** A pod's parts as checks look at them. */
export interface PodOf {
  readonly spec: JsonObject;
  readonly annotations: JsonObject;
  readonly containers: readonly JsonObject[];
}

/** @param metadata Of the pod, or of its template. */
export const podOf = (metadata: object, spec: JsonObject): PodOf => ({
  spec,
  annotations: memberOf(metadata, 'annotations'),
  containers: ['initContainers', 'containers', 'ephemeralContainers'].flatMap((it) => objectsIn(spec, it)),
});

export const securityOf = (of: JsonObject): JsonObject => memberOf(of, 'securityContext');
export const nameOf = (of: JsonObject): string => textOf(of, 'name');
export const quoted = (texts: readonly string[]): string => texts.map((it) => JSON.stringify(it)).join(', ');
export const plural = (count: number, one: string, many = `${one}s`): string => (count === 1 ? one : many);
export const distinct = (texts: readonly string[]): readonly string[] => [...new Set(texts)].toSorted();

/** `containers "a", "b"` */
export const named = (containers: readonly JsonObject[]): string =>
  `${plural(containers.length, 'container')} ${quoted(containers.map(nameOf))}`;

/** A check of single containers. */
export const ofContainers =
  (
    reason: string,
    isBad: (container: JsonObject) => boolean,
    detail: (bad: readonly JsonObject[]) => string,
  ): Check =>
  (pod) => {
    const bad = pod.containers.filter(isBad);
    return bad.length === 0 ? undefined : { reason, detail: detail(bad) };
  };

/** Who has a security context of that kind: `pod and container "c"`; `''`: nobody. */
export function settersOf({ spec, containers }: PodOf, isBad: (security: JsonObject) => boolean): string {
  const bad = containers.filter((it) => isBad(securityOf(it)));
  return [...(isBad(securityOf(spec)) ? ['pod'] : []), ...(bad.length > 0 ? [named(bad)] : [])].join(' and ');
}

/** What the pod and its containers say of something in their security contexts; once each. */
export const saidBy = (
  { spec, containers }: PodOf,
  of: (security: JsonObject) => string,
): readonly string[] => distinct([spec, ...containers].map((it) => of(securityOf(it))));

export const seccompOf = (security: JsonObject): string =>
  textOf(memberOf(security, 'seccompProfile'), 'type');

/** Its users are none of the machine’s. */
export const hasUserNamespace = ({ spec }: PodOf): boolean => spec.hostUsers === false;
