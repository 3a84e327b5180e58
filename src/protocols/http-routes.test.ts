import { describe, expect, it } from 'vitest';
import { HttpRoutes } from './http-routes.ts';

const routes = new HttpRoutes<string>();
routes.add('GET', '/', 'root');
routes.add('GET', '/clusters', 'list');
routes.add('GET', '/clusters/{name}', 'describe');
routes.add('DELETE', '/clusters/{name}', 'delete');
routes.add('GET', '/clusters/{name}/node-groups/{group}', 'group');
routes.add('GET', '/clusters/special', 'special');
routes.add('GET', '/tags/{arn+}', 'tags');
routes.add('GET', '/tree/{path+}/leaf', 'leaf');

describe('HttpRoutes', () => {
  it.each([
    ['GET', '/', 'root', {}],
    ['GET', '/clusters', 'list', {}],
    ['GET', '/clusters/', 'list', {}],
    ['GET', '/clusters/a', 'describe', { name: 'a' }],
    ['GET', '/clusters/a%2Fb%20c', 'describe', { name: 'a/b c' }],
    ['DELETE', '/clusters/a', 'delete', { name: 'a' }],
    ['GET', '/clusters/special', 'special', {}],
    ['GET', '/clusters/special/node-groups/g', 'group', { name: 'special', group: 'g' }],
    ['GET', '/tags/arn:aws:eks/x/y', 'tags', { arn: 'arn:aws:eks/x/y' }],
    ['GET', '/tree/a/b/leaf', 'leaf', { path: 'a/b' }],
  ])('%s %s leads to %s', (method, path, target, labels) => {
    const found = routes.find(method, path);
    expect(found?.target).toBe(target);
    expect(Object.fromEntries(found?.labels ?? [])).toEqual(labels);
  });

  it.each([
    ['POST', '/clusters'],
    ['GET', '/nope'],
    ['GET', '/clusters//node-groups/g'],
    ['GET', '/clusters/%ff'],
    ['GET', '/clusters/a/node-groups'],
    ['GET', '/tree/leaf'],
    ['GET', ''],
    ['__proto__', '/clusters'],
  ])('%s %s leads nowhere', (method, path) => {
    expect(routes.find(method, path)?.target).toBe(path === '' ? 'root' : undefined);
  });

  it('refuses the same route twice', () => {
    expect(() => routes.add('GET', '/clusters/{other}', 'again')).toThrow('twice');
  });
});
