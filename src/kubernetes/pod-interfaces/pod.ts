import type { Pod } from '../controllers/objects.ts';
import { isJsonObject, memberOf } from '../objects/object.ts';
import { podEni } from './names.ts';

/** Whether a pod asks for an interface of its own. */
export const wantsInterface = (pod: Pod | undefined): boolean =>
  (pod?.spec.containers ?? []).some((container) => {
    const { resources } = container;
    return isJsonObject(resources) && memberOf(resources, 'limits')[podEni] !== undefined;
  });
