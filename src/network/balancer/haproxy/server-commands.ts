import type { TargetGroupPlan } from '../../../balancing/index.ts';
import { endsConnections } from '../targets.ts';
import type { ServerState, Slots } from './slots.ts';
import { isInMaintenance, type ServerStatistics } from './statistics.ts';

/** What a running HAProxy has to be told so that a group's servers are as they shall be; nothing when they are. */
export function serverCommands(
  group: TargetGroupPlan,
  { servers }: Slots,
  /** By `<backend>/<server>`. */
  actual: ReadonlyMap<string, ServerStatistics>,
): string[] {
  return servers.flatMap(({ target, main, spare }, index) =>
    (
      [
        [`t-${group.id}/s${index + 1}`, main],
        [`t-${group.id}/o${index + 1}`, spare],
      ] as const
    ).flatMap(([name, wanted]) => {
      const known = actual.get(name);
      if (known === undefined) return [];
      if (target !== undefined) return changes(name, wanted, known);
      return endings(name, known, endsConnections(group));
    }),
  );
}

function changes(name: string, { address, port, isReady }: ServerState, known: ServerStatistics): string[] {
  const isElsewhere = known.place !== `${address}:${port}`;
  let isMaintained = isInMaintenance(known);
  const commands: string[] = [];
  if (!isMaintained && (isElsewhere || !isReady)) {
    commands.push(`set server ${name} state maint`);
    isMaintained = true;
  }
  if (isElsewhere) commands.push(`set server ${name} addr ${address} port ${port}`);
  if (isMaintained && isReady) commands.push(`set server ${name} state ready`);
  return commands;
}

function endings(name: string, known: ServerStatistics, isEnd: boolean): string[] {
  return [
    ...(isInMaintenance(known) ? [] : [`set server ${name} state maint`]),
    ...(isEnd && known.current > 0 ? [`shutdown sessions server ${name}`] : []),
  ];
}
