import { type FieldError, invalidValue, required } from '../apiserver/status.ts';
import { isJsonObject, type JsonObject, memberOf, numberOf, textOf } from '../objects/object.ts';
import { ensured, type Kind, setDefaults } from './kind.ts';
import { badName } from './metadata.ts';

/** APIServices: which server answers a group and version. */
export const apiService: Kind = {
  ...{ names: 'path-segment', needsVersionForUpdate: true },
  defaults: (draft) => {
    const spec = ensured(draft, 'spec');
    if (isJsonObject(spec.service)) setDefaults(ensured(spec, 'service'), { port: 443 });
  },
  validate: ({ metadata, ...object }) => {
    const spec = memberOf(object, 'spec');
    const [group, version] = [textOf(spec, 'group'), textOf(spec, 'version')];
    const name = `${version}.${group}`;
    const badGroup = group === '' ? undefined : badName('dns-subdomain', group);
    const badVersion = badName('dns-label-1035', version);
    return [
      ...(metadata.name === name
        ? []
        : [
            invalidValue(
              'metadata.name',
              metadata.name,
              `must be \`spec.version+"."+spec.group\`: ${JSON.stringify(name)}`,
            ),
          ]),
      ...(group === '' && version !== 'v1'
        ? [required('spec.group', 'only v1 may have an empty group and it better be legacy kube')]
        : []),
      ...(badGroup === undefined ? [] : [invalidValue('spec.group', group, badGroup)]),
      ...(badVersion === undefined ? [] : [invalidValue('spec.version', version, badVersion)]),
      ...priorityErrors(spec, 'groupPriorityMinimum', 20_000),
      ...priorityErrors(spec, 'versionPriority', 1_000),
      ...(isJsonObject(spec.service) ? remoteErrors(spec, spec.service) : localErrors(spec)),
    ];
  },
};

function priorityErrors(spec: JsonObject, field: string, most: number): readonly FieldError[] {
  const value = numberOf(spec, field);
  return value > 0 && value <= most
    ? []
    : [invalidValue(`spec.${field}`, value, `must be positive and less than ${most}`)];
}

function remoteErrors(spec: JsonObject, service: JsonObject): readonly FieldError[] {
  const port = numberOf(service, 'port');
  return [
    ...['namespace', 'name'].flatMap((field) =>
      textOf(service, field) === '' ? [required(`spec.service.${field}`)] : [],
    ),
    ...(port >= 1 && port <= 65_535
      ? []
      : [
          invalidValue(
            'spec.service.port',
            port,
            'port is not valid: must be between 1 and 65535, inclusive',
          ),
        ]),
    ...(spec.insecureSkipTLSVerify === true && textOf(spec, 'caBundle') !== ''
      ? [invalidValue('spec.insecureSkipTLSVerify', true, 'may not be true if caBundle is present')]
      : []),
  ];
}

function localErrors(spec: JsonObject): readonly FieldError[] {
  const bundle = Buffer.from(textOf(spec, 'caBundle'), 'base64');
  return [
    ...(bundle.length === 0
      ? []
      : [
          invalidValue(
            'spec.caBundle',
            `${bundle.length} bytes`,
            'local APIServices may not have a caBundle',
          ),
        ]),
    ...(spec.insecureSkipTLSVerify === true
      ? [
          invalidValue(
            'spec.insecureSkipTLSVerify',
            true,
            'local APIServices may not have insecureSkipTLSVerify',
          ),
        ]
      : []),
  ];
}
