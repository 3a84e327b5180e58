/** Where the demo's application answers. */
export const port = 8080;
/** What each container reserves, and at most gets. */
export const memoryMiB = 32;
/** In CPU units for a task, and in millicores for a pod. */
export const cpu = 32;

/** What a container says of itself, as the hull it runs on sees it. */
export interface SelfPortrait {
  /** By the count of its own control group; absent where there is none to read. */
  readonly memoryBytes?: number;
  /** Of the credentials that it finds without being told any; empty: it finds none. */
  readonly accessKeyId: string;
}

/**
 * The demo's application, the same on both hulls: it answers every request with its revision (`REVISION`) and whose it is,
 * and at `cgi-bin/self` with a `SelfPortrait`.
 */
export const script = [
  // Who it is, from the task metadata endpoint; where a container can't reach that, its own name must do.
  'kind=pod; self=',
  'if [ -n "$ECS_CONTAINER_METADATA_URI_V4" ]; then kind=task',
  `self=$(wget -q -O - "$ECS_CONTAINER_METADATA_URI_V4/task" 2>/dev/null | sed -n 's/.*"TaskARN":"[^"]*\\/\\([0-9a-f]*\\)".*/\\1/p'); fi`,
  'if [ -z "$self" ]; then self=$(hostname); fi',
  'mkdir -p /www/cgi-bin',
  'echo "hello from revision $REVISION, $kind $self" >/www/index.html',
  "cat >/www/cgi-bin/self <<'END'",
  '#!/bin/sh',
  'printf "Content-Type: application/json\\r\\n\\r\\n"',
  'for file in memory.current memory/memory.usage_in_bytes; do',
  '  if [ -r "/sys/fs/cgroup/$file" ]; then memory="\\"memoryBytes\\": $(cat "/sys/fs/cgroup/$file"), "; break; fi',
  'done',
  'if [ -n "$AWS_CONTAINER_CREDENTIALS_RELATIVE_URI" ]; then',
  '  found=$(wget -q -O - "http://169.254.170.2$AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")',
  'elif [ -n "$AWS_CONTAINER_CREDENTIALS_FULL_URI" ]; then',
  '  token=$(cat "$AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")',
  '  found=$(wget -q -O - --header "Authorization: $token" "$AWS_CONTAINER_CREDENTIALS_FULL_URI")',
  'fi',
  `key=$(echo "$found" | sed -n 's/.*"AccessKeyId":"\\([A-Z0-9]*\\)".*/\\1/p')`,
  'echo "{$memory\\"accessKeyId\\": \\"$key\\"}"',
  'END',
  'chmod 755 /www/cgi-bin/self',
  `echo "revision $REVISION of $kind $self serves on port ${port}"`,
  `trap 'echo "revision $REVISION of $kind $self stops"; exit 0' TERM`,
  `httpd -f -vv -p ${port} -h /www &`,
  'wait',
].join('\n');

/** One answer of the application about itself. @param url Of the load balancer, ending in a slash. @throws {Error} */
export async function askSelf(url: string, signal: AbortSignal): Promise<SelfPortrait> {
  const answer = await fetch(`${url}cgi-bin/self`, { headers: { connection: 'close' }, signal });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${url}cgi-bin/self answered ${answer.status}: ${text.slice(0, 200)}`);
  const said: unknown = JSON.parse(text);
  if (typeof said !== 'object' || said === null || !('accessKeyId' in said))
    throw new Error(`${url}cgi-bin/self answered ${text.slice(0, 200)}`);
  const memory = 'memoryBytes' in said ? said.memoryBytes : undefined;
  return {
    accessKeyId: String(said.accessKeyId),
    ...(typeof memory === 'number' && { memoryBytes: memory }),
  };
}
