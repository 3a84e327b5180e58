import { parseQuantity } from '../../quantity.ts';
import type { Json } from '../../store/index.ts';
import {
  duplicate,
  type FieldError,
  forbiddenField,
  invalidValue,
  notFoundValue,
  notSupported,
  required,
} from '../apiserver/status.ts';
import { isJsonObject, type JsonObject, listOf, memberOf, numberOf, textOf } from '../objects/object.ts';
import { securityErrors } from './security-errors.ts';

/**
 * What is wrong with a pod's spec, or that of a template, beyond its single fields.
 * @param claimed Names of volumes that pods of the template have besides, as StatefulSets give them.
 */
export function podSpecErrors(
  spec: JsonObject,
  path: string,
  claimed: readonly string[] = [],
): readonly FieldError[] {
  const volumes = entriesOf(spec, 'volumes', path);
  const names = [...claimed, ...volumes.map(({ members }) => textOf(members, 'name'))];
  const containers = ['initContainers', 'containers', 'ephemeralContainers'].flatMap((list) =>
    entriesOf(spec, list, path),
  );
  return [
    ...duplicatesAmong(volumes, 'name'),
    ...volumes.flatMap(({ members, at }) => volumeErrors(members, at)),
    ...containers.flatMap((container) => containerErrors(container, new Set(names))),
    ...duplicatesAmong(containers, 'name'),
    ...entriesOf(spec, 'initContainers', path).flatMap(({ members, at }) =>
      ['', 'Always'].includes(textOf(members, 'restartPolicy'))
        ? []
        : [notSupported(`${at}.restartPolicy`, textOf(members, 'restartPolicy'), ['Always'])],
    ),
    ...securityErrors(memberOf(spec, 'securityContext'), `${path}.securityContext`),
    ...sysctlErrors(entriesOf(memberOf(spec, 'securityContext'), 'sysctls', `${path}.securityContext`)),
    ...entriesOf(spec, 'tolerations', path).flatMap(({ members, at }) => tolerationErrors(members, at)),
    ...(textOf(spec, 'dnsPolicy') === 'None' &&
    listOf(memberOf(spec, 'dnsConfig'), 'nameservers').length === 0
      ? [
          required(
            `${path}.dnsConfig.nameservers`,
            'must provide at least one DNS nameserver when `dnsPolicy` is None',
          ),
        ]
      : []),
    ...takenHostPorts(entriesOf(spec, 'containers', path)),
    ...(spec.hostNetwork === true ? hostPortErrors(containers) : []),
  ];
}

interface Entry {
  readonly members: JsonObject;
  readonly at: string;
}

const entriesOf = (parent: JsonObject, list: string, path: string): readonly Entry[] =>
  listOf(parent, list).map((item, index) => ({
    members: isJsonObject(item) ? item : {},
    at: `${path}.${list}[${index}]`,
  }));

function duplicatesAmong(entries: readonly Entry[], field: string): readonly FieldError[] {
  const seen = new Set<string>();
  return entries.flatMap(({ members, at }) => {
    const value = textOf(members, field);
    if (value === '' || !seen.has(value)) {
      seen.add(value);
      return [];
    }
    return [duplicate(`${at}.${field}`, value)];
  });
}

function volumeErrors(volume: JsonObject, at: string): readonly FieldError[] {
  const sources = Object.keys(volume).filter((member) => member !== 'name');
  if (sources.length === 0) return [required(at, 'must specify a volume type')];
  return sources
    .slice(1)
    .map((source) => forbiddenField(`${at}.${source}`, 'may not specify more than 1 volume type'));
}

function containerErrors({ members, at }: Entry, volumes: ReadonlySet<string>): readonly FieldError[] {
  const mounts = entriesOf(members, 'volumeMounts', at);
  const paths = new Set<string>();
  const security = memberOf(members, 'securityContext');
  const isPrivileged = security.privileged === true;
  const ports = entriesOf(members, 'ports', at).filter((port) => textOf(port.members, 'name') !== '');
  return [
    ...duplicatesAmong(ports, 'name'),
    ...mounts.flatMap((mount) => {
      const [name, mountPath] = [textOf(mount.members, 'name'), textOf(mount.members, 'mountPath')];
      const isTaken = paths.has(mountPath);
      paths.add(mountPath);
      return [
        ...(name === '' || volumes.has(name) ? [] : [notFoundValue(`${mount.at}.name`, name)]),
        ...(isTaken ? [invalidValue(`${mount.at}.mountPath`, mountPath, 'must be unique')] : []),
        ...(mount.members.mountPropagation !== 'Bidirectional' || isPrivileged
          ? []
          : [
              forbiddenField(
                `${mount.at}.mountPropagation`,
                'Bidirectional mount propagation is available only to privileged containers',
              ),
            ]),
      ];
    }),
    ...entriesOf(members, 'env', at).flatMap((variable) => variableErrors(variable)),
    ...probeErrors(members, at),
    ...securityErrors(security, `${at}.securityContext`),
    ...resourceErrors(memberOf(members, 'resources'), `${at}.resources`),
  ];
}

function variableErrors({ members, at }: Entry): readonly FieldError[] {
  if (members.valueFrom === undefined) return [];
  const sources = Object.keys(memberOf(members, 'valueFrom'));
  if (textOf(members, 'value') !== '')
    return [invalidValue(`${at}.valueFrom`, '', 'may not be specified when `value` is not empty')];
  if (sources.length === 1) return [];
  return [
    invalidValue(
      `${at}.valueFrom`,
      '',
      sources.length === 0
        ? 'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`'
        : 'may not have more than one field specified at a time',
    ),
  ];
}

const handlers = ['exec', 'grpc', 'httpGet', 'tcpSocket'];

function probeErrors(container: JsonObject, at: string): readonly FieldError[] {
  return ['livenessProbe', 'readinessProbe', 'startupProbe'].flatMap((name) => {
    if (container[name] === undefined) return [];
    const probe = memberOf(container, name);
    const given = handlers.filter((handler) => probe[handler] !== undefined);
    const successes = numberOf(probe, 'successThreshold');
    return [
      ...(given.length === 0 ? [required(`${at}.${name}`, 'must specify a handler type')] : []),
      ...given
        .slice(1)
        .map((handler) =>
          forbiddenField(`${at}.${name}.${handler}`, 'may not specify more than 1 handler type'),
        ),
      ...(name !== 'readinessProbe' && successes !== 1
        ? [invalidValue(`${at}.${name}.successThreshold`, successes, 'must be 1')]
        : []),
    ];
  });
}

/** Resources that are not counted in parts, and of which a container has what it asks for. */
const isExtended = (name: string): boolean => name.includes('/') && !name.includes('kubernetes.io/');

/** @param path Of what has `requests` and `limits`. */
function resourceErrors(resources: JsonObject, path: string): readonly FieldError[] {
  const limits = memberOf(resources, 'limits');
  const errors: FieldError[] = [];
  for (const list of ['limits', 'requests'])
    for (const [name, quantity] of Object.entries(memberOf(resources, list)))
      errors.push(...quantityErrors(name, quantity, `${path}.${list}[${name}]`));
  for (const [name, quantity] of Object.entries(memberOf(resources, 'requests'))) {
    const [asked, limit] = [nanosOf(quantity), nanosOf(limits[name])];
    if (asked === undefined || limit === undefined) {
      if (isExtended(name) && limits[name] === undefined)
        errors.push(required(`${path}.limits`, 'Limit must be set for non overcommitable resources'));
      continue;
    }
    if (isExtended(name) && asked !== limit)
      errors.push(
        invalidValue(`${path}.requests`, quantity, `must be equal to ${name} limit of ${limits[name]}`),
      );
    else if (asked > limit)
      errors.push(
        invalidValue(
          `${path}.requests`,
          quantity,
          `must be less than or equal to ${name} limit of ${limits[name]}`,
        ),
      );
  }
  return errors;
}

function quantityErrors(name: string, quantity: Json, at: string): readonly FieldError[] {
  const nanos = nanosOf(quantity);
  if (nanos === undefined) return [];
  if (nanos < 0n) return [invalidValue(at, quantity, 'must be greater than or equal to 0')];
  return isExtended(name) && nanos % 1_000_000_000n !== 0n
    ? [invalidValue(at, quantity, 'must be an integer')]
    : [];
}

const nanosOf = (quantity: Json | undefined): bigint | undefined =>
  quantity === undefined ? undefined : parseQuantity(String(quantity))?.nanos;

const sysctlSegment = '[a-z0-9]([-_a-z0-9]*[a-z0-9])?';
const sysctlName = `^(${sysctlSegment}[\\./])*${sysctlSegment}$`;
const longestSysctl = 253;

function sysctlErrors(sysctls: readonly Entry[]): readonly FieldError[] {
  const pattern = new RegExp(sysctlName);
  const wrong = sysctls.flatMap(({ members, at }) => {
    const name = textOf(members, 'name');
    if (name === '' || (name.length <= longestSysctl && pattern.test(name))) return [];
    return [
      invalidValue(
        `${at}.name`,
        name,
        `must have at most ${longestSysctl} characters and match regex ${sysctlName}`,
      ),
    ];
  });
  return [...wrong, ...duplicatesAmong(sysctls, 'name')];
}

function tolerationErrors(toleration: JsonObject, at: string): readonly FieldError[] {
  const errors: FieldError[] = [];
  const { tolerationSeconds } = toleration;
  const [key, operator] = [textOf(toleration, 'key'), textOf(toleration, 'operator')];
  if (key === '' && operator !== 'Exists')
    errors.push(
      invalidValue(
        `${at}.operator`,
        operator,
        'operator must be Exists when `key` is empty, which means "match all values and all keys"',
      ),
    );
  if (operator === 'Exists' && textOf(toleration, 'value') !== '')
    errors.push(
      invalidValue(
        `${at}.operator`,
        textOf(toleration, 'value'),
        "value must be empty when `operator` is 'Exists'",
      ),
    );
  if (tolerationSeconds !== undefined && textOf(toleration, 'effect') !== 'NoExecute')
    errors.push(
      invalidValue(
        `${at}.effect`,
        textOf(toleration, 'effect'),
        "effect must be 'NoExecute' when `tolerationSeconds` is set",
      ),
    );
  return errors;
}

/** Those that another container of the pod has already. */
function takenHostPorts(containers: readonly Entry[]): readonly FieldError[] {
  const taken = new Set<string>();
  return containers
    .flatMap(({ members, at }) => entriesOf(members, 'ports', at))
    .flatMap(({ members, at }) => {
      const hostPort = numberOf(members, 'hostPort');
      if (hostPort === 0) return [];
      const place = `${textOf(members, 'protocol')}/${textOf(members, 'hostIP')}/${hostPort}`;
      if (taken.has(place)) return [duplicate(`${at}.hostPort`, place)];
      taken.add(place);
      return [];
    });
}

function hostPortErrors(containers: readonly Entry[]): readonly FieldError[] {
  return containers.flatMap(({ members, at }) =>
    entriesOf(members, 'ports', at).flatMap((port) =>
      numberOf(port.members, 'hostPort') === numberOf(port.members, 'containerPort')
        ? []
        : [
            invalidValue(
              `${port.at}.containerPort`,
              numberOf(port.members, 'containerPort'),
              'must match `hostPort` when `hostNetwork` is true',
            ),
          ],
    ),
  );
}
