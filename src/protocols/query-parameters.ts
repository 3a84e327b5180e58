import { Unreadable } from './unreadable.ts';

/**
 * The parameters of a query request as the tree that their dotted names draw:
 * `Filter.1.Name=a&Filter.1.Value.1=b` is `Filter { 1 { Name: a, Value { 1: b } } }`.
 */
export interface ParameterNode {
  /** The whole dotted name, for messages. */
  readonly path: string;
  value: string | undefined;
  readonly children: Map<string, ParameterNode>;
}

const maxParameters = 10_000;
/** No input of AWS's models has a name of more parts. */
const maxNameParts = 40;

/**
 * Reads the body of a form (or the query of a GET).
 * @throws {Unreadable} it is not percent-encoded UTF-8, or has more parameters or parts than any request needs.
 */
export function parseParameters(form: string): ParameterNode {
  const root = newNode('');
  let count = 0;
  let start = 0;
  while (start < form.length) {
    const found = form.indexOf('&', start);
    const end = found === -1 ? form.length : found;
    if (end > start) {
      count += 1;
      if (count > maxParameters)
        throw new Unreadable(`The request has more than ${maxParameters} parameters`);
      const equals = form.indexOf('=', start);
      const nameEnd = equals === -1 || equals > end ? end : equals;
      const name = decode(form.slice(start, nameEnd));
      place(root, name, nameEnd < end ? decode(form.slice(nameEnd + 1, end)) : '');
    }
    start = end + 1;
  }
  return root;
}

/** The value of a parameter with a plain name, e.g. `Action`. */
export function parameter(root: ParameterNode, name: string): string | undefined {
  return root.children.get(name)?.value;
}

function place(root: ParameterNode, name: string, value: string): void {
  const parts = name.split('.', maxNameParts + 1);
  if (parts.length > maxNameParts)
    throw new Unreadable(`A parameter's name has more than ${maxNameParts} parts`);
  let node = root;
  for (const part of parts) {
    let child = node.children.get(part);
    if (child === undefined) {
      child = newNode(node === root ? part : `${node.path}.${part}`);
      node.children.set(part, child);
    }
    node = child;
  }
  node.value = value;
}

function newNode(path: string): ParameterNode {
  return { path, value: undefined, children: new Map() };
}

function decode(text: string): string {
  if (!/[%+]/.test(text)) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw new Unreadable('A parameter is not percent-encoded UTF-8');
  }
}
