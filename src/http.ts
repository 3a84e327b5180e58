/**
 * Node's HTTP without its WebSocket client. An `import` from `node:http` reads each of its exports once, and the
 * WebSocket's load the whole of undici: 13 MiB and a tenth of the start, in every process, for nobody.
 */
export const { Agent, createServer, get, request, ServerResponse, STATUS_CODES } =
  process.getBuiltinModule('node:http');
