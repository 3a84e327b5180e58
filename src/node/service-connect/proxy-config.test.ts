import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { proxyConfig } from './proxy-config.ts';
import type { ProxyPlan } from './proxy-plan.ts';
import { listener, proxyPlan } from './testing/plans.ts';

const haproxy = '/usr/sbin/haproxy';
const everything: Partial<ProxyPlan> = {
  outbound: [
    listener('web', 'http', 80),
    listener('db_1', 'tcp', 5432),
    listener('rpc', 'grpc', 50_051),
    listener('two', 'http2', 8080),
  ],
  inbound: [
    { ...listener('own', 'http', 15_000), address: '0.0.0.0', containerPort: 8080 },
    { ...listener('own-tcp', 'tcp', 15_001), address: '0.0.0.0', containerPort: 5432 },
    { ...listener('own-rpc', 'grpc', 15_002), address: '0.0.0.0', containerPort: 50_051 },
  ],
};

describe.runIf(existsSync(haproxy))('HAProxy takes', () => {
  test.each<[name: string, plan: Partial<ProxyPlan>]>([
    ['a client of nothing', {}],
    ['every protocol, both ways', everything],
    ['access logs as text', { ...everything, accessLog: { format: 'TEXT', includesQueryParameters: false } }],
    ['access logs as JSON', { ...everything, accessLog: { format: 'JSON', includesQueryParameters: true } }],
    [
      'timeouts that are off',
      { outbound: [{ ...listener('a', 'http'), idleTimeoutSeconds: 0, perRequestTimeoutSeconds: 0 }] },
    ],
    ['the longest timeout', { outbound: [{ ...listener('a', 'tcp'), idleTimeoutSeconds: 2_147_483_647 }] }],
  ])('%s', (_name, plan) => {
    const directory = mkdtempSync(join(tmpdir(), 'proxy-config-'));
    try {
      const file = join(directory, 'haproxy.cfg');
      writeFileSync(file, proxyConfig(proxyPlan(plan)));
      const { status, stderr } = spawnSync(haproxy, ['-c', '-q', '-f', file], {
        encoding: 'utf8',
        timeout: 60_000,
      });
      expect(stderr.split('\n').filter((line) => /WARNING|ALERT/.test(line))).toEqual([]);
      expect(status).toBe(0);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

describe('the configuration', () => {
  const blockOf = (plan: Partial<ProxyPlan>, head: string): string =>
    proxyConfig(proxyPlan(plan))
      .split('\n\n')
      .find((block) => block.startsWith(`${head}\n`)) ?? '';

  test('listens where the alias leads, and nowhere else', () => {
    const binds = proxyConfig(proxyPlan({ outbound: [listener('web', 'http', 8080)] })).match(/bind .*/g);
    expect(binds).toEqual(['bind 127.255.0.1:8080']);
  });

  test('asks any of the tasks when all would be left out', () => {
    expect(blockOf({ outbound: [listener('web', 'http')] }, 'frontend to:web')).toContain(
      'use_backend all:web if { nbsrv(out:web) eq 0 }\n    default_backend out:web',
    );
  });

  test('waits for an answer as long as a request may take, and for the next request as long as a connection may be idle', () => {
    const outbound = [{ ...listener('web', 'http'), idleTimeoutSeconds: 120, perRequestTimeoutSeconds: 7 }];
    expect(blockOf({ outbound }, 'backend out:web')).toContain('timeout server 7s');
    expect(blockOf({ outbound }, 'frontend to:web')).toContain('timeout http-keep-alive 120s');
  });

  test('says a request again that nobody answered only where it may be said twice', () => {
    expect(blockOf({ outbound: [listener('web', 'http')] }, 'backend out:web')).toContain(
      'disable-l7-retry unless { method GET HEAD OPTIONS }',
    );
    expect(proxyConfig(proxyPlan({ outbound: [listener('db', 'tcp')] }))).not.toContain('retry-on');
  });
});
