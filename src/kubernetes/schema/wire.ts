/** What isn't Kubernetes' protobuf. */
export class ProtobufError extends Error {
  override readonly name = 'ProtobufError';
}

const varintType = 0;
const fixed64Type = 1;
const bytesType = 2;
const fixed32Type = 5;

/** Goes through the fields of a message, in the order in which they were written. */
export class WireReader {
  readonly #bytes: Buffer;
  readonly #end: number;
  #at: number;
  #wireType = varintType;
  /** Of the field at hand. */
  number = 0;

  constructor(bytes: Buffer, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  /** To the next field, whose value has to be read or skipped; false: there is none. @throws {ProtobufError} */
  next(): boolean {
    if (this.#at >= this.#end) return false;
    const tag = this.#varint();
    this.number = tag >>> 3;
    this.#wireType = tag & 7;
    return true;
  }

  integer(): number {
    this.#expect(varintType);
    return this.#varint();
  }

  double(): number {
    this.#expect(fixed64Type);
    return this.#bytes.readDoubleLE(this.#take(8));
  }

  text(): string {
    this.#expect(bytesType);
    const length = this.#varint();
    const start = this.#take(length);
    return this.#bytes.toString('utf8', start, start + length);
  }

  /** A view of the message's own bytes. */
  bytes(): Buffer {
    this.#expect(bytesType);
    const length = this.#varint();
    const start = this.#take(length);
    return this.#bytes.subarray(start, start + length);
  }

  message(): WireReader {
    this.#expect(bytesType);
    const length = this.#varint();
    const start = this.#take(length);
    return new WireReader(this.#bytes, start, start + length);
  }

  skip(): void {
    switch (this.#wireType) {
      case varintType:
        this.#varint();
        break;
      case fixed64Type:
        this.#take(8);
        break;
      case bytesType:
        this.#take(this.#varint());
        break;
      case fixed32Type:
        this.#take(4);
        break;
      default:
        throw new ProtobufError(`illegal wireType ${this.#wireType}`);
    }
  }

  #expect(wireType: number): void {
    if (this.#wireType > fixed32Type || this.#wireType === 3 || this.#wireType === 4)
      throw new ProtobufError(`illegal wireType ${this.#wireType}`);
    if (this.#wireType !== wireType) throw new ProtobufError(`field ${this.number} has another type`);
  }

  #take(length: number): number {
    const start = this.#at;
    if (length < 0 || length > this.#end - start) throw new ProtobufError('unexpected EOF');
    this.#at = start + length;
    return start;
  }

  /** Signed, of 64 bits; beyond 2^53 not exact, as numbers in JSON. */
  #varint(): number {
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.#at < this.#end ? this.#bytes[this.#at++] : undefined;
      if (byte === undefined) throw new ProtobufError('unexpected EOF');
      if (shift < 28) low |= (byte & 0x7f) << shift;
      else if (shift === 28) {
        low |= (byte & 0x0f) << 28;
        high = (byte & 0x7f) >>> 4;
      } else high |= shift < 63 ? (byte & 0x7f) << (shift - 32) : (byte & 1) << 31;
      if (byte < 0x80) return high * 2 ** 32 + (low >>> 0);
    }
    throw new ProtobufError('integer overflow');
  }
}

/** Texts up to this length are mostly ASCII and copied faster here than by a call into the engine. */
const shortLength = 48;

/**
 * Writes a message from its end to its beginning: when the length of something is to be written, it is known. Whatever is
 * written comes to stand before what was written already.
 */
export class WireWriter {
  #bytes: Buffer;
  #at: number;

  constructor(capacity = 16 * 1024) {
    this.#bytes = Buffer.allocUnsafeSlow(capacity);
    this.#at = capacity;
  }

  /** How much is written: the length of a part is the difference of two of them. */
  get length(): number {
    return this.#bytes.length - this.#at;
  }

  /** Everything that was written; the writer is used up. */
  finish(): Buffer {
    return this.#bytes.subarray(this.#at);
  }

  /** A field's tag, after its value. */
  integerTag(number: number): void {
    this.varint((number << 3) | varintType);
  }

  doubleTag(number: number): void {
    this.varint((number << 3) | fixed64Type);
  }

  /** The length of what was written since, and the tag. @param before The writer's length at that time. */
  lengthAndTag(number: number, before: number): void {
    this.varint(this.length - before);
    this.varint((number << 3) | bytesType);
  }

  double(value: number): void {
    this.#reserve(8);
    this.#at -= 8;
    this.#bytes.writeDoubleLE(value, this.#at);
  }

  bytes(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#at -= value.length;
    this.#bytes.set(value, this.#at);
  }

  text(value: string): void {
    if (value.length <= shortLength && this.#ascii(value)) return;
    const length = Buffer.byteLength(value);
    this.#reserve(length);
    this.#at -= length;
    this.#bytes.write(value, this.#at, 'utf8');
  }

  varint(value: number): void {
    this.#reserve(10);
    if (value >= 0 && value < 0x80) {
      this.#bytes[--this.#at] = value;
      return;
    }
    if (value >= 0 && value < 0x4000) {
      this.#bytes[--this.#at] = value >>> 7;
      this.#bytes[--this.#at] = (value & 0x7f) | 0x80;
      return;
    }
    let low = value | 0;
    let high = Math.floor(value / 2 ** 32) | 0;
    const parts: number[] = [];
    while (high !== 0 || low >>> 0 >= 0x80) {
      parts.push((low & 0x7f) | 0x80);
      low = (low >>> 7) | (high << 25);
      high >>>= 7;
    }
    this.#bytes[--this.#at] = low;
    while (parts.length > 0) this.#bytes[--this.#at] = parts.pop() ?? 0;
  }

  #ascii(value: string): boolean {
    const { length } = value;
    this.#reserve(length);
    const start = this.#at - length;
    const bytes = this.#bytes;
    for (let index = 0; index < length; index++) {
      const code = value.charCodeAt(index);
      if (code >= 0x80) return false;
      bytes[start + index] = code;
    }
    this.#at = start;
    return true;
  }

  #reserve(length: number): void {
    if (length <= this.#at) return;
    const written = this.#bytes.subarray(this.#at);
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, written.length + length * 2));
    grown.set(written, grown.length - written.length);
    this.#at = grown.length - written.length;
    this.#bytes = grown;
  }
}
