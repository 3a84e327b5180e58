/** Takes away the CR that a terminal puts before each LF: what the command wrote, again. */
export class LineEnds {
  #hasReturn = false;

  take(bytes: Buffer): Buffer {
    const whole = this.#hasReturn ? Buffer.concat([Buffer.from('\r'), bytes]) : bytes;
    this.#hasReturn = whole.at(-1) === 0x0d;
    const complete = this.#hasReturn ? whole.subarray(0, -1) : whole;
    return Buffer.from(complete.toString('latin1').replaceAll('\r\n', '\n'), 'latin1');
  }

  /** What was held back to see what follows it. */
  rest(): Buffer | undefined {
    return this.#hasReturn ? Buffer.from('\r') : undefined;
  }
}
