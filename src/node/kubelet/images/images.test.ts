import { describe, expect, it } from 'vitest';
import { readImageName } from './image-name.ts';
import { registryAuths } from './pull-secrets.ts';

describe('readImageName', () => {
  it.each([
    ['busybox', 'busybox:latest', 'index.docker.io', 'docker.io/library/busybox'],
    ['library/busybox:1', 'library/busybox:1', 'index.docker.io', 'docker.io/library/busybox'],
    ['localhost:5000/app', 'localhost:5000/app:latest', 'localhost:5000', 'localhost:5000/app'],
    ['quay.io/a/b:v1', 'quay.io/a/b:v1', 'quay.io', 'quay.io/a/b'],
    [`a@sha256:${'0'.repeat(64)}`, `a@sha256:${'0'.repeat(64)}`, 'index.docker.io', 'docker.io/library/a'],
  ])('reads %s', (text, reference, registry, repository) => {
    expect(readImageName(text)).toEqual({ reference, registry, repository });
  });

  it.each(['', 'UPPER', 'a b', 'a:', ':1', 'a@sha256:12', '-a'])('takes %j for no image', (text) => {
    expect(readImageName(text)).toBeUndefined();
  });
});

const image = (text: string) => readImageName(text) ?? expect.fail();
const base64 = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64');
const json = (auths: object) => ({
  metadata: { name: 's' },
  type: 'kubernetes.io/dockerconfigjson',
  data: { '.dockerconfigjson': base64({ auths }) },
});
const ada = { username: 'ada', password: 'secret' };

describe('registryAuths', () => {
  it.each([
    ['quay.io', 'quay.io/a/b', true],
    ['https://quay.io/v2/', 'quay.io/a/b', true],
    ['quay.io/a', 'quay.io/a/b', true],
    ['quay.io/other', 'quay.io/a/b', false],
    ['https://index.docker.io/v1/', 'busybox', true],
    ['docker.io', 'library/busybox', true],
    ['docker.io', 'quay.io/a', false],
  ])('of %s are for %s: %s', (registry, name, isFor) => {
    expect(registryAuths([json({ [registry]: ada })], image(name))).toEqual(isFor ? [ada] : []);
  });

  it('reads the older type, and names and passwords that are joined', () => {
    const old = {
      ...{ metadata: { name: 's' }, type: 'kubernetes.io/dockercfg' },
      data: { '.dockercfg': base64({ 'quay.io': { auth: base64('ada:se:cret') } }) },
    };
    expect(registryAuths([old], image('quay.io/a'))).toEqual([{ username: 'ada', password: 'se:cret' }]);
  });

  it('leaves out what is broken', () => {
    const broken = {
      metadata: { name: 's' },
      type: 'kubernetes.io/dockercfg',
      data: { '.dockercfg': 'e30=' },
    };
    const others = [
      json({ 'quay.io': { auth: base64('nobody') } }),
      { metadata: { name: 'o' }, type: 'Opaque' },
    ];
    expect(registryAuths([broken, ...others, json({ 'quay.io': ada })], image('quay.io/a'))).toEqual([ada]);
  });
});
