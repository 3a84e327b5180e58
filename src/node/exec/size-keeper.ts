import type { TerminalSize } from '../../session-channel/index.ts';

interface Resizable {
  resize(size: TerminalSize): Promise<void>;
}

/**
 * Gives a terminal the size that was asked for last. One request at a time: of two under way, the Engine may carry out
 * the older one last.
 */
export class SizeKeeper {
  #wanted: TerminalSize | undefined;
  #told: TerminalSize | undefined;
  #terminal: Resizable | undefined;
  #isTelling = false;

  /** @throws what keeps the terminal from being resized; nothing, where an earlier call is at it. */
  want(size: TerminalSize): Promise<void> {
    this.#wanted = size;
    return this.#tell();
  }

  /** From now on there is a terminal. */
  use(terminal: Resizable): Promise<void> {
    this.#terminal = terminal;
    return this.#tell();
  }

  async #tell(): Promise<void> {
    if (this.#isTelling) return;
    this.#isTelling = true;
    try {
      while (this.#terminal !== undefined && this.#wanted !== undefined && this.#wanted !== this.#told) {
        this.#told = this.#wanted;
        await this.#terminal.resize(this.#told);
      }
    } finally {
      this.#isTelling = false;
    }
  }
}
