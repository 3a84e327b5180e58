import { describe, expect, it } from 'vitest';
import { ownerOf, WorkQueue } from './work-queue.ts';

const takeAll = (queue: WorkQueue): string[] => {
  const taken: string[] = [];
  for (let key = queue.take(); key !== undefined; key = queue.take()) taken.push(key);
  return taken;
};

describe('WorkQueue', () => {
  it('holds a key once', () => {
    const queue = new WorkQueue();
    for (const key of ['a', 'b', 'a', 'a']) queue.add(key);
    expect(queue.depth).toBe(2);
    expect(takeAll(queue)).toEqual(['a', 'b']);
    expect([queue.depth, queue.running]).toEqual([0, 2]);
  });

  it('does not give out a key that is out, and remembers that it was added', () => {
    const queue = new WorkQueue();
    queue.add('a');
    expect(queue.take()).toBe('a');
    queue.add('a');
    expect(queue.take()).toBeUndefined();
    expect(queue.giveBack('a')).toBe(true);
    queue.add('a');
    expect(queue.take()).toBe('a');
    expect(queue.giveBack('a')).toBe(false);
    expect([queue.depth, queue.running]).toEqual([0, 0]);
  });

  it('lets owners take turns', () => {
    const queue = new WorkQueue();
    for (let n = 0; n < 4; n++) queue.add(`/ecs/big/eu/task/${n}`);
    queue.add('/ecs/small/eu/task/x');
    queue.add('/ecs/tiny/us/task/y');
    expect(takeAll(queue)).toEqual([
      '/ecs/big/eu/task/0',
      '/ecs/small/eu/task/x',
      '/ecs/tiny/us/task/y',
      '/ecs/big/eu/task/1',
      '/ecs/big/eu/task/2',
      '/ecs/big/eu/task/3',
    ]);
  });

  it('forgets what waits and not what is out', () => {
    const queue = new WorkQueue();
    for (const key of ['a', 'b']) queue.add(key);
    queue.take();
    queue.add('a');
    queue.clear();
    expect([queue.take(), queue.depth, queue.running]).toEqual([undefined, 0, 1]);
    expect(queue.giveBack('a')).toBe(false);
  });

  it.each([
    ['/ecs/111/eu/task/a', '111'],
    ['111/web', '111'],
    ['all', 'all'],
    ['/only', 'only'],
    ['', ''],
  ])('takes the owner of %j to be %j', (key, owner) => {
    expect(ownerOf(key)).toBe(owner);
  });
});
