import { guardedFields, identityFields } from '../../../../balancing/index.ts';
import { guardAbsentMs } from '../../guard/ask.ts';
import { questionFields, reasonField } from '../../guard/wire.ts';

const list = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(', ');

/**
 * HAProxy's side of `guard/wire.ts`, in its Lua: the action `lua.guard <socket> <rule|listener> <ARN>`. It says `pass` in
 * `txn.guard` when the request does, and answers it otherwise; a script that fails says nothing, and the line behind it
 * refuses then. Nothing that a client sent can end a line here: HAProxy takes no control characters.
 */
export const guardScript = `
local identity = { ${list(identityFields)} }
local wanted = { ${list(guardedFields)} }
local question = { rule = "${questionFields.rule}", listener = "${questionFields.listener}" }

local function ask(place, head)
  local patience = ${Math.ceil(guardAbsentMs / 100)}
  while patience > 0 do
    local socket = core.tcp()
    socket:settimeout(30)
    if socket:connect(place) and socket:send(head) then
      local answer = socket:receive("*a")
      socket:close()
      return answer
    end
    socket:close()
    core.msleep(100)
    patience = patience - 1
  end
  return nil
end

local function readAnswer(answer)
  local status, reason, fields, body = string.match(answer or "", "^HTTP/1%.1 (%d%d%d) ([^\\r\\n]*)\\r\\n(.-\\r\\n)\\r\\n(.*)$")
  if status == nil then return nil end
  local pairsOf, length = {}, nil
  for name, value in string.gmatch(fields, "([^:\\r\\n]+): ?([^\\r\\n]*)\\r\\n") do
    local known = string.lower(name)
    if known == "content-length" then length = tonumber(value)
    elseif known ~= "connection" and known ~= "date" and known ~= "keep-alive" then
      pairsOf[#pairsOf + 1] = { known, value }
    end
  end
  if length ~= #body then return nil end
  return tonumber(status), reason, pairsOf, body
end

core.register_action("guard", { "http-req" }, function(txn, place, kind, arn)
  local sent = txn.http:req_get_headers()
  local host = sent["host"] and sent["host"][0] or ""
  local head = {
    "GET / HTTP/1.0", "host: guard", question[kind] .. ": " .. arn,
    "${questionFields.host}: " .. host, "${questionFields.url}: " .. txn.f:pathq(),
  }
  for _, name in ipairs(wanted) do
    local values = sent[name]
    local at = 0
    while values and values[at] do
      head[#head + 1] = name .. ": " .. values[at]
      at = at + 1
    end
  end
  local status, reason, fields, body = readAnswer(ask(place, table.concat(head, "\\r\\n") .. "\\r\\n\\r\\n"))
  if status == nil then return end
  if status == 200 then
    for _, name in ipairs(identity) do txn.http:req_del_header(name) end
    local cookies = 0
    for _, field in ipairs(fields) do
      if field[1] == "set-cookie" then
        txn:set_var("txn.guard_cookie" .. cookies, field[2])
        cookies = cookies + 1
      else
        txn.http:req_set_header(field[1], field[2])
      end
    end
    txn:set_var("txn.guard", "pass")
    return
  end
  txn:set_var("txn.guard", "answer")
  local reply = txn:reply()
  reply:set_status(status, reason)
  for _, field in ipairs(fields) do
    if field[1] == "${reasonField}" then txn:set_var("txn.guard_reason", field[2])
    else reply:add_header(field[1], field[2]) end
  end
  reply:set_body(body)
  txn:done(reply)
end, 3)
`;
