import type { PodContainer } from '../objects/pod.ts';

type Lookup = (name: string) => string | undefined;

/** What may still be put in for references. */
export interface ExpansionRoom {
  characters: number;
}

/** As much as Linux lets a program have of arguments and environment together. */
const mostCharacters = 2_097_152;

/** For the references of one container's environment, or of its command: each may double what those before it come to. */
export const expansionRoom = (): ExpansionRoom => ({ characters: mostCharacters });

/**
 * Puts values in for the references `$(NAME)` of a text. `$$` stands for `$`, so that `$$(NAME)` is the text `$(NAME)`;
 * a reference to what is unknown stays as it is written, and so does one that never ends.
 * @throws {Error} There is no room for all of it.
 */
export function expand(text: string, lookup: Lookup, room = expansionRoom()): string {
  // Behind it no reference ends: to look for an end from each beginning would take for ever.
  const end = text.lastIndexOf(')') + 1;
  const expanded = text.slice(0, end).replaceAll(/\$(?:\$|\(([^)]*)\))/g, (written, name?: string) => {
    if (name === undefined) return '$';
    const value = lookup(name) ?? written;
    room.characters -= value.length;
    if (room.characters < 0)
      throw new Error(`references come to more than ${mostCharacters} characters: argument list too long`);
    return value;
  });
  return expanded + text.slice(end).replaceAll('$$', () => '$');
}

/**
 * The same, where every reference must be known: in `subPathExpr`.
 * @throws {Error} in upstream's words for CreateContainerConfigError.
 */
export function expandKnown(text: string, lookup: Lookup): string {
  return expand(text, (name) => {
    const value = lookup(name);
    if (value === undefined) throw new Error(`missing value for ${JSON.stringify(name)}`);
    return value;
  });
}

/** `command` and `args` of a container with the values of its environment, service variables included. */
export function expandCommand(
  { command = [], args = [] }: Pick<PodContainer, 'command' | 'args'>,
  environment: ReadonlyMap<string, string>,
): { readonly command: readonly string[]; readonly args: readonly string[] } {
  const room = expansionRoom();
  const expanded = (text: string): string => expand(text, (name) => environment.get(name), room);
  return { command: command.map(expanded), args: args.map(expanded) };
}
