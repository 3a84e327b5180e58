import { parse } from 'yaml';
import { invalidParameter } from '../errors.ts';
import type { AddonName } from './catalogue.ts';

interface About {
  readonly clusterName: string;
  readonly addonName: string;
}

/**
 * What can be configured of an add-on, as a JSON schema: nothing so far. Where a key of AWS's is to be listed here, what it
 * sets has to have its effect.
 */
export const configurationSchema = (name: AddonName): string =>
  JSON.stringify({
    $schema: 'http://json-schema.org/draft-06/schema#',
    ...{ title: name, type: 'object', additionalProperties: false, properties: {} },
  });

/** @param text JSON or YAML; `''`: nothing is configured. @throws InvalidParameterException it is not of the schema. */
export function checkConfiguration(text: string, about: About): void {
  if (text === '') return;
  const errors = errorsOf(parsed(text, about));
  if (errors.length === 0) return;
  throw invalidParameter(
    `ConfigurationValue provided in request is not supported: Json schema validation failed with error: [${errors.join(', ')}]`,
    about,
  );
}

function parsed(text: string, about: About): unknown {
  try {
    return parse(text);
  } catch {
    throw invalidParameter(
      'ConfigurationValue provided in request is not supported: it is neither JSON nor YAML',
      about,
    );
  }
}

function errorsOf(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return [`$: ${typeName(value)} found, object expected`];
  return Object.keys(value).map(
    (key) => `$.${key}: is not defined in the schema and the schema does not allow additional properties`,
  );
}

function typeName(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
}
