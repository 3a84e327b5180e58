import { syntaxError } from './malformed-policy.ts';

/**
 * JSON that remembers where its objects stand, for the simulator points at statements by line and column. It also
 * sees what `JSON.parse` swallows: a name that stands twice in one object, which IAM refuses.
 */
export type Located =
  | { readonly type: 'object'; readonly members: ReadonlyMap<string, Located>; readonly span: Span }
  | { readonly type: 'array'; readonly items: readonly Located[] }
  /** `start` and `end` are offsets, around the quotes. */
  | { readonly type: 'string'; readonly text: string; readonly start: number; readonly end: number }
  /** `text` as it was written: `1.50` and `1.5` stay apart. */
  | { readonly type: 'number' | 'boolean'; readonly text: string }
  | { readonly type: 'null' };

export interface Span {
  readonly start: Position;
  readonly end: Position;
}

/** Both count from 1; a column is the one after the brace, as IAM counts. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A policy needs five levels; more than this is refused before the stack feels it. */
const maxDepth = 32;

/** @throws {MalformedPolicy} */
export function readLocatedJson(text: string): Located {
  const reader = new Reader(text);
  const value = reader.value(0);
  reader.end();
  return value;
}

class Reader {
  readonly #text: string;
  #at = 0;
  #line = 1;
  #lineStart = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): Located {
    if (depth > maxDepth) throw syntaxError();
    this.#skipSpace();
    const first = this.#text[this.#at];
    if (first === '{') return this.#object(depth);
    if (first === '[') return this.#array(depth);
    if (first === '"') {
      const start = this.#at;
      return { type: 'string', text: this.#string(), start, end: this.#at };
    }
    const word = this.#take(/true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y);
    if (word === 'null') return { type: 'null' };
    return { type: word === 'true' || word === 'false' ? 'boolean' : 'number', text: word };
  }

  end(): void {
    this.#skipSpace();
    if (this.#at < this.#text.length) throw syntaxError();
  }

  #object(depth: number): Located {
    this.#at += 1;
    const start = this.#position();
    const members = new Map<string, Located>();
    this.#skipSpace();
    if (this.#text[this.#at] === '}') this.#at += 1;
    else {
      do {
        this.#skipSpace();
        const name = this.#string();
        if (members.has(name)) throw syntaxError();
        this.#skipSpace();
        this.#take(/:/y);
        members.set(name, this.value(depth + 1));
        this.#skipSpace();
      } while (this.#take(/[,}]/y) === ',');
    }
    return { type: 'object', members, span: { start, end: this.#position() } };
  }

  #array(depth: number): Located {
    this.#at += 1;
    const items: Located[] = [];
    this.#skipSpace();
    if (this.#text[this.#at] === ']') this.#at += 1;
    else {
      do {
        items.push(this.value(depth + 1));
        this.#skipSpace();
      } while (this.#take(/[,\]]/y) === ',');
    }
    return { type: 'array', items };
  }

  #string(): string {
    const quoted = this.#take(/"(?:[^"\\]|\\.)*"/y);
    try {
      const text: unknown = JSON.parse(quoted);
      if (typeof text === 'string') return text;
    } catch {
      // An escape that JSON does not know, or a bare control character.
    }
    throw syntaxError();
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const [taken] = pattern.exec(this.#text) ?? [];
    if (taken === undefined) throw syntaxError();
    this.#at += taken.length;
    return taken;
  }

  #skipSpace(): void {
    for (; this.#at < this.#text.length; this.#at += 1) {
      const code = this.#text.charCodeAt(this.#at);
      if (code === 0x0a) {
        this.#line += 1;
        this.#lineStart = this.#at + 1;
      } else if (code !== 0x20 && code !== 0x09 && code !== 0x0d) return;
    }
  }

  #position(): Position {
    return { line: this.#line, column: this.#at - this.#lineStart + 1 };
  }
}
