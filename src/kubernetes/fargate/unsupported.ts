import { type JsonObject, memberOf, objectsIn, textOf } from '../objects/object.ts';

/** What of a pod's volumes Fargate has; each is a member of the volume beside its name. */
const volumeTypes = new Set(['configMap', 'downwardAPI', 'emptyDir', 'projected', 'secret']);
const hostFields = [
  ['hostNetwork', 'HostNetwork'],
  ['hostPID', 'HostPID'],
  ['hostIPC', 'HostIPC'],
] as const;
const resources = new Set(['cpu', 'ephemeral-storage', 'memory']);

/** What a pod asks for that no pod on Fargate has, in the words of its event; undefined: nothing. */
export function unsupportedOnFargate(spec: JsonObject): string | undefined {
  const containers = ['initContainers', 'containers'].flatMap((list) => objectsIn(spec, list));
  const fields = hostFields.flatMap(([field, shown]) => (spec[field] === true ? [shown] : []));
  const isPrivileged = containers.some(
    (container) => memberOf(container, 'securityContext').privileged === true,
  );
  const hasHostPort = containers
    .flatMap((container) => objectsIn(container, 'ports'))
    .some(({ hostPort = 0, hostIP = '' }) => hostPort !== 0 || hostIP !== '');
  const others = new Set(
    containers.flatMap((container) =>
      ['requests', 'limits'].flatMap((member) =>
        Object.keys(memberOf(memberOf(container, 'resources'), member)).filter(
          (name) => !resources.has(name),
        ),
      ),
    ),
  );
  const volumes = objectsIn(spec, 'volumes').filter(
    (volume) => !Object.keys(volume).some((member) => volumeTypes.has(member)),
  );
  const obstacles = [
    ...(fields.length > 0 ? [`fields not supported: ${fields.join(', ')}`] : []),
    ...(isPrivileged ? ['invalid SecurityContext fields: Privileged'] : []),
    ...(hasHostPort ? ['port contains HostIP or HostPort'] : []),
    ...(others.size > 0 ? [`resources not supported: ${[...others].join(', ')}`] : []),
    ...(volumes.length > 0
      ? [
          `volumes not supported: ${volumes.map((volume) => `${textOf(volume, 'name')} is of an unsupported volume Type`).join(', ')}`,
        ]
      : []),
  ];
  return obstacles.length === 0 ? undefined : `Pod not supported on Fargate: ${obstacles.join(', ')}`;
}
