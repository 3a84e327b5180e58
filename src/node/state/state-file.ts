import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { AcsTask } from '../../protocols/index.ts';
import type { TaskProgress, TaskRecord } from './task-record.ts';

/** Finished tasks remembered, so that a late message cannot start one a second time. */
const rememberedFinishedTasks = 10_000;
/** References remembered for ECS_IMAGE_PULL_BEHAVIOR `once`. */
const rememberedImages = 1_000;

/**
 * The agent's memory on disk. Whatever the control plane was told is accepted is durable before it is told so;
 * the rest survives the death of the process and may, after a power failure, fall back to what the engine says.
 * After it is closed it accepts nothing, and what comes late changes nothing.
 */
export interface StateFile extends Disposable {
  read(name: string): string | undefined;
  /** Durable on return. */
  write(name: string, value: string): void;
  /** The highest sequence number or manifest timeline seen. */
  readonly sequence: number;
  /**
   * Takes in new tasks and the sequence number they came with, all or nothing, durable on return.
   * @throws {Error} it is closed, or can't be written.
   */
  accept(records: readonly TaskRecord[], sequence: number): void;
  /** @param isDurable It is to survive a power failure too, on return. */
  saveProgress(taskArn: string, progress: TaskProgress, isDurable?: boolean): void;
  /** Everything accepted and not yet forgotten, in the order of its coming. */
  tasks(): readonly TaskRecord[];
  /** Forgets a task that is over and cleaned up, but for the fact that it was. */
  finish(taskArn: string): void;
  isFinished(taskArn: string): boolean;
  logPosition(taskArn: string, container: string): string | undefined;
  saveLogPosition(taskArn: string, container: string, position: string): void;
  wasPulled(image: string): boolean;
  recordPull(image: string): void;
}

/**
 * Opens the memory in the agent's directory, which is made if absent. One process at a time: the file stays locked
 * while it is open.
 * @throws {Error} when another agent uses the directory, or it can't be written.
 */
export function openStateFile(directory: string): StateFile {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, 'agent.db');
  closeSync(openSync(path, 'a', 0o600));
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path);
    return new SqliteStateFile(database);
  } catch (error) {
    database?.close();
    const isLocked = error instanceof Error && /locked|busy/i.test(error.message);
    throw new Error(
      isLocked
        ? `Agent state '${path}' is in use by another agent: stop it, or give this one its own state directory`
        : `Agent state '${path}' cannot be opened: check that it is writable and its disk is not full`,
      { cause: error },
    );
  }
}

class SqliteStateFile implements StateFile {
  readonly #database: DatabaseSync;
  readonly #statements: Record<keyof typeof statements, StatementSync>;
  #isOpen = true;

  constructor(database: DatabaseSync) {
    this.#database = database;
    // Exclusive: a second agent on the same directory fails at once instead of undoing the first one's work.
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
    database.exec(`BEGIN IMMEDIATE; ${schema} COMMIT;`);
    this.#statements = prepareAll(database);
  }

  read(name: string): string | undefined {
    return textOf(this.#statements.readFact.get(name), 'value');
  }

  write(name: string, value: string): void {
    if (!this.#isOpen) return;
    this.#durably(() => this.#statements.writeFact.run(name, value));
  }

  get sequence(): number {
    return Number(this.read('sequence') ?? 0);
  }

  accept(records: readonly TaskRecord[], sequence: number): void {
    if (!this.#isOpen) throw new Error('The agent is closed');
    this.#durably(() => {
      for (const { task, progress } of records) {
        this.#statements.insertTask.run(task.arn, JSON.stringify(task), JSON.stringify(progress));
      }
      if (sequence > this.sequence) this.#statements.writeFact.run('sequence', String(sequence));
    });
  }

  saveProgress(taskArn: string, progress: TaskProgress, isDurable = false): void {
    if (!this.#isOpen) return;
    const save = (): void => void this.#statements.saveProgress.run(JSON.stringify(progress), taskArn);
    if (isDurable) this.#durably(save);
    else save();
  }

  tasks(): readonly TaskRecord[] {
    return this.#statements.tasks.all().map((row) => {
      const task: AcsTask = JSON.parse(textOf(row, 'task') ?? 'null');
      const progress: TaskProgress = JSON.parse(textOf(row, 'progress') ?? 'null');
      return { task, progress };
    });
  }

  finish(taskArn: string): void {
    if (!this.#isOpen) return;
    this.#transaction(() => {
      this.#statements.deleteTask.run(taskArn);
      this.#statements.deleteLogPositions.run(`${taskArn}\n`, `${taskArn}\n\u{10ffff}`);
      this.#statements.insertFinished.run(taskArn);
      this.#statements.trimFinished.run(rememberedFinishedTasks);
    });
  }

  isFinished(taskArn: string): boolean {
    return this.#statements.isFinished.get(taskArn) !== undefined;
  }

  logPosition(taskArn: string, container: string): string | undefined {
    return textOf(this.#statements.readLogPosition.get(`${taskArn}\n${container}`), 'position');
  }

  saveLogPosition(taskArn: string, container: string, position: string): void {
    if (!this.#isOpen) return;
    this.#statements.saveLogPosition.run(`${taskArn}\n${container}`, position);
  }

  wasPulled(image: string): boolean {
    return this.#statements.wasPulled.get(image) !== undefined;
  }

  recordPull(image: string): void {
    if (!this.#isOpen) return;
    this.#statements.recordPull.run(image);
    this.#statements.trimPulls.run(rememberedImages);
  }

  [Symbol.dispose](): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#database.close();
  }

  #durably(work: () => void): void {
    this.#database.exec('PRAGMA synchronous = FULL');
    try {
      this.#transaction(work);
    } finally {
      this.#database.exec('PRAGMA synchronous = NORMAL');
    }
  }

  #transaction(work: () => void): void {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      work();
      this.#database.exec('COMMIT');
    } catch (error) {
      this.#database.exec('ROLLBACK');
      throw error;
    }
  }
}

const schema = `
  CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS task (arn TEXT PRIMARY KEY, task TEXT NOT NULL, progress TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS finished (id INTEGER PRIMARY KEY AUTOINCREMENT, arn TEXT NOT NULL UNIQUE);
  CREATE TABLE IF NOT EXISTS log_position (container TEXT PRIMARY KEY, position TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS pulled (id INTEGER PRIMARY KEY AUTOINCREMENT, image TEXT NOT NULL UNIQUE);
`;

const statements = {
  readFact: 'SELECT value FROM fact WHERE name = ?',
  writeFact: 'INSERT INTO fact VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
  insertTask: 'INSERT INTO task VALUES (?, ?, ?)',
  saveProgress: 'UPDATE task SET progress = ? WHERE arn = ?',
  tasks: 'SELECT task, progress FROM task ORDER BY rowid',
  deleteTask: 'DELETE FROM task WHERE arn = ?',
  insertFinished: 'INSERT OR IGNORE INTO finished (arn) VALUES (?)',
  trimFinished: 'DELETE FROM finished WHERE id <= (SELECT max(id) FROM finished) - ?',
  isFinished: 'SELECT 1 FROM finished WHERE arn = ?',
  readLogPosition: 'SELECT position FROM log_position WHERE container = ?',
  saveLogPosition:
    'INSERT INTO log_position VALUES (?, ?) ON CONFLICT (container) DO UPDATE SET position = excluded.position',
  deleteLogPositions: 'DELETE FROM log_position WHERE container >= ? AND container < ?',
  wasPulled: 'SELECT 1 FROM pulled WHERE image = ?',
  recordPull: 'INSERT OR IGNORE INTO pulled (image) VALUES (?)',
  trimPulls: 'DELETE FROM pulled WHERE id <= (SELECT max(id) FROM pulled) - ?',
} as const;

function prepareAll(database: DatabaseSync): Record<keyof typeof statements, StatementSync> {
  const prepare = (name: keyof typeof statements) => database.prepare(statements[name]);
  return {
    readFact: prepare('readFact'),
    writeFact: prepare('writeFact'),
    insertTask: prepare('insertTask'),
    saveProgress: prepare('saveProgress'),
    tasks: prepare('tasks'),
    deleteTask: prepare('deleteTask'),
    insertFinished: prepare('insertFinished'),
    trimFinished: prepare('trimFinished'),
    isFinished: prepare('isFinished'),
    readLogPosition: prepare('readLogPosition'),
    saveLogPosition: prepare('saveLogPosition'),
    deleteLogPositions: prepare('deleteLogPositions'),
    wasPulled: prepare('wasPulled'),
    recordPull: prepare('recordPull'),
    trimPulls: prepare('trimPulls'),
  };
}

function textOf(row: unknown, column: string): string | undefined {
  if (typeof row !== 'object' || row === null) return undefined;
  const value = new Map(Object.entries(row)).get(column);
  return typeof value === 'string' ? value : undefined;
}
