/** `distribution/reference`: an optional host, a path in lower case, an optional tag and digest. */
const component = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const host =
  '(?:(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*|\\[[0-9a-fA-F:]+\\])(?::[0-9]+)?';
const pattern = new RegExp(
  `^(?:${host}/)?${component}(?:/${component})*(?::([\\w][\\w.-]{0,127}))?(?:@([A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}))?$`,
);

export interface ImageName {
  /** With its tag or digest; `latest` where it names neither. */
  readonly reference: string;
  /** As in credentials: `index.docker.io` where none is named. */
  readonly registry: string;
  /** With its registry, without tag and digest. */
  readonly repository: string;
}

/** Undefined: that is no image's name. */
export function readImageName(text: string): ImageName | undefined {
  const parts = pattern.exec(text);
  if (parts === null) return undefined;
  const [, tag, digest] = parts;
  const bare = text.slice(0, text.length - (tag ? tag.length + 1 : 0) - (digest ? digest.length + 1 : 0));
  const first = bare.split('/', 1)[0] ?? '';
  const hasHost = bare.includes('/') && (/[.:]/.test(first) || first === 'localhost');
  const path = hasHost ? bare : bare.includes('/') ? `docker.io/${bare}` : `docker.io/library/${bare}`;
  return {
    reference: tag || digest ? text : `${text}:latest`,
    registry: hasHost ? first : 'index.docker.io',
    repository: path,
  };
}
