import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { killedIn, MemoryKills } from './memory-kills.ts';

const idOf = (digit: string): string => digit.repeat(64);
const record = (cgroup: string): string =>
  `6,1017,28149240752,-;oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=${idOf('c')},mems_allowed=0,` +
  `oom_memcg=/catamaran/t1,task_memcg=${cgroup},task=tail,pid=24090,uid=0\n`;

it.each([
  [`/docker/${idOf('a')}`, idOf('a')],
  [`/catamaran/t1/${idOf('a')}`, idOf('a')],
  [`/catamaran/t1/${idOf('a')}/inner`, idOf('a')],
  [`/system.slice/docker-${idOf('a')}.scope`, idOf('a')],
  ['/user.slice', undefined],
])('a kill in %s', (cgroup, id) => {
  expect(killedIn(record(cgroup).trimEnd())).toBe(id);
});

it('what is said of other things is no kill', () => {
  expect(
    killedIn('6,1016,28149240409,-;tail invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL)'),
  ).toBeUndefined();
  expect(killedIn(`6,1,2,-;docker0: port ${idOf('a')} entered blocking state`)).toBeUndefined();
});

it('kills are known as soon as the log has them, also those from before', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'catamaran-kills-'));
  try {
    const log = join(directory, 'kmsg');
    const noise = '6,1,2,-;usb 1-1: new device\n'.repeat(2_000);
    writeFileSync(log, noise + record(`/docker/${idOf('a')}`) + noise);
    using kills = new MemoryKills(log);
    expect(await Promise.all([kills.has(idOf('a')), kills.has(idOf('b'))])).toEqual([true, false]);
    appendFileSync(log, record(`/docker/${idOf('b')}`) + noise);
    expect(await Promise.all([kills.has(idOf('b')), kills.has(idOf('a'))])).toEqual([true, true]);
    for (let number = 0; number < 1_000; number++)
      appendFileSync(log, record(`/docker/${number.toString(16).padStart(64, '0')}`));
    expect(await kills.has((999).toString(16).padStart(64, '0'))).toBe(true);
    expect(await kills.has(idOf('a'))).toBe(false);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

it('where there is no such log, nothing is known', async () => {
  using kills = new MemoryKills('/nowhere/kmsg');
  expect(await kills.has(idOf('a'))).toBe(false);
});
