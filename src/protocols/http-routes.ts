/**
 * Finds by method and path: `GET /clusters/{name}/node-groups`. A label takes one segment, a greedy label
 * (`{arn+}`) all that follow up to what stands after it. Where several patterns fit, the one with literal text
 * furthest to the left wins.
 */
export class HttpRoutes<Target> {
  readonly #methods = new Map<string, Node<Target>>();

  /** @throws {Error} the same method and pattern were added before, or the pattern has a query. */
  add(method: string, pattern: string, target: Target): void {
    if (pattern.includes('?'))
      throw new Error(`Cannot route ${method} ${pattern}: patterns with a query are not supported`);
    let node = this.#methods.get(method);
    if (node === undefined) {
      node = newNode();
      this.#methods.set(method, node);
    }
    const labels: string[] = [];
    for (const part of segmentsOf(pattern)) {
      const label = /^\{([^+}]+)(\+?)\}$/.exec(part);
      if (label === null) {
        node = childOf(node.literals, part);
      } else {
        labels.push(label[1] ?? '');
        if (label[2] === '+') node = node.greedy ??= newNode();
        else node = node.label ??= newNode();
      }
    }
    if (node.end !== undefined) throw new Error(`Cannot route ${method} ${pattern} twice`);
    node.end = { target, labels };
  }

  /**
   * @param path As sent, percent-encoded.
   * @returns what was added, and the labels' decoded values; undefined when nothing fits.
   */
  find(
    method: string,
    path: string,
  ): { readonly target: Target; readonly labels: ReadonlyMap<string, string> } | undefined {
    const root = this.#methods.get(method);
    if (root === undefined || path.length > maxPathLength) return undefined;
    // Where most requests go.
    const segments = path === '/' ? [] : segmentsOf(path);
    const values: string[] = [];
    const end = search(root, segments, 0, values);
    if (end === undefined) return undefined;
    const labels = new Map<string, string>();
    for (const [index, name] of end.labels.entries()) {
      const value = decode(values[index] ?? '');
      if (value === undefined) return undefined;
      labels.set(name, value);
    }
    return { target: end.target, labels };
  }
}

const maxPathLength = 8192;

interface Node<Target> {
  readonly literals: Map<string, Node<Target>>;
  label: Node<Target> | undefined;
  greedy: Node<Target> | undefined;
  end: End<Target> | undefined;
}

interface End<Target> {
  readonly target: Target;
  readonly labels: readonly string[];
}

function newNode<Target>(): Node<Target> {
  return { literals: new Map(), label: undefined, greedy: undefined, end: undefined };
}

function childOf<Target>(nodes: Map<string, Node<Target>>, key: string): Node<Target> {
  let node = nodes.get(key);
  if (node === undefined) {
    node = newNode();
    nodes.set(key, node);
  }
  return node;
}

function search<Target>(
  node: Node<Target>,
  segments: readonly string[],
  index: number,
  values: string[],
): End<Target> | undefined {
  const segment = segments[index];
  if (segment === undefined) return node.end;
  const kept = values.length;
  const literal = node.literals.get(segment);
  const found = literal && search(literal, segments, index + 1, values);
  if (found !== undefined) return found;
  values.length = kept;
  if (segment === '') return undefined;
  if (node.label !== undefined) {
    values.push(segment);
    const end = search(node.label, segments, index + 1, values);
    if (end !== undefined) return end;
    values.length = kept;
  }
  if (node.greedy !== undefined) {
    for (let last = segments.length; last > index; last -= 1) {
      values.push(segments.slice(index, last).join('/'));
      const end = search(node.greedy, segments, last, values);
      if (end !== undefined) return end;
      values.length = kept;
    }
  }
  return undefined;
}

/** A slash at the end makes no difference. */
function segmentsOf(path: string): string[] {
  const segments = path.split('/').slice(1);
  if (segments.at(-1) === '') segments.pop();
  return segments;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
