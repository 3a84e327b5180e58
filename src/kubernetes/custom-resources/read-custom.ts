import { isJsonObject, type JsonObject } from '../objects/object.ts';
import { messageNamed, metaPackage } from '../schema/messages.ts';
import { MistypedError, readMessage } from '../schema/read-object.ts';
import type { CustomVersion } from './custom-version.ts';
import { pruneObject } from './schema/prune.ts';
import { readSchema } from './schema/schema.ts';

const objectMeta = messageNamed(`${metaPackage}.ObjectMeta`);

/**
 * An object of a custom kind: its metadata as every object has it, and of the rest what its schema specifies.
 * @param unknown Gathers the paths of fields that are not known: those of the metadata, and the others by name.
 * @throws {MistypedError}
 */
export function readCustomObject(version: CustomVersion, body: JsonObject, unknown: string[]): JsonObject {
  const { apiVersion, kind, metadata = {}, ...rest } = body;
  if (!isJsonObject(metadata))
    throw new MistypedError('json: cannot unmarshal into Go struct field metadata of type ObjectMeta');
  const pruned: string[] = [];
  const read = {
    ...(apiVersion !== undefined && { apiVersion }),
    ...(kind !== undefined && { kind }),
    metadata: readMessage(objectMeta, metadata, unknown, 'metadata'),
    ...pruneObject(readSchema(version.schema), rest, pruned),
  };
  unknown.push(...pruned.sort());
  return read;
}
