import type { Clock } from '../clock/index.ts';
import { type Colour, duration, type Output, paint } from './terminal.ts';

/**
 * Live progress: a few steps, each with its state and time. Where a person watches, the running steps are
 * redrawn in place and finished ones scroll up; elsewhere (a pipe, a CI log) there is one line per change.
 */
export class Progress implements Disposable {
  readonly #output: Output;
  readonly #clock: Clock;
  readonly #steps: RunningStep[] = [];
  #drawnLines = 0;
  #timer: Disposable | undefined;

  constructor(output: Output, clock: Clock) {
    this.#output = output;
    this.#clock = clock;
  }

  /**
   * Begins a step. `quietMs`: off a terminal, its updates are printed at most this often (for counters that
   * change all the time; 0 prints each).
   */
  begin(name: string, options: { readonly quietMs?: number } = {}): Step {
    const step = new RunningStep(name, this.#clock, options.quietMs ?? 0, (change) =>
      this.#changed(step, change),
    );
    this.#steps.push(step);
    if (this.#output.isTty) this.#redraw();
    return step;
  }

  /** Prints lines above the running steps. */
  print(text: string): void {
    this.#erase();
    this.#output.write(text.endsWith('\n') ? text : `${text}\n`);
    this.#redraw();
  }

  /** Leaves what is drawn and stops redrawing. */
  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    this.#steps.length = 0;
    this.#drawnLines = 0;
  }

  #changed(step: RunningStep, change: 'text' | 'ended'): void {
    if (change === 'ended') {
      const index = this.#steps.indexOf(step);
      if (index !== -1) this.#steps.splice(index, 1);
      this.print(this.#line(step));
    } else if (this.#output.isTty) {
      this.#redraw();
    } else if (step.isDueForPrint()) {
      this.#output.write(`${this.#line(step)}\n`);
    }
  }

  #line(step: RunningStep): string {
    const [word, colour] = words[step.state];
    const time = step.state === 'skipped' ? '' : `  ${duration(step.elapsedMs())}`;
    const text = step.text === '' ? '' : `  ${step.text}`;
    return `${paint(this.#output, colour, word.padEnd(7))} ${step.name}${text}${paint(this.#output, 'dim', time)}`;
  }

  #redraw(): void {
    if (!this.#output.isTty) return;
    this.#erase();
    for (const step of this.#steps) {
      this.#output.write(`${clip(this.#line(step), this.#output.columns() - 1)}\n`);
      this.#drawnLines += 1;
    }
    this.#timer?.[Symbol.dispose]();
    this.#timer = this.#steps.length === 0 ? undefined : this.#clock.after(200, () => this.#redraw());
  }

  #erase(): void {
    if (this.#drawnLines > 0) this.#output.write(`\u001b[${this.#drawnLines}A\u001b[J`);
    this.#drawnLines = 0;
  }
}

/** A step that is going on. Exactly one of `done`, `failed` and `skipped` ends it; later calls change nothing. */
export interface Step {
  update(text: string): void;
  done(text?: string): void;
  failed(text?: string): void;
  skipped(text?: string): void;
}

type StepState = 'running' | 'done' | 'failed' | 'skipped';

const words: Readonly<Record<StepState, readonly [string, Colour]>> = {
  running: ['...', 'cyan'],
  done: ['ok', 'green'],
  failed: ['FAILED', 'red'],
  skipped: ['skipped', 'yellow'],
};

class RunningStep implements Step {
  readonly name: string;
  state: StepState = 'running';
  text = '';
  readonly #clock: Clock;
  readonly #beganAt: number;
  readonly #quietMs: number;
  readonly #onChange: (change: 'text' | 'ended') => void;
  #printedAt: number | undefined;
  #endedAt: number | undefined;

  constructor(name: string, clock: Clock, quietMs: number, onChange: (change: 'text' | 'ended') => void) {
    this.name = name;
    this.#clock = clock;
    this.#quietMs = quietMs;
    this.#beganAt = clock.monotonic();
    this.#onChange = onChange;
  }

  update(text: string): void {
    if (this.state !== 'running' || this.text === text) return;
    this.text = text;
    this.#onChange('text');
  }

  done(text?: string): void {
    this.#end('done', text);
  }

  failed(text?: string): void {
    this.#end('failed', text);
  }

  skipped(text?: string): void {
    this.#end('skipped', text);
  }

  elapsedMs(): number {
    return (this.#endedAt ?? this.#clock.monotonic()) - this.#beganAt;
  }

  isDueForPrint(): boolean {
    const now = this.#clock.monotonic();
    if (now - (this.#printedAt ?? this.#beganAt) < this.#quietMs) return false;
    this.#printedAt = now;
    return true;
  }

  #end(state: Exclude<StepState, 'running'>, text: string | undefined): void {
    if (this.state !== 'running') return;
    this.state = state;
    this.text = text ?? this.text;
    this.#endedAt = this.#clock.monotonic();
    this.#onChange('ended');
  }
}

/** The first `width` visible characters; colour codes take no width and are kept. */
function clip(line: string, width: number): string {
  let visible = 0;
  let clipped = '';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a colour code begins with the control character ESC.
  for (const [piece] of line.matchAll(/\u001b\[[0-9;]*m|./gu)) {
    const isCode = piece.startsWith('\u001b');
    if (!isCode && visible >= width) continue;
    if (!isCode) visible += 1;
    clipped += piece;
  }
  return clipped;
}
