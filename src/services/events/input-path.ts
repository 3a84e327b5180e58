/** The paths that can be followed: `$`, and names after dots. */
export const inputPathPattern = /^\$(\.[A-Za-z0-9_-]+)*$/;

/** The part of an event that `$.detail.taskArn` names; undefined when there is none. */
export function partOf(event: object, path: string): unknown {
  let part: unknown = event;
  for (const name of path.split('.').slice(1)) {
    if (typeof part !== 'object' || part === null || !Object.hasOwn(part, name)) return undefined;
    part = Reflect.get(part, name);
  }
  return part;
}
