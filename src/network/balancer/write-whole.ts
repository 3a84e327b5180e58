import { readFileSync, renameSync, writeFileSync } from 'node:fs';

/** All or nothing, and for nobody else's eyes: certificates have their keys beside them. */
export function writeWhole(path: string, content: string): void {
  if (contentOf(path) === content) return;
  writeFileSync(`${path}.new`, content, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
