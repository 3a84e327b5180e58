const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const subdomain = String.raw`${label}(\.${label})*`;
const labelKeyName = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';

/** What a name looks like, and what is said of one that does not. */
export interface NamePattern {
  readonly pattern: RegExp;
  readonly maxLength: number;
  readonly words: string;
}

export const namePatterns = {
  'dns-label': {
    ...{ pattern: new RegExp(`^${label}$`), maxLength: 63 },
    words: `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '${label}')`,
  },
  'dns-label-1035': {
    ...{ pattern: /^[a-z]([-a-z0-9]*[a-z0-9])?$/, maxLength: 63 },
    words: `a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')`,
  },
  'dns-subdomain': {
    ...{ pattern: new RegExp(`^${subdomain}$`), maxLength: 253 },
    words: `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${subdomain}')`,
  },
  'config-key': {
    ...{ pattern: /^[-._a-zA-Z0-9]+$/, maxLength: 253 },
    words:
      "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
  },
  /** After the prefix and the slash, if there is one. */
  'label-key-name': {
    ...{ pattern: new RegExp(`^${labelKeyName}$`), maxLength: 63 },
    words: `name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${labelKeyName}')`,
  },
  'label-value': {
    ...{ pattern: new RegExp(`^(${labelKeyName})?$`), maxLength: 63 },
    words: `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(${labelKeyName})?')`,
  },
} as const satisfies Readonly<Record<string, NamePattern>>;

const nothing: readonly string[] = [];

/** What is wrong with a name; nothing where it is right. */
export function wordsAgainst({ pattern, maxLength, words }: NamePattern, name: string): readonly string[] {
  if (name.length <= maxLength && pattern.test(name)) return nothing;
  return [
    ...(pattern.test(name) ? [] : [words]),
    ...(name.length > maxLength ? [`must be no more than ${maxLength} bytes`] : []),
  ];
}

/** `[<prefix>/]<name>`: the keys of labels, annotations, taints. */
export function wordsAgainstLabelKey(key: string): readonly string[] {
  const parts = key.split('/');
  const [prefix, name = ''] = parts.length === 1 ? [undefined, parts[0]] : parts;
  const isWhole =
    parts.length <= 2 &&
    wordsAgainst(namePatterns['label-key-name'], name).length === 0 &&
    (prefix === undefined || wordsAgainst(namePatterns['dns-subdomain'], prefix).length === 0);
  return isWhole ? [] : [namePatterns['label-key-name'].words];
}
