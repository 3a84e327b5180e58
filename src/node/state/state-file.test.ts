import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AcsTask } from '../../protocols/index.ts';
import { openStateFile } from './state-file.ts';
import { newProgress, withoutSecrets } from './task-record.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'agent-state-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const credentials = {
  credentialsId: 'c-1',
  accessKeyId: 'key-in-clear',
  secretAccessKey: 'secret-in-clear',
  sessionToken: 'token-in-clear',
  expiration: '2026-01-01T00:00:00Z',
  roleArn: 'arn:aws:iam::123456789012:role/r',
};

function record(arn: string) {
  const task: AcsTask = withoutSecrets({
    arn,
    family: 'f',
    version: '1',
    desiredStatus: 'RUNNING',
    taskClusterArn: 'c',
    roleCredentials: credentials,
    executionRoleCredentials: credentials,
    containers: [],
  });
  return { task, progress: newProgress(task, { waitsFor: [], receivedAtMs: 1, makeMetadataId: () => 'm' }) };
}

describe('the state file', () => {
  test('remembers tasks, sequence and positions after it is opened again', () => {
    {
      using state = openStateFile(directory);
      state.accept([record('t1'), record('t2')], 7);
      state.accept([], 3);
      state.saveProgress('t1', { ...record('t1').progress, desiredStatus: 'STOPPED' });
      state.saveLogPosition('t1', 'app', '{}');
      state.recordPull('demo');
    }
    using state = openStateFile(directory);
    expect(state.tasks().map(({ task, progress }) => [task.arn, progress.desiredStatus])).toEqual([
      ['t1', 'STOPPED'],
      ['t2', 'RUNNING'],
    ]);
    expect(state.sequence).toBe(7);
    expect(state.logPosition('t1', 'app')).toBe('{}');
    expect([state.wasPulled('demo'), state.wasPulled('other')]).toEqual([true, false]);
  });

  test('forgets a finished task but for the fact that it ran', () => {
    using state = openStateFile(directory);
    state.accept([record('t1'), record('t10')], 1);
    state.saveLogPosition('t1', 'app', 'a');
    state.saveLogPosition('t10', 'app', 'b');
    state.finish('t1');
    expect(state.tasks().map(({ task }) => task.arn)).toEqual(['t10']);
    expect([state.isFinished('t1'), state.isFinished('t10')]).toEqual([true, false]);
    expect([state.logPosition('t1', 'app'), state.logPosition('t10', 'app')]).toEqual([undefined, 'b']);
  });

  test('is for its owner alone, and keeps no credentials', () => {
    using state = openStateFile(directory);
    state.accept([record('t1')], 1);
    expect(statSync(join(directory, 'agent.db')).mode & 0o777).toBe(0o600);
    expect(JSON.stringify(state.tasks())).not.toContain('in-clear');
    expect(JSON.stringify(state.tasks())).toContain('c-1');
  });

  test('is refused to a second agent, with what to do', () => {
    using _state = openStateFile(directory);
    expect(() => openStateFile(directory)).toThrow('stop it, or give this one its own state directory');
  });

  test('that is no database is refused by name', () => {
    writeFileSync(join(directory, 'agent.db'), 'not a database, but quite a long text instead of one');
    expect(() => openStateFile(directory)).toThrow('cannot be opened');
  });

  test('accepts nothing after it is closed, and ignores late progress', () => {
    const state = openStateFile(directory);
    state[Symbol.dispose]();
    expect(() => state.accept([record('t1')], 1)).toThrow('The agent is closed');
    state.saveProgress('t1', record('t1').progress);
    state[Symbol.dispose]();
  });
});
