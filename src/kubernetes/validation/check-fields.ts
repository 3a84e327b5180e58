import { type Json, jsonEqual } from '../../store/index.ts';
import { type FieldError, invalidValue, notSupported, required } from '../apiserver/status.ts';
import { isJsonObject, type JsonObject } from '../objects/object.ts';
import { type Field, type FieldType, findMessage, type Message, messageNamed } from '../schema/messages.ts';
import { fieldRules } from './field-rules.ts';
import { namePatterns, wordsAgainst, wordsAgainstLabelKey } from './name-forms.ts';

/** What is wrong with a value at a path. */
type Check = (value: Json, path: string) => readonly FieldError[];

interface CheckedField {
  readonly name: string;
  readonly isRequired: boolean;
  readonly isWhole: boolean;
  readonly checks: readonly Check[];
  readonly isList: boolean;
  /** What it is made of, where there is something to look for within. */
  readonly within: { readonly message: string; readonly isMap: boolean } | undefined;
}

/**
 * What is wrong with single fields of an object and of all that is in it, by `field-rules.ts`.
 * @param before What it was, which was found right: of its members those that stay as they are are not looked at again.
 */
export function fieldErrors(
  message: Message,
  value: Json,
  path = '',
  before?: JsonObject,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  gather(message, value, path, errors, before);
  if (errors.length === 0) return errors;
  const inOrder: FieldError[] = [];
  gather(message, value, path, inOrder, before, true);
  return inOrder;
}

/** @param isTold Something is wrong, and is told in the order of the kind's fields. Else it only matters whether there is. */
function gather(
  message: Message,
  value: Json,
  path: string,
  errors: FieldError[],
  before?: JsonObject,
  isTold = false,
): void {
  const object = isJsonObject(value) ? value : {};
  const look = (field: CheckedField): void => {
    const member = object[field.name] ?? undefined;
    if (member === undefined && !field.isRequired && !field.isWhole) return;
    if (before !== undefined && isUnchanged(before[field.name] ?? undefined, member)) return;
    gatherField(field, member, path === '' ? field.name : `${path}.${field.name}`, errors, isTold);
  };
  const { inOrder, byName, missed } = fieldsOf(message);
  if (isTold) {
    for (const field of inOrder) look(field);
    return;
  }
  // Of most of what a kind may have an object says nothing.
  for (const name in object) {
    const field = byName.get(name);
    if (field !== undefined) look(field);
  }
  for (const field of missed) if (!Object.hasOwn(object, field.name)) look(field);
}

const isUnchanged = (before: Json | undefined, after: Json | undefined): boolean =>
  before === undefined ? after === undefined : jsonEqual(before, after);

function gatherField(
  field: CheckedField,
  value: Json | undefined,
  path: string,
  errors: FieldError[],
  isTold: boolean,
): void {
  const { isRequired, isWhole, isList, within } = field;
  if (value === undefined || isEmpty(value)) {
    if (isRequired) errors.push(required(path));
    if (isWhole && within !== undefined)
      gather(messageNamed(within.message), {}, path, errors, undefined, isTold);
  } else if (isList && Array.isArray(value)) {
    for (const [index, item] of value.entries())
      gatherMember(field, item, `${path}[${index}]`, errors, isTold);
  } else if (within?.isMap === true && isJsonObject(value)) {
    for (const key in value) gatherMember(field, value[key] as Json, `${path}[${key}]`, errors, isTold);
  } else gatherMember(field, value, path, errors, isTold);
}

function gatherMember(
  { checks, within }: CheckedField,
  value: Json,
  path: string,
  errors: FieldError[],
  isTold: boolean,
): void {
  for (const check of checks) for (const error of check(value, path)) errors.push(error);
  if (within !== undefined) gather(messageNamed(within.message), value, path, errors, undefined, isTold);
}

/** As Go has what nobody wrote. Objects are something also without members. */
const isEmpty = (value: Json): boolean =>
  value === null || value === '' || (Array.isArray(value) && value.length === 0);

/** The fields of a message that there is something to say of. */
interface CheckedFields {
  readonly inOrder: readonly CheckedField[];
  readonly byName: ReadonlyMap<string, CheckedField>;
  /** Those that are looked at also where an object says nothing of them. */
  readonly missed: readonly CheckedField[];
}

const fieldsByMessage = new Map<Message, CheckedFields>();

function fieldsOf(message: Message): CheckedFields {
  const known = fieldsByMessage.get(message);
  if (known !== undefined) return known;
  const inOrder = [...message.fields.values()].flatMap((field) => {
    const words = rulesOf(message, field);
    const within = withinOf(field.type);
    if (words.length === 0 && within === undefined) return [];
    return [
      {
        ...{ name: field.name, isList: field.isList, within },
        isRequired: words.includes('required'),
        isWhole: words.includes('whole'),
        checks: words.filter((word) => word !== 'required' && word !== 'whole').map(checkOf),
      },
    ];
  });
  const found = {
    inOrder,
    byName: new Map(inOrder.map((field) => [field.name, field])),
    missed: inOrder.filter(({ isRequired, isWhole }) => isRequired || isWhole),
  };
  fieldsByMessage.set(message, found);
  return found;
}

/** A field's own, or those of the message that JSON does not show around it. */
function rulesOf(message: Message, field: Field): readonly string[] {
  const own = fieldRules[message.name]?.[field.name];
  return own === undefined ? [] : own.split(' ');
}

function withinOf(type: FieldType): CheckedField['within'] {
  const inner = type.kind === 'map' ? type.value : type;
  if (inner.kind !== 'message' || !isChecked(inner.message)) return undefined;
  return { message: inner.message, isMap: type.kind === 'map' };
}

/** Whether there is a rule for a message or anything in it; messages name each other in circles. */
const checked = new Map<string, boolean>();

function isChecked(name: string): boolean {
  const known = checked.get(name);
  if (known !== undefined) return known;
  checked.set(name, false);
  const found =
    fieldRules[name] !== undefined ||
    [...(findMessage(name)?.fields.values() ?? [])].some(({ type }) => {
      const inner = type.kind === 'map' ? type.value : type;
      return inner.kind === 'message' && isChecked(inner.message);
    });
  checked.set(name, found);
  return found;
}

function checkOf(word: string): Check {
  const [name = '', argument = ''] = word.split(':', 2);
  const known = checks[name];
  if (known !== undefined) return known(argument);
  if (!name.includes('|')) throw new Error(`${word} is no rule of a field`);
  const values = name.split('|').toSorted();
  return (value, path) => (values.includes(String(value)) ? [] : [notSupported(path, String(value), values)]);
}

/** A check that one number or text has to pass, and the words for one that does not. */
const unless =
  (holds: (value: Json) => boolean, words: string): Check =>
  (value, path) =>
    holds(value) ? [] : [invalidValue(path, value, words)];

const inRange = (
  least: number,
  most: number,
  words = `must be between ${least} and ${most}, inclusive`,
): Check => unless((value) => Number(value) >= least && Number(value) <= most, words);

const named =
  (form: keyof typeof namePatterns): (() => Check) =>
  () =>
  (value, path) =>
    wordsAgainst(namePatterns[form], String(value)).map((words) => invalidValue(path, value, words));

const port = inRange(1, 65_535);

const checks: Readonly<Record<string, (argument: string) => Check>> = {
  either: (argument) => {
    const values = argument.split('|');
    const words = `must be ${values.map((value) => `'${value}'`).join(' or ')}`;
    return unless((value) => values.includes(String(value)), words);
  },
  min: (argument) => {
    const least = Number(argument);
    const words = least === 0 ? 'must be greater than or equal to 0' : `must be greater than ${least - 1}`;
    return unless((value) => Number(value) >= least, words);
  },
  range: (argument) => {
    const [least = 0, most = 0] = argument.split('..').map(Number);
    return inRange(least, most);
  },
  port: () => port,
  mode: () => inRange(0, 0o777, 'must be a number between 0 and 0777 (octal), both inclusive'),
  percent: () => percentCheck,
  'dns-label': named('dns-label'),
  'dns-subdomain': named('dns-subdomain'),
  'config-key': named('config-key'),
  'label-key': () => (value, path) =>
    wordsAgainstLabelKey(String(value)).map((words) => invalidValue(path, value, words)),
  'port-name': () => (value, path) =>
    wordsAgainstPortName(String(value)).map((words) => invalidValue(path, value, words)),
  'port-or-name': () => (value, path) =>
    typeof value === 'number'
      ? port(value, path)
      : wordsAgainstPortName(String(value)).map((words) => invalidValue(path, value, words)),
  'relative-path': () => (value, path) => {
    if (String(value).startsWith('/')) return [invalidValue(path, value, 'must be a relative path')];
    return String(value).split('/').includes('..')
      ? [invalidValue(path, value, "must not contain '..'")]
      : [];
  },
};

/** A number, or a text such as `25%`. */
const percentCheck: Check = (value, path) => {
  if (typeof value === 'number')
    return value < 0 ? [invalidValue(path, value, 'must be greater than or equal to 0')] : [];
  return /^\d+%$/.test(String(value))
    ? []
    : [
        invalidValue(
          path,
          value,
          "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
        ),
      ];
};

/** Of a service type of IANA. */
function wordsAgainstPortName(name: string): readonly string[] {
  const errors: string[] = [];
  if (name.length > 15) errors.push('must be no more than 15 characters');
  if (!/^[-a-z0-9]+$/.test(name))
    errors.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  if (!/[a-z]/.test(name)) errors.push('must contain at least one letter (a-z)');
  if (name.includes('--')) errors.push('must not contain consecutive hyphens');
  if (name.startsWith('-') || name.endsWith('-')) errors.push('must not begin or end with a hyphen');
  return errors;
}
