import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { allMessages, metaPackage } from '../../schema/messages.ts';

/** What Kubernetes' own documentation says of a message. */
export interface MessageDocumentation {
  readonly description: string;
  readonly fields: ReadonlyMap<string, FieldDocumentation>;
}

export interface FieldDocumentation {
  readonly description: string;
  readonly isRequired: boolean;
}

/** By the names of the messages. Of a few nothing is known, as of those of the metrics server. */
export type Documentation = ReadonlyMap<string, MessageDocumentation>;

let read: Promise<Documentation> | undefined;

/**
 * Read when it is first asked for, from the declarations of `kubernetes-models`, which are made of upstream's OpenAPI documents:
 * a file for each message, whose comments are the descriptions. None of that package's code is loaded.
 */
export function readDocumentation(): Promise<Documentation> {
  read ??= readAll().catch((error: unknown) => {
    read = undefined;
    throw error;
  });
  return read;
}

/** What `apiVersion` and `kind` mean is the same for all; declarations of kinds have their values instead. */
export function describedType(documentation: Documentation) {
  const described = (name: string) => ({
    description: descriptionOf(documentation, `${metaPackage}.DeleteOptions`, name),
    type: 'string',
  });
  return { apiVersion: described('apiVersion'), kind: described('kind') };
}

/** Of a message, or of one of its fields; empty: there is none. */
export function descriptionOf(documentation: Documentation, message: string, field?: string): string {
  const found = documentation.get(message);
  return (field === undefined ? found : found?.fields.get(field))?.description ?? '';
}

async function readAll(): Promise<Documentation> {
  const apis = dirname(fileURLToPath(import.meta.resolve('kubernetes-models')));
  const machinery = dirname(fileURLToPath(import.meta.resolve('@kubernetes-models/apimachinery')));
  /** By the first part of a group's name, which its messages are called by: `rbac` of `rbac.authorization.k8s.io`. */
  const folders = new Map((await readdir(apis)).map((name) => [name.split('.')[0] ?? '', join(apis, name)]));
  folders.set('core', apis);
  const fileOf = (message: string): string | undefined => {
    const path = message.split('.');
    if (message.startsWith('k8s.io.apimachinery.pkg.')) return `${join(machinery, ...path.slice(4))}.d.ts`;
    const folder = folders.get(path.at(-3) ?? '');
    return folder && `${join(folder, ...path.slice(-2))}.d.ts`;
  };
  const all = new Map<string, MessageDocumentation>();
  for (const message of allMessages()) {
    const file = fileOf(message);
    const text = file && (await readIfThere(file));
    const found = text && readDeclaration(text, basename(file, '.d.ts'));
    if (found) all.set(message, found);
  }
  return all;
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The comment, if there is one, before what it is about. */
const comment = String.raw`(?:\/\*\*\n((?: *\*(?!\/).*\n)*) *\*\/\n)?`;
/** Members of types within a declaration stand further to the right. */
const member = new RegExp(String.raw`^(?: {4}${comment.slice(3)} {4}"([^"]+)"(\?)?: `, 'gm');

/** @param name Of the message, without its package. */
function readDeclaration(text: string, name: string): MessageDocumentation | undefined {
  const begin = new RegExp(String.raw`^${comment}export (?:interface|type) I${name}\b(.*)`, 'm').exec(text);
  if (begin === null) return undefined;
  const [whole, description, declared = ''] = begin;
  const rest = text.slice(begin.index + whole.length);
  const members = declared.includes('{') ? rest.slice(0, rest.indexOf('\n}')).matchAll(member) : [];
  const isKind = declared.includes('TypeMeta');
  const fields = new Map<string, FieldDocumentation>();
  for (const [, said, field = '', optional] of members) {
    const isType = isKind && (field === 'apiVersion' || field === 'kind');
    if (!isType) fields.set(field, { description: textOf(said), isRequired: optional === undefined });
  }
  return { description: textOf(description), fields };
}

const textOf = (written = ''): string =>
  written
    .split('\n')
    .map((line) => line.replace(/^ *\* ?/, ''))
    .join('\n')
    .trim()
    .replaceAll(String.raw`*\/`, '*/');
