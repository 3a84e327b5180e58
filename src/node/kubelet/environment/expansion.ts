import type { PodContainer } from '../objects/pod.ts';

type Lookup = (name: string) => string | undefined;

/**
 * Puts values in for the references `$(NAME)` of a text. `$$` stands for `$`, so that `$$(NAME)` is the text `$(NAME)`;
 * a reference to what is unknown stays as it is written, and so does one that never ends.
 */
export function expand(text: string, lookup: Lookup): string {
  return text.replaceAll(/\$(?:\$|\(([^)]*)\))/g, (written, name: string | undefined) =>
    name === undefined ? '$' : (lookup(name) ?? written),
  );
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
  const expanded = (text: string): string => expand(text, (name) => environment.get(name));
  return { command: command.map(expanded), args: args.map(expanded) };
}
