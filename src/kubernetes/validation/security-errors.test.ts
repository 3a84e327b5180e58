import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../objects/object.ts';
import { securityErrors } from './security-errors.ts';

describe('securityErrors', () => {
  const seccomp = (profile: JsonObject) => ({ seccompProfile: profile });
  const appArmor = (profile: JsonObject) => ({ appArmorProfile: profile });
  const profile = (type: string, localhostProfile?: string) => ({
    type,
    ...(localhostProfile !== undefined && { localhostProfile }),
  });
  const firm = { allowPrivilegeEscalation: false };

  it.each<[JsonObject, string | undefined]>([
    [{}, undefined],
    [seccomp(profile('RuntimeDefault')), undefined],
    [seccomp(profile('Localhost', 'web/strict.json')), undefined],
    [
      seccomp(profile('Localhost')),
      's.seccompProfile.localhostProfile: Required value: must be set when seccomp type is Localhost',
    ],
    [
      seccomp(profile('Unconfined', 'a.json')),
      's.seccompProfile.localhostProfile: Invalid value: "a.json": can only be set when seccomp type is Localhost',
    ],
    [appArmor(profile('Unconfined')), undefined],
    [appArmor(profile('Localhost', 'k8s-deny-write')), undefined],
    [
      appArmor(profile('Localhost')),
      's.appArmorProfile.localhostProfile: Required value: must be set when AppArmor type is Localhost',
    ],
    [
      appArmor(profile('Localhost', ' a ')),
      's.appArmorProfile.localhostProfile: Invalid value: " a ": must not be padded with whitespace',
    ],
    [
      appArmor(profile('Localhost', 'a'.repeat(4_096))),
      's.appArmorProfile.localhostProfile: Too long: may not be more than 4095 bytes',
    ],
    [
      appArmor(profile('RuntimeDefault', 'a')),
      's.appArmorProfile.localhostProfile: Invalid value: "a": can only be set when AppArmor type is Localhost',
    ],
    [{ ...firm, privileged: false, capabilities: { add: ['NET_ADMIN'] } }, undefined],
    [
      { ...firm, privileged: true },
      's: Invalid value: {"allowPrivilegeEscalation":false,"privileged":true}: cannot set `allowPrivilegeEscalation` to false and `privileged` to true',
    ],
    [
      { ...firm, capabilities: { add: ['CAP_SYS_ADMIN'] } },
      's: Invalid value: {"allowPrivilegeEscalation":false,"capabilities":{"add":["CAP_SYS_ADMIN"]}}: cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN',
    ],
  ])('of %j: %s', (security, error) => {
    const found = securityErrors(security, 's').map(({ field, text }) => `${field}: ${text}`);
    expect(found).toEqual(error === undefined ? [] : [error]);
  });
});
