import { type Environment, Optional } from '@marcbachmann/cel-js';
import { isOfFormat } from '../../custom-resources/schema/formats.ts';
import {
  type NamePattern,
  namePatterns,
  wordsAgainst,
  wordsAgainstLabelKey,
} from '../../validation/name-forms.ts';

/** Kubernetes' named formats of texts: `format.dns1123Label().validate(text)` is what is wrong with a text, if anything is. */
export function addFormats(environment: Environment): void {
  const [library, type] = ['kubernetes.FormatLibrary', 'kubernetes.NamedFormat'];
  environment
    .registerType(library, { ctor: FormatLibrary, fields: {} })
    .registerType(type, { ctor: Format, fields: {} })
    .registerConstant('format', library, new FormatLibrary())
    .registerFunction(`${library}.named(string): optional<${type}>`, (_: unknown, name: string) =>
      Optional.of(formats.get(name)),
    )
    .registerFunction(`${type}.validate(string): optional<list<string>>`, (format: Format, text: string) => {
      const words = format.validate(text);
      return words.length === 0 ? Optional.none() : Optional.of(words);
    });
  for (const [name, format] of formats)
    environment.registerFunction(`${library}.${name}(): ${type}`, () => format);
}

class FormatLibrary {}

class Format {
  /** @returns what is wrong with a text, in upstream's words. */
  readonly validate: (text: string) => readonly string[];

  constructor(validate: Format['validate']) {
    this.validate = validate;
  }
}

const named = (pattern: NamePattern): Format => new Format((text) => wordsAgainst(pattern, text));
/** What a generated name begins with: it may end in a dash, for more follows. */
const prefix = (pattern: NamePattern): Format =>
  new Format((text) => wordsAgainst(pattern, text.endsWith('-') ? `${text.slice(0, -1)}a` : text));
const ofFormat = (name: string, words: string): Format =>
  new Format((text) => (isOfFormat(name, text) ? [] : [words]));

const formats: ReadonlyMap<string, Format> = new Map([
  ['dns1123Label', named(namePatterns['dns-label'])],
  ['dns1123Subdomain', named(namePatterns['dns-subdomain'])],
  ['dns1035Label', named(namePatterns['dns-label-1035'])],
  ['qualifiedName', new Format(wordsAgainstLabelKey)],
  ['dns1123LabelPrefix', prefix(namePatterns['dns-label'])],
  ['dns1123SubdomainPrefix', prefix(namePatterns['dns-subdomain'])],
  ['dns1035LabelPrefix', prefix(namePatterns['dns-label-1035'])],
  ['labelValue', named(namePatterns['label-value'])],
  [
    'uri',
    new Format((text) =>
      isOfFormat('uri', text) ? [] : [`parse ${JSON.stringify(text)}: invalid URI for request`],
    ),
  ],
  ['uuid', ofFormat('uuid', 'does not match the UUID format')],
  ['byte', ofFormat('byte', 'invalid base64')],
  ['date', ofFormat('date', 'invalid date')],
  ['datetime', ofFormat('datetime', 'invalid datetime')],
]);
