import { type Json, jsonEqual } from '../../store/index.ts';
import {
  duplicate,
  type FieldError,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../apiserver/status.ts';
import { entropyBits, mostEntropyBits } from '../flow-control/hand.ts';
import { mandatoryLevels, mandatorySchemas } from '../flow-control/mandatory.ts';
import {
  type JsonObject,
  type KubernetesObject,
  memberOf,
  numberOf,
  objectsIn,
  textOf,
  textsIn,
} from '../objects/object.ts';
import { namePatterns, wordsAgainst } from '../validation/name-forms.ts';
import { ensured, type Kind, setDefaults } from './kind.ts';

const highestPrecedence = 10_000;
const mostQueues = 10_000_000;
const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'proxy', 'update', 'watch'];
const methods = ['ByNamespace', 'ByUser'];

export const flowSchema: Kind = {
  ...{ hasGeneration: true, needsVersionForUpdate: true },
  defaults: (draft) => {
    const spec = ensured(draft, 'spec');
    if (spec.matchingPrecedence === undefined || spec.matchingPrecedence === 0)
      spec.matchingPrecedence = 1_000;
  },
  validate: (object) => {
    const { name } = object.metadata;
    const spec = memberOf(object, 'spec');
    const fixed = mandatorySchemas.find((it) => it.name === name);
    return [
      ...precedenceErrors(spec, name),
      ...methodErrors(spec),
      ...levelErrors(textOf(memberOf(spec, 'priorityLevelConfiguration'), 'name')),
      ...objectsIn(spec, 'rules').flatMap((rule, index) => ruleErrors(rule, `spec.rules[${index}]`)),
      ...(fixed !== undefined && !isSame(spec, fixed.spec)
        ? [invalidValue('spec', spec, `spec of '${name}' must equal the fixed value`)]
        : []),
      ...conditionErrors(object),
    ];
  },
};

function precedenceErrors(spec: JsonObject, name: string): readonly FieldError[] {
  const at = 'spec.matchingPrecedence';
  const value = numberOf(spec, 'matchingPrecedence');
  return [
    ...(value <= 0 ? [invalidValue(at, value, 'must be a positive value')] : []),
    ...(value > highestPrecedence
      ? [invalidValue(at, value, `must not be greater than ${highestPrecedence}`)]
      : []),
    ...(value === 1 && name !== 'exempt'
      ? [invalidValue(at, value, "only the schema named 'exempt' may have matchingPrecedence 1")]
      : []),
  ];
}

function methodErrors(spec: JsonObject): readonly FieldError[] {
  if (spec.distinguisherMethod === undefined) return [];
  const method = textOf(memberOf(spec, 'distinguisherMethod'), 'type');
  return methods.includes(method) ? [] : [notSupported('spec.distinguisherMethod.type', method, methods)];
}

function levelErrors(level: string): readonly FieldError[] {
  const at = 'spec.priorityLevelConfiguration.name';
  if (level === '') return [required(at, 'must reference a priority level')];
  return wordsAgainst(namePatterns['dns-subdomain'], level).map((words) => invalidValue(at, level, words));
}

function ruleErrors(rule: JsonObject, at: string): readonly FieldError[] {
  const subjects = objectsIn(rule, 'subjects');
  const resourceRules = objectsIn(rule, 'resourceRules');
  const pathRules = objectsIn(rule, 'nonResourceRules');
  return [
    ...(subjects.length === 0
      ? [required(`${at}.subjects`, 'subjects must contain at least one value')]
      : subjects.flatMap((subject, index) => subjectErrors(subject, `${at}.subjects[${index}]`))),
    ...(resourceRules.length === 0 && pathRules.length === 0
      ? [required(at, 'at least one of resourceRules and nonResourceRules has to be non-empty')]
      : []),
    ...resourceRules.flatMap((it, index) => resourceRuleErrors(it, `${at}.resourceRules[${index}]`)),
    ...pathRules.flatMap((it, index) => pathRuleErrors(it, `${at}.nonResourceRules[${index}]`)),
  ];
}

/** The member that each kind of subject has, and no other. */
const memberOfKind = { Group: 'group', ServiceAccount: 'serviceAccount', User: 'user' } as const;

function subjectErrors(subject: JsonObject, at: string): readonly FieldError[] {
  const kind = textOf(subject, 'kind');
  const own = memberOfKind[kind as keyof typeof memberOfKind];
  if (own === undefined) return [notSupported(`${at}.kind`, kind, Object.keys(memberOfKind))];
  const others = Object.entries(memberOfKind)
    .filter(([other, member]) => other !== kind && subject[member] !== undefined)
    .map(([other, member]) =>
      forbiddenField(`${at}.${member}`, `${member} is forbidden when subject kind is not '${other}'`),
    );
  if (subject[own] === undefined)
    return [required(`${at}.${own}`, `${own} is required when subject kind is '${kind}'`), ...others];
  const named = memberOf(subject, own);
  const name = textOf(named, 'name');
  const isAccount = kind === 'ServiceAccount';
  return [
    ...(name === '' ? [required(`${at}.${own}.name`)] : []),
    ...(isAccount && name !== '' && name !== '*'
      ? wordsAgainst(namePatterns['dns-subdomain'], name).map((words) =>
          invalidValue(`${at}.${own}.name`, name, words),
        )
      : []),
    ...(isAccount ? namespaceErrors(textOf(named, 'namespace'), `${at}.${own}.namespace`) : []),
    ...others,
  ];
}

function namespaceErrors(namespace: string, at: string): readonly FieldError[] {
  if (namespace === '') return [required(at, 'must specify namespace for service account')];
  return wordsAgainst(namePatterns['dns-label'], namespace).map((words) =>
    invalidValue(at, namespace, words),
  );
}

/** A list that is `*` alone, or of what is known. */
function listErrors(
  rule: JsonObject,
  at: string,
  { name, missing, others }: { readonly name: string; readonly missing: string; readonly others: string },
): readonly FieldError[] {
  const values = textsIn(rule, name);
  if (values.length === 0) return [required(`${at}.${name}`, missing)];
  return values.includes('*') && values.length > 1
    ? [invalidValue(`${at}.${name}`, [...values], `if '*' is present, must not specify other ${others}`)]
    : [];
}

function verbErrors(rule: JsonObject, at: string): readonly FieldError[] {
  const given = textsIn(rule, 'verbs');
  const wrong = listErrors(rule, at, {
    ...{ name: 'verbs', missing: 'verbs must contain at least one value', others: 'verbs' },
  });
  if (wrong.length > 0 || given.includes('*') || given.every((verb) => verbs.includes(verb))) return wrong;
  return [notSupported(`${at}.verbs`, given.join(','), verbs)];
}

function resourceRuleErrors(rule: JsonObject, at: string): readonly FieldError[] {
  const namespaces = textsIn(rule, 'namespaces');
  const ofNamespaces =
    namespaces.length === 0 && rule.clusterScope !== true
      ? [
          required(
            `${at}.namespaces`,
            'resource rules that are not cluster scoped must supply at least one namespace',
          ),
        ]
      : namespaces.includes('*')
        ? listErrors(rule, at, { name: 'namespaces', missing: '', others: 'namespaces' })
        : namespaces.flatMap((namespace, index) =>
            wordsAgainst(namePatterns['dns-label'], namespace).map((words) =>
              invalidValue(
                `${at}.namespaces[${index}]`,
                namespace,
                `each member of this list must be '*' or a DNS-1123 label; ${words}`,
              ),
            ),
          );
  return [
    ...verbErrors(rule, at),
    ...listErrors(rule, at, {
      ...{ name: 'apiGroups', missing: 'resource rules must supply at least one api group' },
      others: 'api groups',
    }),
    ...listErrors(rule, at, {
      ...{ name: 'resources', missing: 'resource rules must supply at least one resource' },
      others: 'resources',
    }),
    ...ofNamespaces,
  ];
}

function pathRuleErrors(rule: JsonObject, at: string): readonly FieldError[] {
  const paths = textsIn(rule, 'nonResourceURLs');
  const ofList = listErrors(rule, at, {
    ...{ name: 'nonResourceURLs', missing: 'nonResourceURLs must contain at least one value' },
    others: 'non-resource URLs',
  });
  return [
    ...verbErrors(rule, at),
    ...ofList,
    ...(paths.includes('*')
      ? []
      : paths.flatMap((path, index) => {
          const words = wordsAgainstPath(path);
          return words === undefined ? [] : [invalidValue(`${at}.nonResourceURLs[${index}]`, path, words)];
        })),
  ];
}

function wordsAgainstPath(path: string): string | undefined {
  if (path === '') return 'must not be empty';
  if (!path.startsWith('/')) return 'must start with slash';
  if (path.includes(' ')) return 'must not contain white-space';
  if (path.includes('//')) return 'must not contain double slash';
  return path.includes('*') && !/^[^*]*\/\*$/.test(path) ? 'wildcard can only do suffix matching' : undefined;
}

const types = ['Exempt', 'Limited'];
const responses = ['Queue', 'Reject'];
const queuingDefaults = { queues: 64, handSize: 8, queueLengthLimit: 50 };

export const priorityLevelConfiguration: Kind = {
  ...{ hasGeneration: true, needsVersionForUpdate: true },
  defaults: (draft) => {
    const spec = ensured(draft, 'spec');
    if (spec.type === 'Exempt') {
      setDefaults(ensured(spec, 'exempt'), { nominalConcurrencyShares: 0, lendablePercent: 0 });
      return;
    }
    if (spec.limited === undefined) return;
    const limited = ensured(spec, 'limited');
    setDefaults(limited, { nominalConcurrencyShares: 30, lendablePercent: 0 });
    const response = ensured(limited, 'limitResponse');
    setDefaults(response, { type: 'Reject' });
    if (response.queuing === undefined) return;
    const queuing = ensured(response, 'queuing');
    for (const [name, value] of Object.entries(queuingDefaults))
      if (queuing[name] === undefined || queuing[name] === 0) queuing[name] = value;
  },
  validate: (object) => {
    const { name } = object.metadata;
    const spec = memberOf(object, 'spec');
    const type = textOf(spec, 'type');
    return [
      ...((name === 'exempt') !== (type === 'Exempt')
        ? [invalidValue('spec.type', type, "type must be 'Exempt' if and only if name is 'exempt'")]
        : []),
      ...levelSpecErrors(spec, type),
      ...fixedLevelErrors(spec, name),
      ...conditionErrors(object),
    ];
  },
};

function levelSpecErrors(spec: JsonObject, type: string): readonly FieldError[] {
  if (type === 'Exempt') {
    return [
      ...(spec.limited === undefined
        ? []
        : [forbiddenField('spec.limited', 'must be nil if the type is not Limited')]),
      ...shareErrors(memberOf(spec, 'exempt'), 'spec.exempt'),
    ];
  }
  if (type !== 'Limited') return [notSupported('spec.type', type, types)];
  const ofExempt =
    spec.exempt === undefined ? [] : [forbiddenField('spec.exempt', 'must be nil if the type is Limited')];
  if (spec.limited === undefined)
    return [...ofExempt, required('spec.limited', 'must not be empty when type is Limited')];
  const limited = memberOf(spec, 'limited');
  const limit = limited.borrowingLimitPercent;
  return [
    ...ofExempt,
    ...shareErrors(limited, 'spec.limited'),
    ...(typeof limit === 'number' && limit < 0
      ? [
          invalidValue(
            'spec.limited.borrowingLimitPercent',
            limit,
            'if specified, must be a non-negative integer',
          ),
        ]
      : []),
    ...responseErrors(memberOf(limited, 'limitResponse'), 'spec.limited.limitResponse'),
  ];
}

function shareErrors(of: JsonObject, at: string): readonly FieldError[] {
  const [shares, lendable] = [numberOf(of, 'nominalConcurrencyShares'), numberOf(of, 'lendablePercent')];
  return [
    ...(shares < 0
      ? [invalidValue(`${at}.nominalConcurrencyShares`, shares, 'must be a non-negative integer')]
      : []),
    ...(lendable < 0 || lendable > 100
      ? [invalidValue(`${at}.lendablePercent`, lendable, 'must be between 0 and 100, inclusive')]
      : []),
  ];
}

function responseErrors(response: JsonObject, at: string): readonly FieldError[] {
  const type = textOf(response, 'type');
  const isQueuing = response.queuing !== undefined;
  if (type === 'Reject') {
    const detail = 'must be nil if limited.limitResponse.type is not Limited';
    return isQueuing ? [forbiddenField(`${at}.queuing`, detail)] : [];
  }
  if (type !== 'Queue') return [notSupported(`${at}.type`, type, responses)];
  const detail = 'must not be empty if limited.limitResponse.type is Limited';
  return isQueuing
    ? queuingErrors(memberOf(response, 'queuing'), `${at}.queuing`)
    : [required(`${at}.queuing`, detail)];
}

function queuingErrors(queuing: JsonObject, at: string): readonly FieldError[] {
  const [queues, handSize] = [numberOf(queuing, 'queues'), numberOf(queuing, 'handSize')];
  const length = numberOf(queuing, 'queueLengthLimit');
  const positive = (name: string, value: number): readonly FieldError[] =>
    value <= 0 ? [invalidValue(`${at}.${name}`, value, 'must be positive')] : [];
  return [
    ...positive('queueLengthLimit', length),
    ...positive('queues', queues),
    ...(queues > mostQueues
      ? [invalidValue(`${at}.queues`, queues, `must not be greater than ${mostQueues}`)]
      : []),
    ...positive('handSize', handSize),
    ...handErrors(queues, handSize, `${at}.handSize`),
  ];
}

function handErrors(queues: number, handSize: number, at: string): readonly FieldError[] {
  if (handSize <= 0) return [];
  if (handSize > queues) return [invalidValue(at, handSize, `should not be greater than queues (${queues})`)];
  if (entropyBits(queues, handSize) <= mostEntropyBits) return [];
  return [
    invalidValue(
      at,
      handSize,
      `required entropy bits of deckSize ${queues} and handSize ${handSize} should not be greater than ${mostEntropyBits}`,
    ),
  ];
}

function fixedLevelErrors(spec: JsonObject, name: string): readonly FieldError[] {
  const fixed = mandatoryLevels.find((it) => it.name === name);
  if (fixed === undefined) return [];
  const { exempt: _, ...others } = spec;
  const { exempt: _fixed, ...fixedOthers } = fixed.spec;
  if (isSame(others, fixedOthers)) return [];
  const except = name === 'exempt' ? " except the 'spec.exempt' field" : '';
  return [invalidValue('spec', spec, `spec of '${name}'${except} must equal the fixed value`)];
}

function conditionErrors(object: KubernetesObject): readonly FieldError[] {
  const seen = new Set<string>();
  return objectsIn(memberOf(object, 'status'), 'conditions').flatMap((condition, index) => {
    const at = `status.conditions[${index}].type`;
    const type = textOf(condition, 'type');
    const isRepeated = seen.has(type);
    seen.add(type);
    return [
      ...(isRepeated ? [duplicate(at, type)] : []),
      ...(type === '' ? [required(at, 'must not be empty')] : []),
    ];
  });
}

/** What is false or empty may as well be absent. */
const isSame = (one: JsonObject, other: JsonObject): boolean =>
  jsonEqual(significant(one), significant(other));

function significant(value: Json): Json {
  if (Array.isArray(value)) return value.map(significant);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== false)
      .map(([name, member]) => [name, significant(member)]),
  );
}
