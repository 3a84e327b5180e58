import { type FieldError, invalidValue, required, tooLong } from '../apiserver/status.ts';
import { type JsonObject, listOf, memberOf, textOf } from '../objects/object.ts';

const longestProfile = 4_095;

/**
 * What is wrong with a security context, of a pod or of a container, beyond its single fields: rights that exclude each
 * other, and profiles that are not said whole. As `ValidateSecurityContext` upstream.
 * @param path Of the security context.
 */
export function securityErrors(security: JsonObject, path: string): readonly FieldError[] {
  const profileErrors = (
    member: 'seccompProfile' | 'appArmorProfile',
    errorsOf: (profile: JsonObject, path: string) => readonly FieldError[],
  ) =>
    security[member] === undefined
      ? []
      : errorsOf(memberOf(security, member), `${path}.${member}.localhostProfile`);
  return [
    ...profileErrors('seccompProfile', seccompErrors),
    ...profileErrors('appArmorProfile', appArmorErrors),
    ...escalationErrors(security, path),
  ];
}

/** @param path Of its `localhostProfile`. */
function seccompErrors(profile: JsonObject, path: string): readonly FieldError[] {
  const { localhostProfile } = profile;
  if (textOf(profile, 'type') === 'Localhost')
    return localhostProfile === undefined
      ? [required(path, 'must be set when seccomp type is Localhost')]
      : [];
  return localhostProfile === undefined
    ? []
    : [invalidValue(path, localhostProfile, 'can only be set when seccomp type is Localhost')];
}

/** @param path Of its `localhostProfile`. */
function appArmorErrors(profile: JsonObject, path: string): readonly FieldError[] {
  const { localhostProfile } = profile;
  if (textOf(profile, 'type') !== 'Localhost')
    return localhostProfile === undefined
      ? []
      : [invalidValue(path, localhostProfile, 'can only be set when AppArmor type is Localhost')];
  const name = textOf(profile, 'localhostProfile');
  if (name.trim() !== name) return [invalidValue(path, name, 'must not be padded with whitespace')];
  if (name === '') return [required(path, 'must be set when AppArmor type is Localhost')];
  return Buffer.byteLength(name) > longestProfile ? [tooLong(path, longestProfile)] : [];
}

function escalationErrors(security: JsonObject, path: string): readonly FieldError[] {
  if (security.allowPrivilegeEscalation !== false) return [];
  const refuse = (what: string): FieldError =>
    invalidValue(path, security, `cannot set \`allowPrivilegeEscalation\` to false and ${what}`);
  return [
    ...(security.privileged === true ? [refuse('`privileged` to true')] : []),
    ...(listOf(memberOf(security, 'capabilities'), 'add').includes('CAP_SYS_ADMIN')
      ? [refuse('`capabilities.Add` CAP_SYS_ADMIN')]
      : []),
  ];
}
