import { jsonEqual } from '../../store/index.ts';
import { type FieldError, forbiddenField, invalidValue, notFoundValue } from '../apiserver/status.ts';
import {
  copyOf,
  isJsonObject,
  type JsonObject,
  type KubernetesObject,
  listOf,
  memberOf,
  textOf,
} from '../objects/object.ts';
import { qosClass } from './qos-class.ts';

/** A pod with the ephemeral containers of another, and nothing else of it. */
export function withEphemeralContainers(present: KubernetesObject, asked: JsonObject): KubernetesObject {
  const ephemeralContainers = listOf(memberOf(asked, 'spec'), 'ephemeralContainers');
  return { ...present, spec: { ...memberOf(present, 'spec'), ephemeralContainers } };
}

/** What a container that is started into a running pod cannot have. */
const withheld = ['lifecycle', 'livenessProbe', 'ports', 'readinessProbe', 'resources', 'startupProbe'];

/** They come and stay. */
export function ephemeralContainerErrors(
  object: KubernetesObject,
  before: KubernetesObject,
): readonly FieldError[] {
  const path = 'spec.ephemeralContainers';
  const [spec, was] = [memberOf(object, 'spec'), listOf(memberOf(before, 'spec'), 'ephemeralContainers')];
  const containers = listOf(spec, 'ephemeralContainers').filter(isJsonObject);
  const errors: FieldError[] = [];
  for (const old of was.filter(isJsonObject)) {
    const kept = containers.find((it) => it.name === old.name);
    if (kept === undefined)
      errors.push(forbiddenField(path, `existing ephemeral containers "${old.name}" may not be removed`));
    else if (!jsonEqual(kept, old))
      errors.push(forbiddenField(path, `existing ephemeral containers "${old.name}" may not be changed`));
  }
  const names = [...listOf(spec, 'containers'), ...listOf(spec, 'initContainers')]
    .filter(isJsonObject)
    .map((it) => textOf(it, 'name'));
  for (const [index, container] of containers.entries()) {
    const at = `${path}[${index}]`;
    const target = textOf(container, 'targetContainerName');
    if (target !== '' && !names.includes(target))
      errors.push(notFoundValue(`${at}.targetContainerName`, target));
    for (const field of withheld)
      if (container[field] !== undefined && !jsonEqual(container[field], {}))
        errors.push(forbiddenField(`${at}.${field}`, 'cannot be set for an Ephemeral Container'));
  }
  return errors;
}

const sized = ['containers', 'initContainers'];

/** A pod whose containers, and which itself, have the resources of another. */
export function withResources(present: KubernetesObject, asked: JsonObject): KubernetesObject {
  const [spec, wanted] = [memberOf(present, 'spec'), memberOf(asked, 'spec')];
  const lists = sized
    .filter((list) => spec[list] !== undefined)
    .map((list) => [list, listOf(spec, list).map((container) => resized(container, listOf(wanted, list)))]);
  const resources = wanted.resources ?? spec.resources;
  return {
    ...present,
    spec: { ...spec, ...Object.fromEntries(lists), ...(resources !== undefined && { resources }) },
  };
}

function resized(container: unknown, wanted: readonly unknown[]): JsonObject {
  const members = isJsonObject(container) ? container : {};
  const other = wanted.filter(isJsonObject).find((it) => it.name === members.name);
  return other === undefined ? members : { ...members, resources: other.resources ?? {} };
}

/** Processors and memory may change, and not what class the pod is of. */
export function resizeErrors(object: KubernetesObject, before: KubernetesObject): readonly FieldError[] {
  const [spec, was] = [memberOf(object, 'spec'), memberOf(before, 'spec')];
  const errors: FieldError[] = [];
  for (const list of sized)
    for (const [index, container] of listOf(spec, list).entries()) {
      const [now, then] = [container, listOf(was, list)[index]].map((it) =>
        memberOf(isJsonObject(it) ? it : {}, 'resources'),
      );
      if (!jsonEqual(othersOf(now), othersOf(then)))
        errors.push(
          forbiddenField(`spec.${list}[${index}].resources`, 'only cpu and memory resources are mutable'),
        );
      for (const kind of ['limits', 'requests'])
        if (Object.keys(memberOf(then, kind)).some((name) => memberOf(now, kind)[name] === undefined))
          errors.push(
            forbiddenField(`spec.${list}[${index}].resources.${kind}`, `resource ${kind} cannot be removed`),
          );
    }
  const [classNow, classThen] = [spec, was].map((it) => qosClass(copyOf(it) as Record<string, unknown>));
  if (classNow !== classThen)
    errors.push(invalidValue('metadata', classNow, 'Pod QOS Class may not change as a result of resizing'));
  return errors;
}

/** All but processors and memory. */
function othersOf(resources: JsonObject | undefined): JsonObject {
  return Object.fromEntries(
    ['requests', 'limits'].map((list) => {
      const { cpu: _, memory: _2, ...others } = memberOf(resources, list);
      return [list, others];
    }),
  );
}
