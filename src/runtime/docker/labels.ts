/** What the driver itself writes on everything it makes, so that a later process can tell what belongs together. */
export const sandboxLabel = 'catamaran.sandbox';
export const roleLabel = 'catamaran.role';
/** Where the sandbox's cgroup is, in the driver's own spelling (see cgroups.ts). */
export const cgroupLabel = 'catamaran.cgroup';
/** On which disk the sandbox's containers write (see disks.ts). */
export const diskLabel = 'catamaran.disk';

/**
 * `app`: a container of the caller's. `pause`: the container that holds a sandbox's namespaces. `probe`: one that is
 * only started to see whether it can be; `disk-probe`: one that is to write on a disk. `sandbox`: the empty volume that is a sandbox's record. `volume`: a volume
 * that dies with its sandbox. `shared`: one that does not, or a network. `image`: an image made here, which goes with the
 * last that uses it.
 */
export type Role = 'app' | 'pause' | 'probe' | 'disk-probe' | 'sandbox' | 'volume' | 'shared' | 'image';

/** Labels of an image that is nobody's but made for containers of ours: a purge takes it away. */
export const madeImageLabels: Readonly<Record<string, string>> = { [roleLabel]: 'image' satisfies Role };

const own: ReadonlySet<string> = new Set([sandboxLabel, roleLabel, cgroupLabel, diskLabel]);

/** The caller's labels, without the driver's. */
export function withoutOwn(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !own.has(name)));
}

/** The Engine's `filters` parameter for things that carry all of `labels` and a role. */
export function labelFilter(labels: Readonly<Record<string, string>>, role?: Role): string {
  const all = role === undefined ? labels : { ...labels, [roleLabel]: role };
  return JSON.stringify({ label: Object.entries(all).map(([name, value]) => `${name}=${value}`) });
}
