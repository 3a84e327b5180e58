import type { Logging, LogType } from '@aws-sdk/client-eks';
import { invalidParameter, unsupported } from '../errors.ts';
import type { LoggedType } from '../records.ts';

/** Those whose logs a control plane of EKS can write. */
export const logTypes: readonly LogType[] = [
  'api',
  'audit',
  'authenticator',
  'controllerManager',
  'scheduler',
];
const loggedTypes: readonly LoggedType[] = ['api', 'audit', 'authenticator'];

/**
 * Whose logs are written when this was asked for; what is not named stays as it is.
 * @throws InvalidParameterException
 */
export function readLogging(
  { clusterLogging = [] }: Logging,
  before: readonly LoggedType[],
): readonly LoggedType[] {
  const wanted = new Set<string>(before);
  for (const { types = [], enabled = false } of clusterLogging) {
    for (const type of types) {
      if (!logTypes.includes(type))
        throw invalidParameter(`Invalid log type: ${type}. It must be one of ${logTypes.join(', ')}`);
      const isWritten = loggedTypes.some((it) => it === type);
      if (enabled && !isWritten) throw unsupported(`Logs of the type ${type} are`);
      if (enabled) wanted.add(type);
      else wanted.delete(type);
    }
  }
  return loggedTypes.filter((it) => wanted.has(it));
}

/** As DescribeCluster shows it. */
export function loggingView(enabled: readonly LoggedType[] = []): Logging {
  const disabled = logTypes.filter((type) => !enabled.some((it) => it === type));
  return {
    clusterLogging: [
      ...(enabled.length > 0 ? [{ types: [...enabled], enabled: true }] : []),
      { types: disabled, enabled: false },
    ],
  };
}
