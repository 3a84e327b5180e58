import type { Json } from '../../store/index.ts';
import { goYamlError, goYamlTrouble, repeatedKeys } from './go-yaml.ts';
import { repeatedFields } from './repeated-fields.ts';
import { ApiError, badRequest, tooLarge } from './status.ts';

/** Loaded when the first client wants it: hardly any does. */
const load = () => import('yaml');

/** Copies of copies grow without end; upstream takes none that matter. */
const maxAliases = 100;
/** Half a second of work; what clients send in bulk is JSON or protobuf. */
const maxBytes = 512 * 1024;
/** What YAML 1.1 has and Kubernetes' reader has not: times, sets and numbers of base 60 stay texts and maps. */
const foreignTags = ['timestamp', 'binary', 'omap', 'pairs', 'set'];

/**
 * A document of YAML as Kubernetes reads it: by version 1.1, where `yes` is a truth.
 * @param repeated Gathers what is said of fields that are there more than once, e.g. `line 3: key "a" already set in map`.
 * @throws {ApiError} 400, 413
 */
export async function parseYaml(bytes: Buffer, repeated?: string[]): Promise<Json> {
  const text = bytes.toString('utf8');
  // Every JSON is YAML, and by far the most of it.
  if (/^\s*[{[]/.test(text)) {
    try {
      const parsed = JSON.parse(text) as Json;
      if (repeated === undefined || repeatedFields(text, parsed).length === 0) return parsed;
    } catch {
      // YAML in braces, perhaps.
    }
  }
  if (bytes.length > maxBytes) throw tooLarge(`limit of YAML is ${maxBytes}`);
  const { parseDocument, visit } = await load();
  try {
    const document = parseDocument(text, {
      ...{ version: '1.1', merge: true, uniqueKeys: false, logLevel: 'silent' },
      customTags: (tags) => tags.filter((tag) => typeof tag === 'string' || !isForeign(tag)),
    });
    const [error] = document.errors;
    if (error !== undefined) throw badRequest(`yaml: ${goYamlError(text, error)}`);
    repeated?.push(...repeatedKeys(text, document, visit));
    return document.toJS({ maxAliasCount: maxAliases }) as Json;
  } catch (error) {
    if (error instanceof ApiError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw badRequest(`yaml: ${goYamlTrouble(why)}`);
  }
}

export async function writeYaml(value: Json): Promise<string> {
  const { stringify } = await load();
  return stringify(value, {
    version: '1.1',
    sortMapEntries: true,
    aliasDuplicateObjects: false,
    lineWidth: 0,
  });
}

function isForeign({ tag, format }: { readonly tag: string; readonly format?: string }): boolean {
  return format === 'TIME' || foreignTags.includes(tag.slice(tag.lastIndexOf(':') + 1));
}
