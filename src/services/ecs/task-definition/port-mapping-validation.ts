import { ApplicationProtocol, type ContainerDefinition, type PortMapping } from '@aws-sdk/client-ecs';
import { clientError } from '../errors.ts';
import type { StoredTaskDefinition } from '../records.ts';
import { firstDuplicate, invalidSetting, requireInteger, requireOneOf } from './field-rules.ts';

const highestPort = 65_535;
const maxRanges = 100;
const portMappingName = /^[a-z0-9_][a-z0-9_-]{0,63}$/;

/** Checks the port mappings of all containers, within each and against each other. @throws ClientException */
export function validatePortMappings({ networkMode, containerDefinitions }: StoredTaskDefinition): void {
  for (const container of containerDefinitions) {
    const mappings = container.portMappings ?? [];
    if (mappings.length > 0 && networkMode === 'none')
      throw invalidSetting(container.name, "Port mappings can't be specified when networkMode=none.");
    for (const mapping of mappings) validatePortMapping(container, mapping, networkMode ?? 'bridge');
    validatePortsOfContainer(container, mappings);
  }
  const mappings = containerDefinitions.flatMap((container) => container.portMappings ?? []);
  validateNames(mappings);
  if ((networkMode ?? 'bridge') === 'bridge') validateStaticHostPorts(mappings);
}

function validatePortMapping(
  container: ContainerDefinition,
  mapping: PortMapping,
  networkMode: string,
): void {
  requireOneOf('appProtocol', mapping.appProtocol, Object.values(ApplicationProtocol));
  if (mapping.name !== undefined && !portMappingName.test(mapping.name))
    throw invalidSetting(
      container.name,
      `Port mapping name '${mapping.name}' is invalid: up to 64 lower-case letters, digits, underscores and hyphens, not starting with a hyphen.`,
    );
  if (mapping.containerPortRange === undefined) validateSinglePort(container, mapping, networkMode);
  else validatePortRange(container, mapping, networkMode);
}

function validateSinglePort(container: ContainerDefinition, mapping: PortMapping, networkMode: string): void {
  const { containerPort, hostPort } = mapping;
  if (containerPort === undefined)
    throw invalidSetting(container.name, "A port mapping needs a 'containerPort' or a 'containerPortRange'.");
  requireInteger(`containerPort of container '${container.name}'`, containerPort, {
    min: 1,
    max: highestPort,
  });
  requireInteger(`hostPort of container '${container.name}'`, hostPort, { min: 0, max: highestPort });
  const mustMatch = networkMode === 'awsvpc' || networkMode === 'host';
  if (mustMatch && hostPort !== containerPort)
    throw clientError(
      `When networkMode=${networkMode}, the host ports and container ports in port mappings must match.`,
    );
}

function validatePortRange(container: ContainerDefinition, mapping: PortMapping, networkMode: string): void {
  if (mapping.containerPort !== undefined || mapping.hostPort !== undefined)
    throw invalidSetting(container.name, 'Cannot specify both single port and port range.');
  if (networkMode !== 'bridge' && networkMode !== 'awsvpc')
    throw invalidSetting(
      container.name,
      `containerPortRange is not supported when networkMode=${networkMode}.`,
    );
  const range = portRange(mapping.containerPortRange ?? '');
  if (range === undefined || range.first >= range.last)
    throw invalidSetting(
      container.name,
      `Invalid 'containerPortRange' setting: ${mapping.containerPortRange}.`,
    );
}

/** A port belongs to one mapping of its container; the same port can't be exposed for two protocols either. */
function validatePortsOfContainer(container: ContainerDefinition, mappings: readonly PortMapping[]): void {
  const ranges = mappings.filter((mapping) => mapping.containerPortRange !== undefined);
  if (ranges.length > maxRanges)
    throw invalidSetting(container.name, `At most ${maxRanges} port ranges can be specified.`);
  const spans = mappings.map(spanOf).sort((one, other) => one.first - other.first || one.last - other.last);
  for (const [index, span] of spans.entries()) {
    const next = spans[index + 1];
    if (next === undefined || next.first > span.last) continue;
    // Several host ports may lead to one container port, unless protocols or ranges make it ambiguous.
    const isSamePort = !span.isRange && !next.isRange && span.protocol === next.protocol;
    if (!isSamePort)
      throw invalidSetting(container.name, `Container port ${next.first} is used multiple times in task.`);
  }
}

function validateNames(mappings: readonly PortMapping[]): void {
  const name = firstDuplicate(
    mappings.flatMap((mapping) => (mapping.name === undefined ? [] : [mapping.name])),
  );
  if (name !== undefined) throw clientError(`Port mapping name '${name}' is already used.`);
}

/** Two containers of a task can't both have the same port of the host, so no instance could ever run it. */
function validateStaticHostPorts(mappings: readonly PortMapping[]): void {
  const hostPorts = mappings
    .filter((mapping) => (mapping.hostPort ?? 0) !== 0)
    .map((mapping) => `${mapping.hostPort}/${mapping.protocol}`);
  const duplicate = firstDuplicate(hostPorts);
  if (duplicate !== undefined) throw clientError(`Host port ${duplicate} is used multiple times in task.`);
}

function spanOf(mapping: PortMapping): {
  readonly first: number;
  readonly last: number;
  readonly isRange: boolean;
  readonly protocol: string | undefined;
} {
  const range = mapping.containerPortRange === undefined ? undefined : portRange(mapping.containerPortRange);
  const port = mapping.containerPort ?? 0;
  return {
    first: range?.first ?? port,
    last: range?.last ?? port,
    isRange: range !== undefined,
    protocol: mapping.protocol,
  };
}

function portRange(text: string): { readonly first: number; readonly last: number } | undefined {
  const [, first, last] = /^(\d{1,5})-(\d{1,5})$/.exec(text) ?? [];
  if (first === undefined || last === undefined) return undefined;
  const range = { first: Number(first), last: Number(last) };
  return range.first >= 1 && range.last <= highestPort ? range : undefined;
}
