import { parseQuantity } from '../../quantity.ts';
import { type FieldError, invalidValue, notSupported } from '../apiserver/status.ts';
import { type JsonObject, memberOf, objectsIn, textOf, textsIn } from '../objects/object.ts';
import { scopes } from '../quota/scopes.ts';
import { ensured, itemsOf, type Kind } from './kind.ts';

const negative = (list: JsonObject, at: string): readonly FieldError[] =>
  Object.entries(list)
    .filter(([, value]) => (parseQuantity(String(value))?.nanos ?? -1n) < 0n)
    .map(([name, value]) => invalidValue(`${at}[${name}]`, value, 'must be greater than or equal to 0'));

/** What a quota may limit has a name of its own, `count/` a resource, or is of a domain. */
const standard =
  /^(pods|services|services\.(nodeports|loadbalancers)|replicationcontrollers|resourcequotas|secrets|configmaps|persistentvolumeclaims|(limits\.|requests\.)?(cpu|memory|ephemeral-storage)|(requests\.)?hugepages-.+|requests\.storage|count\/.+|.+\/.+)$/;

export const resourceQuota: Kind = {
  answersDeleted: true,
  validate: (object) => {
    const spec = memberOf(object, 'spec');
    const hard = memberOf(spec, 'hard');
    const given = [
      ...textsIn(spec, 'scopes').map((scope, index) => ({ scope, at: `spec.scopes[${index}]` })),
      ...objectsIn(memberOf(spec, 'scopeSelector'), 'matchExpressions').map((it, index) => ({
        ...{ scope: textOf(it, 'scopeName'), at: `spec.scopeSelector.matchExpressions[${index}].scopeName` },
      })),
    ];
    return [
      ...negative(hard, 'spec.hard'),
      ...Object.keys(hard)
        .filter((name) => !standard.test(name))
        .map((name) => invalidValue(`spec.hard[${name}]`, name, 'must be a standard resource for quota')),
      ...given
        .filter(({ scope }) => !scopes.includes(scope))
        .map(({ scope, at }) => notSupported(at, scope, scopes)),
    ];
  },
};

const types = ['Container', 'PersistentVolumeClaim', 'Pod'];

export const limitRange: Kind = {
  createsOnUpdate: true,
  // What containers get follows from what they may at most, and then from what they must at least.
  defaults: (draft) => {
    for (const limit of itemsOf(ensured(draft, 'spec'), 'limits')) {
      if (limit.type !== 'Container') continue;
      const limits = { ...object(limit.max), ...object(limit.default) };
      const requests = { ...object(limit.min), ...limits, ...object(limit.defaultRequest) };
      if (Object.keys(limits).length > 0) limit.default = limits;
      if (Object.keys(requests).length > 0) limit.defaultRequest = requests;
    }
  },
  validate: (draft) =>
    objectsIn(memberOf(draft, 'spec'), 'limits').flatMap((limit, index) =>
      limitErrors(limit, `spec.limits[${index}]`),
    ),
};

const object = (value: unknown): object => (typeof value === 'object' && value !== null ? value : {});

function limitErrors(limit: JsonObject, at: string): readonly FieldError[] {
  const type = textOf(limit, 'type');
  const errors: FieldError[] = types.includes(type) ? [] : [notSupported(`${at}.type`, type, types)];
  const { min, max } = { min: memberOf(limit, 'min'), max: memberOf(limit, 'max') };
  const less = (one: unknown, other: unknown): boolean => {
    const [a, b] = [parseQuantity(String(one)), parseQuantity(String(other))];
    return a !== undefined && b !== undefined && a.nanos < b.nanos;
  };
  for (const [name, value] of Object.entries(min))
    if (less(max[name], value))
      errors.push(
        invalidValue(
          `${at}.min[${name}]`,
          value,
          `min value ${value} is greater than max value ${max[name]}`,
        ),
      );
  for (const list of ['default', 'defaultRequest'])
    for (const [name, value] of Object.entries(memberOf(limit, list))) {
      if (less(max[name], value))
        errors.push(
          invalidValue(
            `${at}.${list}[${name}]`,
            value,
            `${list} value ${value} is greater than max value ${max[name]}`,
          ),
        );
      if (less(value, min[name]))
        errors.push(
          invalidValue(
            `${at}.${list}[${name}]`,
            value,
            `min value ${min[name]} is greater than ${list} value ${value}`,
          ),
        );
    }
  return errors;
}
