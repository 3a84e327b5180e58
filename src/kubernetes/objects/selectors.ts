import { badRequest } from '../apiserver/status.ts';
import { qualifiedName, type Resource } from '../schema/catalogue.ts';
import { type KubernetesObject, valueAt } from './object.ts';

/** Whether an object is meant. */
export type Selects = (object: KubernetesObject) => boolean;

/** `a=b,c!=d,e in (f,g),!h`; undefined: every object is meant. @throws {ApiError} 400 */
export function labelSelector(text: string): Selects | undefined {
  if (text.trim() === '') return undefined;
  const requirements = splitRequirements(text).map(readRequirement);
  return ({ metadata: { labels = {} } }) => requirements.every((holds) => holds(labels));
}

type Requirement = (labels: Readonly<Record<string, string>>) => boolean;

/** Commas within parentheses separate values. */
const splitRequirements = (text: string): readonly string[] =>
  text.split(/,(?![^(]*\))/).map((part) => part.trim());

const keyPattern = String.raw`[A-Za-z0-9](?:[\w./-]*[A-Za-z0-9])?`;
const valuePattern = String.raw`(?:[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)?`;
const patterns = {
  exists: new RegExp(`^(!?)\\s*(${keyPattern})$`),
  equals: new RegExp(`^(${keyPattern})\\s*(==|=|!=)\\s*(${valuePattern})$`),
  isIn: new RegExp(`^(${keyPattern})\\s+(in|notin)\\s*\\(([^()]*)\\)$`),
  compares: new RegExp(`^(${keyPattern})\\s*(>|<)\\s*(-?\\d+)$`),
};

function readRequirement(text: string): Requirement {
  const exists = patterns.exists.exec(text);
  if (exists !== null) {
    const [, not = '', key = ''] = exists;
    return (labels) => Object.hasOwn(labels, key) === (not === '');
  }
  const equals = patterns.equals.exec(text);
  if (equals !== null) {
    const [, key = '', operator = '', value = ''] = equals;
    return operator === '!='
      ? (labels) => !Object.hasOwn(labels, key) || labels[key] !== value
      : (labels) => Object.hasOwn(labels, key) && labels[key] === value;
  }
  const isIn = patterns.isIn.exec(text);
  if (isIn !== null) {
    const [, key = '', operator = '', list = ''] = isIn;
    const values = new Set(list.split(',').map((value) => value.trim()));
    return operator === 'in'
      ? (labels) => Object.hasOwn(labels, key) && values.has(labels[key] ?? '')
      : (labels) => !Object.hasOwn(labels, key) || !values.has(labels[key] ?? '');
  }
  const compares = patterns.compares.exec(text);
  if (compares !== null) {
    const [, key = '', operator = '', bound = ''] = compares;
    return (labels) => {
      const value = labels[key];
      if (value === undefined || !/^-?\d+$/.test(value)) return false;
      return operator === '>' ? Number(value) > Number(bound) : Number(value) < Number(bound);
    };
  }
  throw badRequest(`unable to parse requirement: ${JSON.stringify(text)} is no label requirement`);
}

/** What fields of which kinds may be selected by, besides name and namespace; with another path where they stand there. */
const fieldsByResource: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  pods: {
    ...same('spec.nodeName', 'spec.restartPolicy', 'spec.schedulerName', 'spec.serviceAccountName'),
    ...same('spec.hostNetwork', 'status.phase', 'status.podIP', 'status.podIPs', 'status.nominatedNodeName'),
    'spec.host': 'spec.nodeName',
  },
  nodes: same('spec.unschedulable'),
  replicationcontrollers: same('status.replicas'),
  namespaces: { ...same('status.phase'), name: 'metadata.name' },
  secrets: same('type'),
  services: same('spec.clusterIP', 'spec.type'),
  events: {
    ...same('involvedObject.kind', 'involvedObject.namespace', 'involvedObject.name', 'involvedObject.uid'),
    ...same('involvedObject.apiVersion', 'involvedObject.resourceVersion', 'involvedObject.fieldPath'),
    ...same('reason', 'reportingComponent', 'type'),
    source: 'source.component',
  },
  'events.events.k8s.io': {
    ...same('regarding.kind', 'regarding.namespace', 'regarding.name', 'regarding.uid'),
    ...same('regarding.apiVersion', 'regarding.resourceVersion', 'regarding.fieldPath'),
    ...same('reason', 'reportingController', 'type'),
  },
  'jobs.batch': { 'status.successful': 'status.succeeded' },
  'resourceslices.resource.k8s.io': same('spec.nodeName', 'spec.driver'),
};

function same(...paths: readonly string[]): Record<string, string> {
  return Object.fromEntries(paths.map((path) => [path, path]));
}

/** `a=b,c!=d` on fields; undefined: every object is meant. @throws {ApiError} 400 */
export function fieldSelector(resource: Resource, text: string): Selects | undefined {
  if (text === '') return undefined;
  const own =
    resource.custom === undefined
      ? fieldsByResource[qualifiedName(resource)]
      : same(...resource.custom.selectableFields);
  const requirements = text.split(',').map((part) => {
    const [, field = '', operator = '', value = ''] = /^([^=!]+)(==|=|!=)(.*)$/.exec(part) ?? [];
    if (operator === '') throw badRequest(`invalid selector: '${text}'; can't understand '${part}'`);
    const path = field === 'metadata.name' || field === 'metadata.namespace' ? field : own?.[field];
    if (path === undefined) {
      throw badRequest(
        own === undefined
          ? `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`
          : `field label not supported: ${field}`,
      );
    }
    return { path, isWanted: operator !== '!=', value };
  });
  return (object) =>
    requirements.every(({ path, isWanted, value }) => (textAt(object, path) === value) === isWanted);
}

/** What truths and numbers read as that are absent; of texts, nothing. */
const whenAbsent: Readonly<Record<string, string>> = {
  ...{ 'spec.unschedulable': 'false', 'spec.hostNetwork': 'false' },
  ...{ 'status.replicas': '0', 'status.succeeded': '0' },
};

function textAt(object: KubernetesObject, path: string): string {
  const value = valueAt(object, path) ?? whenAbsent[path] ?? '';
  // Upstream takes a selector by all addresses of a pod and has no text to compare it with.
  return typeof value === 'object' ? '' : String(value);
}

/** The name that a selector asks for alone: `metadata.name=x`. */
export const selectedName = (text: string): string | undefined =>
  /^metadata\.name==?([^,!=]+)$/.exec(text)?.[1];
