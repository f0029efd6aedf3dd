-- A Wireshark dissector for the secure protocol of MessageU, in decrypted TLS: see
-- docs/looking.md. Problems cite the clauses of docs/secure.md.

local secure = Proto("messageu_secure", "MessageU secure")

-- From shared/secure: codes, layouts of payloads, and the type of each field.
-- generated: secure tables
local FIRST_REQUEST, FIRST_RESPONSE = 3000, 4000
local REFUSAL, VERSION = 4999, 3
local OTHER_DEVICES = 5
local reasons = {
  [1] = "form",
  [2] = "not authenticated",
  [3] = "unknown",
  [4] = "taken",
  [5] = "other devices",
  [6] = "full",
  [7] = "too large",
  [8] = "too often",
  [9] = "older version",
  [10] = "closed",
  [11] = "outcome unknown",
  [12] = "count used",
}
local kinds = {
  { index = 0, request = "hello", response = "hello",
    request_layout = { { name = "least", size = 1 }, { name = "most", size = 1 }, { name = "features", size = 4 } },
    response_layout = { { name = "version", size = 1 }, { name = "features", size = 4 }, { name = "relay_key", size = 32 }, { name = "nonce", size = 32 }, { name = "time", size = 8 }, { name = "largest", size = 4 }, { name = "retention", size = 4 }, { name = "registration", size = 1 } } },
  { index = 1, request = "register", response = "registered",
    request_layout = { { name = "public_key", size = 160 }, { name = "record", sized = true, inside = "record" }, { name = "invitation", sized = true }, { name = "proof", optional = { name = "proof", size = 32 } }, { name = "signature", size = 64 } },
    response_layout = { { name = "account", size = 16 } } },
  { index = 2, request = "challenge", response = "challenge",
    request_layout = { { name = "account", size = 16 } },
    response_layout = { { name = "encrypted", size = 128 } } },
  { index = 3, request = "authenticate", response = "authenticated",
    request_layout = { { name = "count", size = 8 }, { name = "record_version", size = 4 }, { name = "signature", size = 64 } },
    response_layout = { { name = "highest_count", size = 8 }, { name = "record_version", size = 4 }, { name = "single_use_left", size = 2 }, { name = "waiting", size = 4 } } },
  { index = 4, request = "look up", response = "account",
    request_layout = { { name = "by", choice = { { name = "name", size = 255 }, { name = "account", size = 16 } } } },
    response_layout = { { name = "account", size = 16 }, { name = "public_key", size = 160 }, { name = "record", sized = true, inside = "record" } } },
  { index = 5, request = "claim packages", response = "packages",
    request_layout = { { name = "account", size = 16 }, { name = "devices", list = { name = "devices", size = 16 } } },
    response_layout = { { name = "packages", list = { { name = "device", size = 16 }, { name = "weekly", size = 1309, inside = "package" }, { name = "single", optional = { name = "single", size = 1309, inside = "package" } } } } } },
  { index = 6, request = "publish packages", response = "published",
    request_layout = { { name = "packages", list = { name = "packages", size = 1309, inside = "package" } } },
    response_layout = { { name = "single_use_left", size = 2 } } },
  { index = 7, request = "send", response = "sent",
    request_layout = { { name = "uid", size = 16 }, { name = "count", size = 8 }, { name = "account", size = 16 }, { name = "record_version", size = 4 }, { name = "lifetime", size = 4 }, { name = "envelopes", list = { { name = "device", size = 16 }, { name = "content", sized = true } } } },
    response_layout = { { name = "taken", size = 1 }, { name = "highest_count", size = 8 } } },
  { index = 8, request = "fetch", response = "messages",
    request_layout = { { name = "acknowledged", size = 8 }, { name = "wait", size = 2 }, { name = "most", size = 4 } },
    response_layout = { { name = "time", size = 8 }, { name = "last_seq", size = 8 }, { name = "messages", list = { { name = "seq", size = 8 }, { name = "uid", size = 16 }, { name = "account", size = 16 }, { name = "device", size = 16 }, { name = "flags", size = 1 }, { name = "arrived", size = 8 }, { name = "content", sized = true } } } } },
  { index = 9, request = "replace the record", response = "record replaced",
    request_layout = { { name = "record", sized = true, inside = "record" }, { name = "signatures", list = { name = "signatures", size = 64 } } },
    response_layout = { { name = "version", size = 4 } } },
  { index = 10, request = "ask for outcomes", response = "outcomes",
    request_layout = { { name = "uids", list = { name = "uids", size = 16 } } },
    response_layout = { { name = "outcomes", list = { { name = "uid", size = 16 }, { name = "state", size = 1 }, { name = "time", size = 8 } } } } },
  { index = 11, request = "send to a legacy client", response = "sent to a legacy client",
    request_layout = { { name = "uid", size = 16 }, { name = "target", size = 16 }, { name = "type", size = 1 }, { name = "content", sized = true } },
    response_layout = { { name = "message_id", size = 4 } } },
  { index = 12, request = "delete the account", response = "account deleted",
    request_layout = { { name = "signature", size = 64 } },
    response_layout = {  } },
  { index = 13, request = "ping", response = "ping",
    request_layout = {  },
    response_layout = {  } },
}
local inner = {
  record = { { name = "version", size = 4 }, { name = "time", size = 8 }, { name = "previous", size = 32 }, { name = "identity", size = 32 }, { name = "account", size = 16 }, { name = "name", size = 255 }, { name = "devices", counted = { { name = "id", size = 16 }, { name = "signing_key", size = 32 }, { name = "agreement_key", size = 32 }, { name = "flags", size = 1 }, { name = "added", size = 8 } } }, { name = "signature", size = 64 } },
  succession = { { name = "old_identity", size = 32 }, { name = "signature", size = 64 } },
  package = { { name = "device", size = 16 }, { name = "number", size = 4 }, { name = "kind", size = 1 }, { name = "agreement_key", size = 32 }, { name = "kem_key", size = 1184 }, { name = "made", size = 8 }, { name = "signature", size = 64 } },
  refusal = { { name = "reason", size = 2 }, { name = "retry_after", size = 4 }, { name = "detail", size = -1 } },
}
local types = {
  least = "uint32",
  most = "uint32",
  features = "uint32",
  version = "uint32",
  relay_key = "bytes",
  nonce = "bytes",
  time = "uint64",
  largest = "uint32",
  retention = "uint32",
  registration = "uint32",
  public_key = "bytes",
  record = "bytes",
  invitation = "bytes",
  proof = "bytes",
  signature = "bytes",
  account = "bytes",
  encrypted = "bytes",
  count = "uint64",
  record_version = "uint32",
  highest_count = "uint64",
  single_use_left = "uint32",
  waiting = "uint32",
  name = "string",
  devices = "bytes",
  device = "bytes",
  weekly = "bytes",
  single = "bytes",
  packages = "bytes",
  uid = "bytes",
  lifetime = "uint32",
  content = "bytes",
  taken = "uint32",
  acknowledged = "uint64",
  wait = "uint32",
  last_seq = "uint64",
  seq = "uint64",
  flags = "uint32",
  arrived = "uint64",
  signatures = "bytes",
  uids = "bytes",
  state = "uint32",
  target = "bytes",
  type = "uint32",
  message_id = "uint32",
  previous = "bytes",
  identity = "bytes",
  id = "bytes",
  signing_key = "bytes",
  agreement_key = "bytes",
  added = "uint64",
  old_identity = "bytes",
  number = "uint32",
  kind = "uint32",
  kem_key = "bytes",
  made = "uint64",
  reason = "uint32",
  retry_after = "uint32",
  detail = "bytes",
}
-- end

local HEADERS = { request = 23, response = 7 }
local ID = 16

local makers = {
  uint32 = ProtoField.uint32, uint64 = ProtoField.uint64,
  string = ProtoField.string, bytes = ProtoField.bytes,
}
local f = {
  header_id = ProtoField.bytes("messageu_secure.header_id", "Device"),
  header_version = ProtoField.uint8("messageu_secure.header_version", "Version"),
  code = ProtoField.uint16("messageu_secure.code", "Code"),
  payload_size = ProtoField.uint32("messageu_secure.payload_size", "Payload size"),
  count_of = ProtoField.uint8("messageu_secure.count_of", "Number"),
  size_of = ProtoField.uint32("messageu_secure.size_of", "Size"),
  has = ProtoField.uint8("messageu_secure.has", "Has"),
  by = ProtoField.uint8("messageu_secure.by", "By"),
  item = ProtoField.none("messageu_secure.item", "Entry"),
  rest = ProtoField.bytes("messageu_secure.rest", "Unknown bytes"),
}
for name, type in pairs(types) do
  local text = name:sub(1, 1):upper() .. name:sub(2):gsub("_", " ")
  if name == "reason" then
    f[name] = ProtoField.uint32("messageu_secure.reason", text, base.DEC, reasons)
  else
    f[name] = f[name] or makers[type]("messageu_secure." .. name, text)
  end
end
secure.fields = {}
for _, field in pairs(f) do table.insert(secure.fields, field) end

local experts = {}
secure.experts = {}
for _, clause in ipairs({ "FLD-2", "HDR-2", "HDR-3", "STA-2", "REF-1" }) do
  local filter = "messageu_secure." .. clause:lower():gsub("-", "_")
  experts[clause] = ProtoExpert.new(
    filter, "Breaks " .. clause, expert.group.PROTOCOL, expert.severity.ERROR)
  table.insert(secure.experts, experts[clause])
end

local function wrong(item, clause, text)
  item:add_proto_expert_info(experts[clause], clause .. ": " .. text)
end

-- Walks over the bytes of a payload.
local Cursor = {}
Cursor.__index = Cursor

function Cursor.new(tvb, offset, size)
  return setmetatable({ tvb = tvb, offset = offset, stop = offset + size }, Cursor)
end

function Cursor:left() return self.stop - self.offset end

function Cursor:take(size)
  if size > self:left() then return nil end
  local range = self.tvb(self.offset, size)
  self.offset = self.offset + size
  return range
end

local function text_in(range)
  local text = range:raw():gsub("%z.*", "")
  return (text:gsub("[^\x20-\x7e]", "?"))
end

local add

-- Adds a value of `size` bytes, and what stands inside of it.
local function add_value(tree, cursor, node, size)
  if size == 0 then return true end
  local start = cursor.offset
  local range = cursor:take(size)
  if range == nil then return false end
  local type, item = types[node.name], nil
  if type == "string" then
    item = tree:add(f[node.name], range, text_in(range))
  elseif type == "bytes" then
    item = tree:add(f[node.name], range)
  else
    item = tree:add_le(f[node.name], range)
  end
  local inside = node.inside and inner[node.inside]
  if inside == nil then return true end
  local own = Cursor.new(cursor.tvb, start, size)
  local is_whole = add(item, own, inside)
  if is_whole and node.inside == "record" and own:left() > 0 then
    add(item, own, inner.succession)
  end
  if own:left() > 0 then item:add(f.rest, own:take(own:left())) end
  return true
end

local function number(tree, cursor, field, size)
  local range = cursor:take(size)
  if range == nil then return nil end
  tree:add_le(field, range)
  return range:le_uint()
end

local function add_entry(tree, cursor, node)
  local start = cursor.offset
  if node.name ~= nil then return add(tree, cursor, node) end
  local item = tree:add(f.item, cursor.tvb(start, cursor:left()))
  local is_whole = add(item, cursor, node)
  item:set_len(cursor.offset - start)
  return is_whole
end

-- Adds the fields of a layout; returns whether the bytes have them all.
function add(tree, cursor, node)
  if node.list then
    while cursor:left() > 0 do
      if not add_entry(tree, cursor, node.list) then return false end
    end
    return true
  elseif node.counted then
    local count = number(tree, cursor, f.count_of, 1)
    if count == nil then return false end
    for _ = 1, count do
      if cursor:left() == 0 or not add_entry(tree, cursor, node.counted) then
        return false
      end
    end
    return true
  elseif node.optional then
    local has = number(tree, cursor, f.has, 1)
    if has == nil or has > 1 then return false end
    return has == 0 or add(tree, cursor, node.optional)
  elseif node.choice then
    local by = number(tree, cursor, f.by, 1)
    local chosen = by and node.choice[by + 1]
    return chosen ~= nil and add(tree, cursor, chosen)
  elseif node.sized then
    local size = number(tree, cursor, f.size_of, 4)
    return size ~= nil and add_value(tree, cursor, node, size)
  elseif node.size then
    local size = node.size < 0 and cursor:left() or node.size
    return add_value(tree, cursor, node, size)
  end
  for _, field in ipairs(node) do
    if not add(tree, cursor, field) then return false end
  end
  return true
end

-- The name and the layout of a frame's payload; nil for an unknown code.
local function form_of(code, is_request)
  if not is_request and code == REFUSAL then return "refusal", inner.refusal end
  local first = is_request and FIRST_REQUEST or FIRST_RESPONSE
  local kind = kinds[code - first + 1]
  if kind == nil then return nil end
  if is_request then return kind.request, kind.request_layout end
  return kind.response, kind.response_layout
end

local function is_request_packet(pinfo) return pinfo.dst_port == pinfo.match end

local function header_size(pinfo)
  return is_request_packet(pinfo) and HEADERS.request or HEADERS.response
end

-- A refusal's reason in words; the record of one for other devices is its detail.
local function add_refusal(tree, tvb, offset, size)
  if size < 6 then return "" end
  local reason = tvb(offset, 2):le_uint()
  if reasons[reason] == nil then
    wrong(tree, "REF-1", "expected a reason of the table, got " .. reason)
  end
  if reason == OTHER_DEVICES and size > 6 then
    add(tree, Cursor.new(tvb, offset + 6, size - 6), inner.record)
  end
  return ": " .. (reasons[reason] or reason)
end

local titles = {}

local function dissect_frame(tvb, pinfo, root)
  local is_request = is_request_packet(pinfo)
  local tree = root:add(secure, tvb())
  local at = is_request and ID or 0
  if is_request then tree:add(f.header_id, tvb(0, ID)) end
  local version = tree:add(f.header_version, tvb(at, 1))
  if tvb(at, 1):uint() ~= VERSION then
    wrong(version, is_request and "HDR-2" or "HDR-3",
      "expected version 3, got " .. tvb(at, 1):uint())
  end
  local code = tvb(at + 1, 2):le_uint()
  local item = tree:add_le(f.code, tvb(at + 1, 2))
  tree:add_le(f.payload_size, tvb(at + 3, 4))
  local name, layout = form_of(code, is_request)
  local head = header_size(pinfo)
  local size = tvb:len() - head
  local title = code .. " " .. (name or "unknown")
  item:append_text(" (" .. (name or "unknown") .. ")")
  if layout == nil then
    wrong(item, "STA-2", code .. " is no " .. (is_request and "request" or "response"))
    if size > 0 then tree:add(f.rest, tvb(head, size)) end
  else
    local cursor = Cursor.new(tvb, head, size)
    local is_whole = add(tree, cursor, layout)
    if not is_whole or cursor:left() > 0 then
      wrong(tree, "FLD-2", "the payload doesn't have its layout's bytes")
      if cursor:left() > 0 then tree:add(f.rest, cursor:take(cursor:left())) end
    end
    if layout == inner.refusal then
      title = title .. add_refusal(tree, tvb, head, size)
    end
  end
  tree:append_text(", " .. title)
  table.insert(titles, title)
  return tvb:len()
end

local function frame_size(tvb, pinfo, offset)
  local head = header_size(pinfo)
  return head + tvb(offset + head - 4, 4):le_uint()
end

function secure.dissector(tvb, pinfo, root)
  titles = {}
  pinfo.cols.protocol = "MessageU secure"
  dissect_tcp_pdus(tvb, root, header_size(pinfo), frame_size, dissect_frame)
  if #titles > 0 then
    local arrow = is_request_packet(pinfo) and "→ " or "← "
    pinfo.cols.info = arrow .. table.concat(titles, " | ")
  end
  return tvb:len()
end

secure.prefs.ports = Pref.range(
  "TLS ports", "1358", "Where secure ports listen", 65535)

local tls = DissectorTable.get("tls.port")
local ports = secure.prefs.ports
tls:add(ports, secure)
-- What an export has without TLS is read by "Decode As".
DissectorTable.get("tcp.port"):add_for_decode_as(secure)

function secure.prefs_changed()
  if ports == secure.prefs.ports then return end
  tls:remove(ports, secure)
  ports = secure.prefs.ports
  tls:add(ports, secure)
end
