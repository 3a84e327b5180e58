import { isIP, isIPv4, isIPv6 } from 'node:net';
import { type FieldError, forbiddenField, invalidValue, required } from '../apiserver/status.ts';
import {
  isJsonObject,
  type JsonObject,
  type KubernetesObject,
  listOf,
  memberOf,
  textOf,
} from '../objects/object.ts';
import { immutableErrors } from './immutable.ts';
import { ensured, itemsOf, type Kind, setDefaults } from './kind.ts';

export const service: Kind = {
  names: 'dns-label',
  createsOnUpdate: true,
  answersDeleted: true,
  defaults: (draft) => {
    const spec = ensured(draft, 'spec');
    setDefaults(spec, { type: 'ClusterIP', sessionAffinity: 'None' });
    if (spec.sessionAffinity === 'ClientIP')
      setDefaults(ensured(ensured(spec, 'sessionAffinityConfig'), 'clientIP'), { timeoutSeconds: 10_800 });
    if (spec.type !== 'ExternalName') setDefaults(spec, { internalTrafficPolicy: 'Cluster' });
    const isOutside = spec.type === 'NodePort' || spec.type === 'LoadBalancer';
    if (isOutside || (spec.type === 'ClusterIP' && itemsOfTexts(spec, 'externalIPs').length > 0))
      setDefaults(spec, { externalTrafficPolicy: 'Cluster' });
    if (spec.type === 'LoadBalancer') setDefaults(spec, { allocateLoadBalancerNodePorts: true });
    for (const port of itemsOf(spec, 'ports')) {
      setDefaults(port, { protocol: 'TCP' });
      if (typeof port.port === 'number') setDefaults(port, { targetPort: port.port });
    }
    if (spec.type !== 'ExternalName')
      setDefaults(spec, { ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' });
  },
  onCreate: (draft) => {
    draft.status = { loadBalancer: {} };
  },
  validate: (object, before) => {
    const spec = memberOf(object, 'spec');
    const type = textOf(spec, 'type');
    const errors: FieldError[] = [];
    if (type === 'ClusterIP' || type === 'ExternalName') errors.push(...nodePortErrors(spec, type));
    if (type !== 'ExternalName' && textOf(spec, 'clusterIP') !== 'None' && listOf(spec, 'ports').length === 0)
      errors.push(required('spec.ports'));
    if (type === 'ExternalName' && textOf(spec, 'externalName') === '')
      errors.push(required('spec.externalName'));
    errors.push(...portErrors(spec));
    // Nodes lead these to the service's pods: what other pods ask for credentials, near the machine, would come to them.
    for (const [index, address] of listOf(spec, 'externalIPs').entries())
      errors.push(...addressErrors(String(address), `spec.externalIPs[${index}]`));
    const was = memberOf(before, 'spec');
    if (
      textOf(was, 'clusterIP') !== '' &&
      textOf(was, 'clusterIP') !== textOf(spec, 'clusterIP') &&
      type !== 'ExternalName'
    )
      errors.push(invalidValue('spec.clusterIPs[0]', listOf(spec, 'clusterIPs'), 'may not change once set'));
    return errors;
  },
};

const itemsOfTexts = (parent: Record<string, unknown>, name: string): readonly unknown[] => {
  const list = parent[name];
  return Array.isArray(list) ? list : [];
};

/** Ports of nodes are a matter of types that have them. */
function nodePortErrors(spec: JsonObject, type: string): readonly FieldError[] {
  return listOf(spec, 'ports').flatMap((port, index) => {
    const number = isJsonObject(port) ? port.nodePort : undefined;
    if (number === undefined || number === 0) return [];
    return [forbiddenField(`spec.ports[${index}].nodePort`, `may not be used when \`type\` is '${type}'`)];
  });
}

/** Several ports have names, and no two are the same. */
function portErrors(spec: JsonObject): readonly FieldError[] {
  const ports = listOf(spec, 'ports').filter(isJsonObject);
  const [names, numbers] = [new Set<string>(), new Set<string>()];
  return ports.flatMap((port, index) => {
    const at = `spec.ports[${index}]`;
    const errors: FieldError[] = [];
    const name = textOf(port, 'name');
    if (name === '' && ports.length > 1) errors.push(required(`${at}.name`));
    else if (names.has(name))
      errors.push({ reason: 'FieldValueDuplicate', field: `${at}.name`, text: `Duplicate value: "${name}"` });
    const number = `${textOf(port, 'protocol')} ${String(port.port)}`;
    if (numbers.has(number)) {
      const told = JSON.stringify({ port: port.port, protocol: port.protocol });
      errors.push({ reason: 'FieldValueDuplicate', field: at, text: `Duplicate value: ${told}` });
    }
    names.add(name);
    numbers.add(number);
    return errors;
  });
}

export const ingress: Kind = {
  hasGeneration: true,
  validate: (object) => {
    const spec = memberOf(object, 'spec');
    const errors: FieldError[] = [];
    if (listOf(spec, 'rules').length === 0 && spec.defaultBackend === undefined)
      errors.push(invalidValue('spec', '', 'either `defaultBackend` or `rules` must be specified'));
    errors.push(...backendErrors(spec.defaultBackend, 'spec.defaultBackend'));
    for (const [index, rule] of listOf(spec, 'rules').entries()) {
      const at = `spec.rules[${index}].http.paths`;
      const paths = listOf(memberOf(isJsonObject(rule) ? rule : {}, 'http'), 'paths');
      for (const [place, item] of paths.entries())
        if (isJsonObject(item)) errors.push(...pathErrors(item, `${at}[${place}]`));
    }
    return errors;
  },
};

function pathErrors(item: JsonObject, at: string): readonly FieldError[] {
  const [path, type] = [textOf(item, 'path'), textOf(item, 'pathType')];
  const needsSlash = type === 'Exact' || type === 'Prefix' || path !== '';
  return [
    ...(needsSlash && !path.startsWith('/')
      ? [invalidValue(`${at}.path`, path, 'must be an absolute path')]
      : []),
    ...backendErrors(item.backend, `${at}.backend`),
  ];
}

function backendErrors(backend: unknown, at: string): readonly FieldError[] {
  if (!isJsonObject(backend)) return [];
  const { service: named, resource } = backend;
  if (named !== undefined && resource !== undefined)
    return [invalidValue(at, '', 'cannot set both resource and service backends')];
  if (named === undefined && resource === undefined)
    return [required(at, 'must specify a `service` or `resource`')];
  const port = memberOf(memberOf(backend, 'service'), 'port');
  if (named === undefined || (port.name === undefined) !== (port.number === undefined)) return [];
  return [
    port.name === undefined
      ? required(`${at}.service.port`, 'port name or number is required')
      : invalidValue(`${at}.service.port`, '', 'cannot set both port name & port number'),
  ];
}

export const ingressClass: Kind = {
  hasGeneration: true,
  defaults: (draft) => {
    const spec = ensured(draft, 'spec');
    if (spec.parameters !== undefined) setDefaults(ensured(spec, 'parameters'), { scope: 'Cluster' });
  },
  validate: (object, before) => immutableErrors(object, before, ['spec.controller']),
};

/** What has an address for its name. */
export const ipAddress: Kind = {
  names: 'path-segment',
  validate: (object, before) => [
    ...(isIP(object.metadata.name) === 0
      ? [invalidValue('metadata.name', object.metadata.name, 'must be a valid IP address')]
      : []),
    ...immutableErrors(object, before, ['spec.parentRef']),
  ],
};

const isLocal = (address: string): boolean =>
  isIPv4(address)
    ? /^(127|169\.254|0)\./.test(address) || address.startsWith('224.0.0.')
    : /^(::1?$|fe80:|ff02:)/i.test(address);

const addressErrors = (address: string, at: string): readonly FieldError[] => {
  if (isIP(address) === 0) return [invalidValue(at, address, 'must be a valid IP address')];
  return isLocal(address)
    ? [invalidValue(at, address, 'may not be unspecified, loopback, link-local or link-local multicast')]
    : [];
};

export const endpoints: Kind = {
  createsOnUpdate: true,
  defaults: (draft) => {
    for (const subset of itemsOf(draft, 'subsets'))
      for (const port of itemsOf(subset, 'ports')) setDefaults(port, { protocol: 'TCP' });
  },
  validate: (object) =>
    listOf(object, 'subsets').flatMap((subset, index) =>
      ['addresses', 'notReadyAddresses'].flatMap((list) =>
        listOf(isJsonObject(subset) ? subset : {}, list).flatMap((address, place) =>
          addressErrors(
            textOf(isJsonObject(address) ? address : {}, 'ip'),
            `subsets[${index}].${list}[${place}].ip`,
          ),
        ),
      ),
    ),
};

const mostEndpoints = 1_000;
const mostAddresses = 100;
const mostPorts = 20_000;

export const endpointSlice: Kind = {
  hasGeneration: true,
  defaults: (draft) => {
    for (const port of itemsOf(draft, 'ports')) setDefaults(port, { name: '', protocol: 'TCP' });
  },
  validate: (object, before) => [
    ...tooMany(listOf(object, 'endpoints'), 'endpoints', mostEndpoints),
    ...tooMany(listOf(object, 'ports'), 'ports', mostPorts),
    ...listOf(object, 'endpoints').flatMap((endpoint, index) =>
      addressesErrors(object, isJsonObject(endpoint) ? endpoint : {}, `endpoints[${index}].addresses`),
    ),
    ...immutableErrors(object, before, ['addressType']),
  ],
};

function addressesErrors(
  { addressType }: KubernetesObject,
  endpoint: JsonObject,
  at: string,
): readonly FieldError[] {
  const addresses = listOf(endpoint, 'addresses');
  return [
    ...tooMany(addresses, at, mostAddresses),
    ...(addressType === 'FQDN'
      ? []
      : addresses.flatMap((address, place) =>
          familyErrors(String(address), String(addressType), `${at}[${place}]`),
        )),
  ];
}

function familyErrors(address: string, family: string, at: string): readonly FieldError[] {
  const isOther = isIP(address) !== 0 && !(family === 'IPv4' ? isIPv4 : isIPv6)(address);
  return isOther ? [invalidValue(at, address, `must be an ${family} address`)] : addressErrors(address, at);
}

const tooMany = (list: readonly unknown[], field: string, most: number): readonly FieldError[] =>
  list.length <= most
    ? []
    : [
        {
          ...{ reason: 'FieldValueTooMany', field },
          text: `Too many: ${list.length}: must have at most ${most} items`,
        },
      ];
