import type { Header } from 'tar-stream';

interface Placed {
  /** In the image, without a slash at its beginning. */
  readonly path: string;
  /** The layer that has put it there. */
  layer: number;
}

export interface DirectoryNode extends Placed {
  readonly kind: 'directory';
  /** Absent: nobody has said what it is like. */
  header?: Header;
  readonly children: Map<string, Node>;
}

export interface FileNode extends Placed {
  readonly kind: 'file';
  /** Where its content is: which entry of which layer. */
  readonly source: { readonly layer: number; readonly index: number };
}

export interface LinkNode extends Placed {
  readonly kind: 'link';
  readonly header: Header;
}

type Node = DirectoryNode | FileNode | LinkNode;

const whiteout = '.wh.';
const opaque = '.wh..wh..opq';
/** As many links as the kernel follows in a path. */
const mostLinks = 40;

/**
 * What an image's layers make when they are laid over each other (OCI image-spec, "Image Layer Filesystem Changeset"),
 * before any of it is written: so that no entry of a layer is written through a link of another to somewhere else. Where
 * a layer names a path through links, these are followed as if the image were all there is.
 */
export class ImageTree {
  readonly root: DirectoryNode = { kind: 'directory', path: '', layer: -1, children: new Map() };
  #layer = -1;
  #index = -1;

  /** The entries that come now are the next layer's. */
  beginLayer(layer: number): void {
    this.#layer = layer;
    this.#index = -1;
  }

  /** @throws {Error} It has no place in the image. */
  add(header: Header): void {
    this.#index += 1;
    const parts = partsOf(header.name);
    const name = parts.pop();
    if (name === undefined) {
      if (header.type === 'directory') this.root.header = header;
      return;
    }
    const parent = this.#directory(parts);
    if (name === opaque) this.#hideBelow(parent);
    else if (name.startsWith(whiteout)) this.#hide(parent, name.slice(whiteout.length));
    else this.#put(parent, name, header);
  }

  files(): readonly FileNode[] {
    return [...nodesIn(this.root)].filter((node) => node.kind === 'file');
  }

  links(): readonly LinkNode[] {
    return [...nodesIn(this.root)].filter((node) => node.kind === 'link');
  }

  #put(parent: DirectoryNode, name: string, header: Header): void {
    const placed = { path: pathIn(parent, name), layer: this.#layer };
    const before = parent.children.get(name);
    switch (header.type) {
      case 'directory':
        if (before?.kind === 'directory') Object.assign(before, { header, layer: this.#layer });
        else parent.children.set(name, { kind: 'directory', ...placed, header, children: new Map() });
        return;
      case 'symlink':
        parent.children.set(name, { kind: 'link', ...placed, header });
        return;
      case 'link': {
        const target = this.#find(header.linkname ?? '');
        if (target?.kind === 'link')
          parent.children.set(name, { kind: 'link', ...placed, header: target.header });
        else if (target?.kind === 'file')
          parent.children.set(name, { kind: 'file', ...placed, source: target.source });
        else
          throw new Error(
            `A layer has ${header.name} as another name of ${header.linkname}, which is no file`,
          );
        return;
      }
      case 'file':
      case 'contiguous-file': {
        const source = { layer: this.#layer, index: this.#index };
        parent.children.set(name, { kind: 'file', ...placed, source });
        return;
      }
      default:
        // A device or a pipe: nothing of it is kept, nor of what it hides.
        parent.children.delete(name);
    }
  }

  #find(path: string): Node | undefined {
    const parts = partsOf(path);
    const name = parts.pop();
    return name === undefined ? this.root : this.#directory(parts).children.get(name);
  }

  /** Made where it is not there. */
  #directory(parts: readonly string[]): DirectoryNode {
    const above: DirectoryNode[] = [];
    let at = this.root;
    let links = 0;
    const rest = [...parts];
    for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
      if (name === '..') {
        at = above.pop() ?? this.root;
        continue;
      }
      const child = at.children.get(name);
      if (child?.kind === 'link') {
        links += 1;
        if (links > mostLinks) throw new Error(`A layer goes through too many links at ${parts.join('/')}`);
        const target = child.header.linkname ?? '';
        if (target.startsWith('/')) {
          above.length = 0;
          at = this.root;
        }
        rest.unshift(...target.split('/').filter((part) => part !== '' && part !== '.'));
        continue;
      }
      if (child?.kind === 'file') throw new Error(`A layer has ${parts.join('/')} within a file`);
      above.push(at);
      at = child ?? this.#implied(at, name);
    }
    return at;
  }

  #implied(parent: DirectoryNode, name: string): DirectoryNode {
    const made: DirectoryNode = {
      ...{ kind: 'directory', path: pathIn(parent, name), layer: this.#layer, children: new Map() },
    };
    parent.children.set(name, made);
    return made;
  }

  /** What lower layers have put there; what this one has, stays. */
  #hide(parent: DirectoryNode, name: string): void {
    const node = parent.children.get(name);
    if (node === undefined) return;
    if (node.kind === 'directory') this.#hideBelow(node);
    const isNeeded = node.layer === this.#layer || (node.kind === 'directory' && node.children.size > 0);
    if (!isNeeded) parent.children.delete(name);
  }

  #hideBelow(directory: DirectoryNode): void {
    for (const name of [...directory.children.keys()]) this.#hide(directory, name);
  }
}

function* nodesIn(directory: DirectoryNode): Generator<Node> {
  for (const child of directory.children.values()) {
    yield child;
    if (child.kind === 'directory') yield* nodesIn(child);
  }
}

const pathIn = ({ path }: DirectoryNode, name: string): string => (path === '' ? name : `${path}/${name}`);

/** @throws {Error} it leads out of the image. */
function partsOf(path: string): string[] {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) throw new Error(`A layer has a path that leads out of it: ${path}`);
  return parts;
}
