import { describe, expect, it } from 'vitest';
import { readAccounts } from '../images/image-accounts.ts';
import type { PodSpec } from '../objects/pod.ts';
import { containerUser, readUserText, userText } from './container-user.ts';

const accounts = readAccounts(
  ['root:x:0:0:root:/root:/bin/sh', '# nobody', 'sailor:x:1000:2000::/:/bin/sh', 'bad:x:many:1::/:', ''].join(
    '\n',
  ),
  ['root:x:0:', 'disk:x:6:root,sailor', 'crew:x:50000:sailor', 'deck:x:2000:', 'bad:x::sailor', ''].join(
    '\n',
  ),
);

describe('containerUser', () => {
  type Security = NonNullable<PodSpec['securityContext']>;
  const user = (ofPod: Security, ofImage?: string, own: Security = {}): string =>
    userText(containerUser({ securityContext: ofPod }, { securityContext: own }, ofImage, accounts));

  const ofDocument = { runAsUser: 1000, runAsGroup: 3000, supplementalGroups: [4000] };

  it.each<[string, Security, string | undefined, string]>([
    ['is root where nobody is named', {}, undefined, '0:0:0,6'],
    ['is whom the image names, by name', {}, 'sailor', '1000:2000:6,2000,50000'],
    ['by id', {}, '1000', '1000:2000:6,2000,50000'],
    ['with a group', {}, 'sailor:crew', '1000:50000:6,50000'],
    ['with a group that nobody knows', {}, '7:8', '7:8:8'],
    ['is whom the pod names, not in the image’s group', { runAsUser: 7 }, 'sailor:crew', '7:0:0'],
    [
      'has the primary group of a user whom the image knows',
      { runAsUser: 1000 },
      '',
      '1000:2000:6,2000,50000',
    ],
    // As in https://kubernetes.io/docs/tasks/configure-pod-container/security-context/
    ['is in the image’s groups beside its own', ofDocument, undefined, '1000:3000:6,3000,4000,50000'],
    [
      'is in its own alone where it wants that',
      { ...ofDocument, supplementalGroupsPolicy: 'Strict' },
      undefined,
      '1000:3000:3000,4000',
    ],
    ['has its volumes’ group', { runAsGroup: 5, fsGroup: 4, supplementalGroups: [4, 5] }, '9', '9:5:4,5'],
  ])('%s', (_, ofPod, ofImage, expected) => {
    expect(user(ofPod, ofImage)).toBe(expected);
  });

  it("counts the container's own before the pod's", () => {
    expect(user({ runAsUser: 1, runAsGroup: 2 }, undefined, { runAsUser: 3 })).toBe('3:2:2');
  });

  it('is nobody whom the image does not know', () => {
    expect(() => user({}, 'captain')).toThrow(
      'unable to find user captain: no matching entries in passwd file',
    );
    expect(() => user({}, '1000:bridge')).toThrow('unable to find group bridge');
  });
});

describe('readUserText', () => {
  it('reads what a label keeps', () => {
    const user = { uid: 1000, gid: 3000, supplementalGroups: [3000, 4000] };
    expect(readUserText(userText(user))).toEqual(user);
    expect(readUserText(undefined)).toBeUndefined();
  });
});
