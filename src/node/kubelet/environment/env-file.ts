/**
 * The value of a variable in an env file, as Kubernetes since 1.35 reads it: `NAME='value'`, where what is between the quotes
 * is taken as it is and may have several lines. Blank lines, lines that begin with `#` and comments after a value are left out.
 * @returns undefined: the file does not say it.
 * @throws {Error} with the line at which it is no such file; what comes after the variable is not looked at.
 */
export function valueInEnvFile(text: string, wanted: string): string | undefined {
  const lines = text.split('\n');
  for (let at = 0; at < lines.length; at += 1) {
    const refuse = (why: string): Error =>
      new Error(`invalid environment variable format at line ${at + 1}: ${why}`);
    const line = (lines[at] ?? '').replace(/^[ \t]+/, '');
    if (line === '' || line.startsWith('#')) continue;
    const equals = line.indexOf('=');
    if (equals === -1) throw refuse("missing '='");
    const name = line.slice(0, equals);
    if (name === '') throw refuse('empty variable name');
    if (/[ \t]$/.test(name)) throw refuse("whitespace before '=' is not allowed");
    let rest = line.slice(equals + 1);
    // A shell takes what follows a space for something else: the variable is empty.
    if (/^[ \t]/.test(rest)) {
      if (name === wanted) return '';
      continue;
    }
    if (!rest.startsWith("'")) throw refuse('value must be enclosed in single quotes');
    rest = rest.slice(1);
    const begun: string[] = [];
    while (!rest.includes("'")) {
      begun.push(rest);
      at += 1;
      if (at >= lines.length) throw refuse('unclosed single quote');
      rest = lines[at] ?? '';
    }
    const end = rest.indexOf("'");
    if (!/^[ \t]*(#.*)?$/.test(rest.slice(end + 1))) throw refuse('unexpected content after closing quote');
    if (name === wanted) return [...begun, rest.slice(0, end)].join('\n');
  }
  return undefined;
}
