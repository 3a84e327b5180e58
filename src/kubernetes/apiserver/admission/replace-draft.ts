import type { Draft } from '../../kinds/kind.ts';
import { kindOf } from '../../kinds/kinds.ts';
import type { JsonObject } from '../../objects/object.ts';
import { readMade } from '../read-body.ts';
import { type Attributes, writtenKind } from './attributes.ts';

/** Makes of a draft what a rule has made of it, as its kind has it. @throws {ApiError} it is not of the kind. */
export function replaceDraft(draft: Draft, attributes: Attributes, object: JsonObject): void {
  const { resource } = attributes;
  const kind = writtenKind(attributes);
  const { metadata, ...members } = readMade(kind, object);
  for (const name of Object.keys(draft))
    if (name !== 'metadata' && !Object.hasOwn(members, name)) delete draft[name];
  Object.assign(draft, structuredClone(members));
  draft.metadata = structuredClone((metadata ?? {}) as Record<string, unknown>);
  if (kind === resource) kindOf(resource).defaults?.(draft);
}
