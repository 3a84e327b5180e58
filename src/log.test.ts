import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createLog, recordingLog, silentLog } from './log.ts';

describe('a log', () => {
  it('blanks what has the name of a secret, however deep and however written', () => {
    const log = recordingLog();
    log.info('Handed out credentials', {
      accessKeyId: 'AKIA',
      SecretAccessKey: 's1',
      request: {
        headers: { Authorization: 's2', 'x-amz-security-token': 's3', host: 'localhost' },
        env: [{ AWS_SESSION_TOKEN: 's4', PASSWORD: 's5', PATH: '/bin' }],
        roleCredentials: { sessionToken: 's6', expiration: 'soon' },
      },
      clientToken: 'not a secret',
      error: new Error('failed', { cause: Object.assign(new Error('inner'), { password: 's7', code: 'E' }) }),
    });
    const text = JSON.stringify(log.lines);
    for (let secret = 1; secret <= 7; secret++) expect(text).not.toContain(`"s${secret}"`);
    for (const kept of ['AKIA', 'localhost', '/bin', 'soon', 'not a secret', 'inner', '"E"'])
      expect(text).toContain(kept);
  });

  it('bears what cannot be written', () => {
    const log = recordingLog();
    const loop: { self?: unknown; bytes: Uint8Array; count: bigint } = {
      bytes: new Uint8Array(3),
      count: 10n,
    };
    loop.self = loop;
    log.error('Odd', { loop });
    expect(JSON.stringify(log.lines)).toContain('[deeper]');
    expect(JSON.stringify(log.lines)).toContain('[3 bytes]');
    silentLog.error('Odd', { loop });
  });

  it('writes one JSON object per line, from its level on, to a file of its own mode', () => {
    const directory = mkdtempSync(join(tmpdir(), 'catamaran-log-'));
    try {
      const file = join(directory, 'catamaran.log');
      const log = createLog({ level: 'info', file });
      log.debug('Not written');
      log.info('Started', { port: 4566 });
      log.warn('Failed once', { error: new TypeError('no such thing'), password: 'hidden' });
      const lines = readFileSync(file, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(lines).toMatchObject([
        { level: 'info', message: 'Started', port: 4566 },
        { level: 'warn', message: 'Failed once', error: { name: 'TypeError', message: 'no such thing' } },
      ]);
      expect(lines[1].password).toBe('[secret]');
      expect(lines[0].time).toMatch(/^\d{4}-\d\d-\d\dT/);
      expect(statSync(file).mode & 0o777).toBe(0o600);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it.runIf(existsSync('/dev/full'))('loses lines on a full disk and harms nobody', async () => {
    const log = createLog({ file: '/dev/full' });
    expect(() => log.error('Cannot be written')).not.toThrow();
    // An error event without a listener would end the process in a later turn.
    await new Promise((resolve) => setImmediate(resolve));
    expect(() => log.error('Nor can this')).not.toThrow();
  });
});
