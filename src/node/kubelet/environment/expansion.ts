import type { PodContainer } from '../objects/pod.ts';

type Lookup = (name: string) => string | undefined;

/** What there may still be of texts. */
export interface TextRoom {
  characters: number;
}

/** As much as Linux lets a program have of arguments and environment together. */
const mostCharacters = 2_097_152;

/** For one container's environment, or its command: what is short where it is written may come to any length. */
export const textRoom = (): TextRoom => ({ characters: mostCharacters });

/** @throws {Error} There is not so much. */
export function takeRoom(room: TextRoom, characters: number): void {
  room.characters -= characters;
  if (room.characters < 0)
    throw new Error(`argument list too long: it comes to more than ${mostCharacters} characters`);
}

/**
 * Puts values in for the references `$(NAME)` of a text. `$$` stands for `$`, so that `$$(NAME)` is the text `$(NAME)`;
 * a reference to what is unknown stays as it is written, and so does one that never ends.
 * @throws {Error} There is no room for all of it.
 */
export function expand(text: string, lookup: Lookup, room = textRoom()): string {
  // Behind it no reference ends: to look for an end from each beginning would take for ever.
  const end = text.lastIndexOf(')') + 1;
  const expanded = text.slice(0, end).replaceAll(/\$(?:\$|\(([^)]*)\))/g, (written, name?: string) => {
    if (name === undefined) return '$';
    const value = lookup(name) ?? written;
    takeRoom(room, value.length);
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
  const room = textRoom();
  const expanded = (text: string): string => expand(text, (name) => environment.get(name), room);
  return { command: command.map(expanded), args: args.map(expanded) };
}
