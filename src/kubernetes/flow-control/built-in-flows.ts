import type { JsonObject } from '../objects/object.ts';
import type { Resource } from '../schema/catalogue.ts';
import { flowSchemas, priorityLevels } from './flow-objects.ts';
import {
  autoUpdateAnnotation,
  mandatoryLevels,
  mandatorySchemas,
  type NamedSpec,
  suggestedLevels,
  suggestedSchemas,
} from './mandatory.ts';

const bodyOf = ({ name, spec }: NamedSpec) => ({
  metadata: { name, annotations: { [autoUpdateAnnotation]: 'true' } },
  spec,
});

/** What every cluster has from the beginning, and again when it is deleted. */
export const builtInFlows: readonly {
  readonly resource: Resource;
  readonly bodies: readonly { readonly metadata: { readonly name: string }; readonly spec: JsonObject }[];
}[] = [
  { resource: priorityLevels, bodies: [...mandatoryLevels, ...suggestedLevels].map(bodyOf) },
  { resource: flowSchemas, bodies: [...mandatorySchemas, ...suggestedSchemas].map(bodyOf) },
];
