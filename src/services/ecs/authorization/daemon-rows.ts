import type { Reader } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import {
  clusterName,
  daemonArn,
  daemonFamily,
  daemonParts,
  daemonTaskDefinitionId,
  scopeOfArn,
  taskDefinitionArn,
} from '../arn.ts';
import { passDefinedRoles, tagOnCreate } from './asks.ts';
import { requestTags } from './request-keys.ts';
import { resourceTags } from './resource-keys.ts';
import { anyResource } from './resources.ts';
import type { EcsRows } from './row.ts';

/** Daemons of Managed Instances, and what they run. */
export function daemonRows(reader: Reader) {
  const tags = resourceTags(reader);
  return {
    CreateDaemon: {
      on: (input, call) => newDaemon(input, call),
      keys: [tags, requestTags],
      asks: [tagOnCreate('CreateDaemon', (input, call) => newDaemon(input, call)[0])],
    },
    DeleteDaemon: { on: namedDaemon, keys: [tags] },
    DeleteDaemonTaskDefinition: { on: namedDefinition, keys: [tags] },
    DescribeDaemon: { on: namedDaemon, keys: [tags] },
    DescribeDaemonDeployments: { on: (input) => ofHistory('daemon-deployment', input.daemonDeploymentArns) },
    DescribeDaemonRevisions: { on: (input) => ofHistory('daemon-revision', input.daemonRevisionArns) },
    DescribeDaemonTaskDefinition: { on: anyResource },
    ListDaemonDeployments: { on: namedDaemon, keys: [tags] },
    ListDaemons: { on: anyResource },
    ListDaemonTaskDefinitions: { on: anyResource },
    RegisterDaemonTaskDefinition: {
      on: ({ family }, call) => newFamily(family, call),
      keys: [requestTags],
      asks: [
        tagOnCreate('RegisterDaemonTaskDefinition', ({ family }, call) => newFamily(family, call)[0]),
        passDefinedRoles,
      ],
    },
    UpdateDaemon: { on: namedDaemon, keys: [tags] },
  } satisfies EcsRows;
}

const newDaemon = (
  { clusterArn, daemonName = '*' }: { clusterArn?: string | undefined; daemonName: string | undefined },
  call: Call,
): readonly string[] => [daemonArn(call, clusterName(clusterArn), daemonName)];

const newFamily = (family: string | undefined, call: Call): readonly string[] => [
  taskDefinitionArn(call, daemonFamily(family ?? ''), '*'),
];

/** @throws InvalidParameterException it is no daemon's. */
function namedDaemon({ daemonArn: arn }: { readonly daemonArn: string | undefined }): readonly string[] {
  daemonParts(arn, 'daemon');
  return [arn ?? ''];
}

function namedDefinition(
  { daemonTaskDefinition: named }: { readonly daemonTaskDefinition: string | undefined },
  call: Call,
): readonly string[] {
  const { family, revision } = daemonTaskDefinitionId(named);
  const of = named?.startsWith('arn:') ? scopeOfArn(named) : call;
  return [taskDefinitionArn(of, family, revision ?? '*')];
}

/** Their daemons as well as themselves. */
function ofHistory(
  type: 'daemon-deployment' | 'daemon-revision',
  arns: readonly string[] | undefined,
): readonly string[] {
  const named = (arns ?? []).flatMap((arn) => {
    const [cluster = '', daemon = ''] = daemonParts(arn, type);
    return [daemonArn(scopeOfArn(arn), cluster, daemon), arn];
  });
  return named.length === 0 ? ['*'] : named;
}
