import { parse } from 'yaml';
import { invalidParameter } from '../errors.ts';
import type { AddonName } from './catalogue.ts';
import { configurationSchemaOf, schemaErrors } from './configuration-schema.ts';

interface About {
  readonly clusterName: string;
  readonly addonName: string;
}

/** What can be configured of an add-on, as a JSON schema. */
export const configurationSchema = (name: AddonName): string =>
  JSON.stringify({
    ...{ $schema: 'http://json-schema.org/draft-06/schema#', title: name },
    ...configurationSchemaOf(name),
  });

/** @param text JSON or YAML; `''`: nothing is configured. @throws InvalidParameterException it is not of the schema. */
export function checkConfiguration(name: AddonName, text: string, about: About): void {
  if (text === '') return;
  const errors = schemaErrors(parsed(text, about), configurationSchemaOf(name));
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
