import type { StateFile } from '../../src/node/state/state-file.ts';
import type { TaskProgress, TaskRecord } from '../../src/node/state/task-record.ts';
import type { SimProcess } from './sim-process.ts';

/**
 * The disk of a simulated machine, with its agent's state file. The file is a list of writes: those up to the last
 * durable one survive a loss of power, all of them survive the death of the process.
 */
export class AgentDisk {
  readonly #durable = new Memory();
  readonly #unsynced: Write[] = [];

  /** The state file, as the agent of this process sees it. */
  open(process: SimProcess): StateFile {
    const memory = this.#durable.copy();
    for (const write of this.#unsynced) memory.apply(write);
    return new DiskStateFile(memory, process, (write, isDurable) => {
      this.#unsynced.push(write);
      if (isDurable) this.#sync(this.#unsynced.length);
    });
  }

  /**
   * @param keep How many of the writes that nobody waited for have reached the disk all the same.
   * @returns how many are lost.
   */
  losePower(keep: (unsynced: number) => number): number {
    if (this.#unsynced.length === 0) return 0;
    this.#sync(keep(this.#unsynced.length));
    return this.#unsynced.splice(0).length;
  }

  #sync(count: number): void {
    for (const write of this.#unsynced.splice(0, count)) this.#durable.apply(write);
  }
}

/** JSON texts, so that nothing is shared with whoever wrote it. */
type Write =
  | { readonly type: 'fact'; readonly name: string; readonly value: string }
  | { readonly type: 'accept'; readonly tasks: readonly (readonly [string, string, string])[] }
  | { readonly type: 'progress'; readonly taskArn: string; readonly progress: string }
  | { readonly type: 'finish'; readonly taskArn: string }
  | { readonly type: 'pulled'; readonly image: string };

class Memory {
  readonly facts = new Map<string, string>();
  readonly tasks = new Map<string, { readonly task: string; progress: string }>();
  readonly finished = new Set<string>();
  readonly pulled = new Set<string>();

  copy(): Memory {
    const copy = new Memory();
    for (const [name, value] of this.facts) copy.facts.set(name, value);
    for (const [arn, task] of this.tasks) copy.tasks.set(arn, { ...task });
    for (const arn of this.finished) copy.finished.add(arn);
    for (const image of this.pulled) copy.pulled.add(image);
    return copy;
  }

  apply(write: Write): void {
    switch (write.type) {
      case 'fact':
        this.facts.set(write.name, write.value);
        break;
      case 'accept':
        for (const [arn, task, progress] of write.tasks) this.tasks.set(arn, { task, progress });
        break;
      case 'progress': {
        const task = this.tasks.get(write.taskArn);
        if (task) task.progress = write.progress;
        break;
      }
      case 'finish':
        this.tasks.delete(write.taskArn);
        this.finished.add(write.taskArn);
        break;
      case 'pulled':
        this.pulled.add(write.image);
        break;
    }
  }
}

class DiskStateFile implements StateFile {
  readonly #memory: Memory;
  readonly #process: SimProcess;
  readonly #append: (write: Write, isDurable: boolean) => void;
  #isOpen = true;

  constructor(memory: Memory, process: SimProcess, append: (write: Write, isDurable: boolean) => void) {
    this.#memory = memory;
    this.#process = process;
    this.#append = append;
  }

  get sequence(): number {
    return Number(this.read('sequence') ?? 0);
  }

  read(name: string): string | undefined {
    return this.#memory.facts.get(name);
  }

  write(name: string, value: string): void {
    this.#put({ type: 'fact', name, value }, true);
  }

  accept(records: readonly TaskRecord[], sequence: number): void {
    if (!this.#isOpen) throw new Error('The agent is closed');
    const tasks = records.map(
      ({ task, progress }) => [task.arn, JSON.stringify(task), JSON.stringify(progress)] as const,
    );
    this.#put({ type: 'accept', tasks }, true);
    if (sequence > this.sequence) this.write('sequence', String(sequence));
  }

  saveProgress(taskArn: string, progress: TaskProgress, isDurable = false): void {
    this.#put({ type: 'progress', taskArn, progress: JSON.stringify(progress) }, isDurable);
  }

  tasks(): readonly TaskRecord[] {
    return Array.from(this.#memory.tasks.values(), ({ task, progress }) => ({
      task: JSON.parse(task) as TaskRecord['task'],
      progress: JSON.parse(progress) as TaskProgress,
    }));
  }

  finish(taskArn: string): void {
    this.#put({ type: 'finish', taskArn });
  }

  isFinished(taskArn: string): boolean {
    return this.#memory.finished.has(taskArn);
  }

  /** Without `awslogs` nobody has a position in a log. */
  logPosition(): undefined {}
  saveLogPosition(): void {}

  wasPulled(image: string): boolean {
    return this.#memory.pulled.has(image);
  }

  recordPull(image: string): void {
    this.#put({ type: 'pulled', image });
  }

  [Symbol.dispose](): void {
    this.#isOpen = false;
  }

  #put(write: Write, isDurable = false): void {
    if (!this.#isOpen || this.#process.isDead) return;
    this.#memory.apply(write);
    this.#append(write, isDurable);
  }
}
