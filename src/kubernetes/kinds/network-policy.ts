import { BlockList } from 'node:net';
import { jsonEqual } from '../../store/index.ts';
import { type FieldError, forbiddenField, invalidValue, required } from '../apiserver/status.ts';
import { isJsonObject, type JsonObject, listOf, memberOf, objectsIn, textOf } from '../objects/object.ts';
import { noCidr, parseCidr } from './cidr.ts';
import { ensured, itemsOf, type Kind, setDefaults } from './kind.ts';

const directions = [
  ['ingress', 'from'],
  ['egress', 'to'],
] as const;

export const networkPolicy: Kind = {
  hasGeneration: true,
  defaults: (draft) => {
    const spec = ensured(draft, 'spec');
    ensured(spec, 'podSelector');
    const egress = itemsOf(spec, 'egress');
    setDefaults(spec, { policyTypes: egress.length > 0 ? ['Ingress', 'Egress'] : ['Ingress'] });
    for (const rule of [...itemsOf(spec, 'ingress'), ...egress])
      for (const port of itemsOf(rule, 'ports')) setDefaults(port, { protocol: 'TCP' });
  },
  validate: (object, before) => {
    const spec = memberOf(object, 'spec');
    // One from before these rules can still be ended.
    if (before !== undefined && jsonEqual(spec, memberOf(before, 'spec'))) return [];
    const errors = selectorErrors(memberOf(spec, 'podSelector'), 'spec.podSelector');
    for (const [rules, peers] of directions)
      for (const [index, rule] of objectsIn(spec, rules).entries()) {
        const at = `spec.${rules}[${index}]`;
        errors.push(
          ...objectsIn(rule, 'ports').flatMap((port, place) => portErrors(port, `${at}.ports[${place}]`)),
          ...objectsIn(rule, peers).flatMap((peer, place) => peerErrors(peer, `${at}.${peers}[${place}]`)),
        );
      }
    return errors;
  },
};

function portErrors({ port, endPort }: JsonObject, at: string): readonly FieldError[] {
  if (endPort === undefined || endPort === null) return [];
  const wrong = (why: string) => [invalidValue(`${at}.endPort`, endPort, why)];
  if (port === undefined || port === null) return wrong('may not be specified when `port` is not specified');
  if (typeof port !== 'number') return wrong('may not be specified when `port` is non-numeric');
  return Number(endPort) < port ? wrong('must be greater than or equal to `port`') : [];
}

/** Pods, or a block of addresses. */
function peerErrors(peer: JsonObject, at: string): readonly FieldError[] {
  const selectors = ['podSelector', 'namespaceSelector'].filter((name) => isJsonObject(peer[name]));
  const errors = selectors.flatMap((name) => selectorErrors(memberOf(peer, name), `${at}.${name}`));
  if (!isJsonObject(peer.ipBlock))
    return selectors.length === 0 ? [required(at, 'must specify a peer')] : errors;
  errors.push(...blockErrors(peer.ipBlock, `${at}.ipBlock`));
  if (selectors.length > 0) errors.push(forbiddenField(at, 'may not specify both ipBlock and another peer'));
  return errors;
}

function blockErrors(block: JsonObject, at: string): readonly FieldError[] {
  const cidr = textOf(block, 'cidr');
  // Where there is none, it is said so by the rules of single fields.
  if (cidr === '') return [];
  const whole = parseCidr(cidr);
  if (whole === undefined) return [invalidValue(`${at}.cidr`, cidr, noCidr)];
  const inside = new BlockList();
  inside.addSubnet(whole.address, whole.length, whole.family);
  return listOf(block, 'except').flatMap((text, index) => {
    const except = parseCidr(String(text));
    const wrong = (why: string) => [invalidValue(`${at}.except[${index}]`, text, why)];
    if (except === undefined) return wrong(noCidr);
    const isInside = except.length > whole.length && inside.check(except.address, except.family);
    return isInside ? [] : wrong('must be a strict subset of `cidr`');
  });
}

function selectorErrors(selector: JsonObject, at: string): FieldError[] {
  return objectsIn(selector, 'matchExpressions').flatMap((expression, index) => {
    const own = `${at}.matchExpressions[${index}]`;
    const operator = textOf(expression, 'operator');
    const isEmpty = listOf(expression, 'values').length === 0;
    switch (operator) {
      case 'In':
      case 'NotIn':
        return isEmpty
          ? [required(`${own}.values`, "must be specified when `operator` is 'In' or 'NotIn'")]
          : [];
      case 'Exists':
      case 'DoesNotExist':
        return isEmpty
          ? []
          : [
              forbiddenField(
                `${own}.values`,
                "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
              ),
            ];
      default:
        return [invalidValue(`${own}.operator`, operator, 'not a valid selector operator')];
    }
  });
}
