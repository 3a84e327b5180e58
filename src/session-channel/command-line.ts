/**
 * A command as one line, in the way it crosses ECS Exec: words between blanks, `'...'` as it stands, `"..."` in which a
 * backslash takes the meaning of `"`, `\`, `$` and `` ` `` away, a backslash elsewhere that of any character. No shell
 * is involved: nothing is expanded.
 * @throws {SyntaxError} a quotation does not end, or there is no word.
 */
export function splitCommand(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < line.length; at += 1) {
    const character = line.charAt(at);
    if (/\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (character === "'") {
      const end = line.indexOf("'", at + 1);
      if (end === -1)
        throw new SyntaxError(`The quotation that begins with ${line.slice(at, at + 20)} does not end`);
      word = (word ?? '') + line.slice(at + 1, end);
      at = end;
    } else if (character === '"') {
      const quoted = /^"((?:[^"\\]|\\[\s\S])*)"/.exec(line.slice(at));
      if (quoted === null)
        throw new SyntaxError(`The quotation that begins with ${line.slice(at, at + 20)} does not end`);
      word = (word ?? '') + (quoted[1] ?? '').replace(/\\(["\\$`])/g, '$1');
      at += quoted[0].length - 1;
    } else if (character === '\\') {
      if (at + 1 === line.length)
        throw new SyntaxError('The command ends with a backslash that stands for nothing');
      at += 1;
      word = (word ?? '') + line.charAt(at);
    } else {
      word = (word ?? '') + character;
    }
  }
  if (word !== undefined) words.push(word);
  if (words.length === 0) throw new SyntaxError('The command is empty');
  return words;
}

/** The line that `splitCommand` takes apart into these words again. */
export function joinCommand(words: readonly string[]): string {
  return words
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`))
    .join(' ');
}
