import { ensured, itemsOf } from './kind.ts';

/** By the requests and limits of processors and memory of all containers. */
export function qosClass(spec: Record<string, unknown>): string {
  const containers = [...itemsOf(spec, 'containers'), ...itemsOf(spec, 'initContainers')];
  const given = containers.map((container) => ensured(container, 'resources'));
  const names = ['cpu', 'memory'];
  const of = (resources: Record<string, unknown>, which: string, name: string) =>
    (resources[which] as Record<string, unknown> | undefined)?.[name];
  if (
    given.every((it) =>
      names.every((name) => of(it, 'requests', name) === undefined && of(it, 'limits', name) === undefined),
    )
  )
    return 'BestEffort';
  const isGuaranteed = given.every((it) =>
    names.every(
      (name) => of(it, 'limits', name) !== undefined && of(it, 'requests', name) === of(it, 'limits', name),
    ),
  );
  return isGuaranteed ? 'Guaranteed' : 'Burstable';
}
