-- A Wireshark dissector for MessageU: docs/looking.md says how to use it. What
-- it calls wrong cites the clauses of docs/protocol.md.

local messageu = Proto("messageu", "MessageU")

-- What follows from shared/wire: the codes of a registration and its response
-- in each dialect and the bytes of a request's code; the requests in the order of
-- their codes; the sizes of fields in bytes; the types of messages.
-- generated: tables
local dialects = {
  { request = 600, answer = 2100, code_size = 2 },
  { request = 700, answer = 2100, code_size = 2 },
  { request = 1100, answer = 2100, code_size = 2 },
  { request = 1000, answer = 2000, code_size = 2 },
  { request = 100, answer = 1000, code_size = 1 },
  { request = 600, answer = 2100, code_size = 2 },
}
local kinds = {
  { name = "register", request = "register", answer = "registered",
    clause = "REG-1", is_list = false,
    request_fields = { "name", "public_key" },
    answer_fields = { "client_id" } },
  { name = "clientsList", request = "clients list", answer = "clients list",
    clause = "LST-1", is_list = true,
    request_fields = {},
    answer_fields = { "client_id", "name" } },
  { name = "publicKey", request = "public key", answer = "public key",
    clause = "KEY-1", is_list = false,
    request_fields = { "target" },
    answer_fields = { "client_id", "public_key" } },
  { name = "sendMessage", request = "send a message", answer = "message sent",
    clause = "SND-2", is_list = false,
    request_fields = { "target", "type", "content_size", "content" },
    answer_fields = { "target", "message_id" } },
  { name = "waitingMessages", request = "waiting messages", answer = "waiting messages",
    clause = "PUL-1", is_list = true,
    request_fields = {},
    answer_fields = { "sender", "message_id", "type", "content_size", "content" } },
}
-- Bytes of each field; a content has as many as its size says.
local sizes = {
  name = 255,
  public_key = 160,
  client_id = 16,
  target = 16,
  type = 1,
  content_size = 4,
  message_id = 4,
  sender = 16,
}
local type_names = {
  [1] = "request for a symmetric key",
  [2] = "symmetric key",
  [3] = "text",
  [4] = "file",
}
-- end

local request_kinds, answer_kinds, short_codes, due = {}, {}, {}, {}
for _, dialect in ipairs(dialects) do
  for index, kind in ipairs(kinds) do
    request_kinds[dialect.request + index - 1] = kind.name
    answer_kinds[dialect.answer + index - 1] = kind.name
    due[dialect.request + index - 1] = dialect.answer + index - 1
    if dialect.code_size == 1 then
      short_codes[dialect.request + index - 1] = true
    end
  end
end
answer_kinds[9000] = "failure"

-- Of each kind: its names, its fields, and the bytes that a payload has to have,
-- or that each entry of a list has; a content adds to them.
local request_names, answer_names = {}, { failure = "failure" }
local request_fields, answer_fields = {}, { failure = {} }
local request_sizes, answer_sizes, entry_sizes = {}, { failure = 0 }, {}
local clauses = { failure = "ERR-1" }

local function size_of(fields)
  local size = 0
  for _, field in ipairs(fields) do
    if field == "content" then return nil, size end
    size = size + sizes[field]
  end
  return size, size
end

for _, kind in ipairs(kinds) do
  local name = kind.name
  request_names[name], answer_names[name] = kind.request, kind.answer
  request_fields[name], answer_fields[name] = kind.request_fields, kind.answer_fields
  request_sizes[name] = size_of(kind.request_fields)
  local size = size_of(kind.answer_fields)
  if kind.is_list then entry_sizes[name] = size else answer_sizes[name] = size end
  clauses[name] = kind.clause
end

-- Sizes in bytes.
local ID, NAME, KEY = sizes.client_id, sizes.name, sizes.public_key
local _, SEND_HEAD = size_of(request_fields.sendMessage)
local _, WAITING_HEAD = size_of(answer_fields.waitingMessages)
local ENCRYPTED_KEY, AES_BLOCK, BLOCK = 128, 16, 1024
-- More of a frame isn't put together from segments.
local MOST = 256 * 1024 * 1024
-- A SubjectPublicKeyInfo of RSA-1024 with an exponent of a byte begins so.
local KEY_START = "30819d300d06092a864886f70d010101050003818b00308187028181"
-- Without the algorithm's NULL it is two bytes shorter, and padded with zeros.
local SHORT_KEY_START = "30819b300b06092a864886f70d01010103818b00308187028181"

local f = {
  request = ProtoField.bool("messageu.request", "Request"),
  answer = ProtoField.bool("messageu.answer", "Response"),
  client_id = ProtoField.bytes("messageu.client_id", "Client id"),
  version = ProtoField.uint8("messageu.version", "Version"),
  code = ProtoField.uint16("messageu.code", "Code"),
  payload_size = ProtoField.uint32("messageu.payload_size", "Payload size"),
  name = ProtoField.string("messageu.name", "Name"),
  public_key = ProtoField.bytes("messageu.public_key", "Public key"),
  client = ProtoField.none("messageu.client", "Client"),
  target = ProtoField.bytes("messageu.target", "Target"),
  message = ProtoField.none("messageu.message", "Message"),
  sender = ProtoField.bytes("messageu.sender", "Sender"),
  message_id = ProtoField.uint32("messageu.message_id", "Message id"),
  type = ProtoField.uint8("messageu.type", "Type", base.DEC, type_names),
  content_size = ProtoField.uint32("messageu.content_size", "Content size"),
  content = ProtoField.bytes("messageu.content", "Content"),
  payload = ProtoField.bytes("messageu.payload", "Unknown payload"),
  rest = ProtoField.bytes("messageu.rest", "Too many bytes"),
  padding = ProtoField.bytes("messageu.padding", "Padding to a block"),
}
for name in pairs(sizes) do
  f[name] = f[name] or ProtoField.bytes("messageu." .. name, name)
end
messageu.fields = {}
for _, field in pairs(f) do table.insert(messageu.fields, field) end

local severities = {
  ["FRM-1"] = "ERROR", ["FRM-2"] = "ERROR", ["REQ-5"] = "ERROR",
  ["REQ-6"] = "ERROR", ["REQ-8"] = "NOTE", ["REQ-9"] = "ERROR", ["ANS-2"] = "ERROR",
  ["ANS-3"] = "ERROR", ["NAM-1"] = "ERROR", ["NAM-2"] = "ERROR", ["NAM-3"] = "ERROR",
  ["NAM-4"] = "WARN", ["NAM-8"] = "NOTE", ["CID-2"] = "NOTE", ["CID-3"] = "NOTE",
  ["PUB-1"] = "ERROR", ["LST-4"] = "ERROR", ["SND-1"] = "ERROR", ["SND-5"] = "ERROR",
  ["SND-8"] = "ERROR", ["RSA-1"] = "ERROR", ["AES-1"] = "ERROR", ["MSG-1"] = "NOTE",
}
for _, clause in pairs(clauses) do severities[clause] = "ERROR" end

-- A clause is an expert info: its filter is messageu. and the clause, such as
-- messageu.snd_8.
local experts = {}
messageu.experts = {}
for clause, severity in pairs(severities) do
  local levels = {
    NOTE = expert.severity.NOTE,
    WARN = expert.severity.WARN,
    ERROR = expert.severity.ERROR,
  }
  local filter = "messageu." .. clause:lower():gsub("-", "_")
  local info = ProtoExpert.new(
    filter, "Breaks " .. clause, expert.group.PROTOCOL, levels[severity])
  experts[clause] = info
  table.insert(messageu.experts, info)
end

-- The clauses that the frame at hand breaks.
local broken = {}

local function wrong(item, clause, text)
  broken[clause] = true
  item:add_proto_expert_info(experts[clause], clause .. ": " .. text)
end

messageu.prefs.ports = Pref.range(
  "TCP ports", "1357", "Where relays listen", 65535)
messageu.prefs.reassemble = Pref.bool(
  "Put frames together", true,
  "Whether a frame that lies in several segments is put together; else what " ..
  "each segment holds is shown")

-- What a cursor walks over: the bytes of a frame that are there.
local Cursor = {}
Cursor.__index = Cursor

function Cursor.new(tvb, offset, size)
  return setmetatable({ tvb = tvb, offset = offset, stop = offset + size }, Cursor)
end

function Cursor:left() return self.stop - self.offset end

-- The next bytes as a range, or nil where fewer are left.
function Cursor:take(size)
  if size > self:left() then return nil end
  local range = self.tvb(self.offset, size)
  self.offset = self.offset + size
  return range
end

-- What there is of a field that was cut off.
function Cursor:cut(tree, field)
  if self:left() > 0 then
    tree:add(field, self.tvb(self.offset, self:left())):append_text(" (cut off)")
    self.offset = self.stop
  end
end

local function all_zero(tvb, offset, size)
  if size == 0 then return true end
  return not tvb:bytes(offset, size):tohex():find("[1-9A-F]")
end

local function hex(range) return range:bytes():tohex():lower() end

-- The code at the start of a request, and its bytes; nil where it isn't there.
local function request_code(tvb, offset, available)
  if available < 18 then return nil end
  local first = tvb(offset + 17, 1):uint()
  if short_codes[first] then return first, 1 end
  if available < 19 then return nil end
  return tvb(offset + 17, 2):le_uint(), 2
end

-- Whether a code means nothing, and would in big endian.
local function is_swapped(code, known)
  local other = (code % 256) * 256 + math.floor(code / 256)
  return known[code] == nil and known[other] ~= nil and not short_codes[other]
end

-- The bytes of payload that a header claims; where its code is big endian, what
-- makes more sense.
local function claim_in(range, big_endian)
  local claim = range:le_uint()
  return big_endian and math.min(claim, range:uint()) or claim
end

-- What the header at an offset says: nil where it isn't there whole.
local function header_at(tvb, offset, available, is_request)
  if not is_request then
    if available < 7 then return nil end
    local code = tvb(offset + 1, 2):le_uint()
    local big_endian = is_swapped(code, answer_kinds)
    return {
      is_request = false, code = code, code_size = 2, size = 7,
      kind = answer_kinds[code], big_endian = big_endian,
      claim = claim_in(tvb(offset + 3, 4), big_endian),
    }
  end
  local code, code_size = request_code(tvb, offset, available)
  if code == nil or available < 21 + code_size then return nil end
  local big_endian = is_swapped(code, request_kinds)
  return {
    is_request = true, code = code, code_size = code_size, size = 21 + code_size,
    kind = request_kinds[code], big_endian = big_endian,
    claim = claim_in(tvb(offset + 17 + code_size, 4), big_endian),
  }
end

-- Bytes of payload whose header says 0: as many as there have to be where they
-- stand in the request's block, with zeros behind them (DIA-6); nil where more
-- are needed to know.
local function size_in_block(tvb, offset, available, header)
  local size = request_sizes[header.kind] or 0
  local start, there = offset + header.size, available - header.size
  if size == 0 or there == 0 then return 0 end
  local left = math.min(there, BLOCK - header.size)
  if left > size and not all_zero(tvb, start + size, left - size) then return 0 end
  if left >= size and all_zero(tvb, start, size) then return 0 end
  return left == BLOCK - header.size and size or nil
end

-- Bytes of payload that follow a header; nil where more are needed to know.
-- SND-7: a request for a key without content ends after 21 bytes.
local function payload_size(tvb, offset, available, header)
  if header.is_request and header.claim == 0 and header.kind ~= "sendMessage" then
    return size_in_block(tvb, offset, available, header)
  end
  if not header.is_request or header.kind ~= "sendMessage" or header.claim == SEND_HEAD then
    return header.claim
  end
  local start = offset + header.size
  if available >= header.size + ID + 1 and tvb(start + ID, 1):uint() ~= 1 then
    return header.claim
  end
  if available < header.size + SEND_HEAD then return nil end
  return all_zero(tvb, start + ID + 1, 4) and SEND_HEAD or header.claim
end

local function name_in(range)
  local bytes = range:bytes()
  for index = 0, bytes:len() - 1 do
    if bytes:get_index(index) == 0 then return range:raw(0, index), index end
  end
  return range:raw(), nil
end

local function add_name(tree, range, is_listed)
  local text, stop = name_in(range)
  local shown = text:gsub("[^\x20-\x7e]", "?")
  local item = tree:add(f.name, range, shown)
  if stop == nil then
    wrong(item, is_listed and "LST-4" or "NAM-2", "no NUL within 255 bytes")
    return shown
  end
  if text == "" then
    wrong(item, "NAM-3", "expected 1 to 254 bytes, got 0")
  elseif text:find("[^\x20-\x7e]") then
    wrong(item, "NAM-4", "other than printable ASCII")
  elseif text:find("[^A-Za-z0-9_.-]") then
    wrong(item, "NAM-8", "other than letters, digits and _ . -")
  end
  if not all_zero(range:tvb(), stop, NAME - stop) then
    wrong(item, is_listed and "LST-4" or "NAM-1", "other than NULs as padding")
  end
  return shown
end

local function add_key(tree, range)
  local item = tree:add(f.public_key, range)
  local digits = hex(range)
  -- An exponent of one byte ends it.
  local fits = digits:sub(1, #KEY_START) == KEY_START and
    digits:sub(-6, -3) == "0201" or
    digits:sub(1, #SHORT_KEY_START) == SHORT_KEY_START and
    digits:sub(-10, -7) == "0201" and digits:sub(-4) == "0000"
  if not fits then
    wrong(item, "PUB-1", "no SubjectPublicKeyInfo of RSA-1024 in 160 bytes of DER")
  end
end

local function add_type(tree, range)
  local item = tree:add(f.type, range)
  local type = range:uint()
  if type_names[type] == nil then
    wrong(item, "SND-5", "expected a type from 1 to 4, got " .. type)
  end
  return type
end

-- A content of so many bytes, as many of them as are there.
local function add_content(tree, cursor, type, size)
  local is_whole = size <= cursor:left()
  local range = cursor:take(is_whole and size or cursor:left())
  local item = tree:add(f.content, range)
  if not is_whole then
    item:append_text(" (cut off)")
    return
  end
  if type == 1 and size > 0 then
    wrong(item, "MSG-1", "expected no content")
  elseif type == 2 and size ~= ENCRYPTED_KEY then
    wrong(item, "RSA-1", "expected 128 bytes, got " .. size)
  elseif (type == 3 or type == 4) and (size == 0 or size % AES_BLOCK ~= 0) then
    wrong(item, "AES-1", "expected a multiple of 16 bytes, got " .. size)
  end
end

local function message_text(type, size)
  local name = type_names[type] or ("unknown type " .. tostring(type))
  return size == 0 and name or (name .. ", " .. size .. " bytes")
end

-- Adds the fields of a record one after the other, as far as they are there.
-- Returns what stands in the list of packets behind the code's name.
local function add_fields(tree, cursor, fields)
  local text, type, claimed
  for _, field in ipairs(fields) do
    if field == "content" then
      add_content(tree, cursor, type, claimed)
      return message_text(type, claimed)
    end
    local range = cursor:take(sizes[field])
    if range == nil then
      cursor:cut(tree, f[field])
      return text
    end
    if field == "name" then
      text = '"' .. add_name(tree, range, false) .. '"'
    elseif field == "public_key" then
      add_key(tree, range)
    elseif field == "type" then
      type = add_type(tree, range)
    elseif sizes[field] <= 4 then
      tree:add_le(f[field], range)
      if field == "content_size" then claimed = range:le_uint() end
      if field == "message_id" then text = "message " .. range:le_uint() end
    else
      tree:add(f[field], range)
    end
  end
  return text
end

-- Of the requests and responses that are more than their fields, what lies in the
-- payload. They return the text that add_fields returns.
local requests, answers = {}, {}

function requests.sendMessage(tree, cursor, header)
  local target, type, size = cursor:take(ID), cursor:take(1), cursor:take(4)
  if target == nil then return cursor:cut(tree, f.target) end
  tree:add(f.target, target)
  if type == nil then return end
  local kind = add_type(tree, type)
  if size == nil then return cursor:cut(tree, f.content_size) end
  local item = tree:add_le(f.content_size, size)
  local claimed, expected = size:le_uint(), header.claim - SEND_HEAD
  if claimed ~= expected then
    -- SND-7: a relay takes this one all the same, and refuses all others.
    local clause = kind == 1 and claimed == 0 and "SND-1" or "SND-8"
    wrong(item, clause, "expected " .. math.max(0, expected) .. ", got " .. claimed)
  end
  add_content(tree, cursor, kind, claimed)
  return message_text(kind, claimed)
end

local function add_given_id(tree, range)
  local item = tree:add(f.client_id, range)
  local digits = hex(range)
  if not digits:find("^............4...[89ab]") then
    wrong(item, "CID-2", "no UUID of version 4")
  end
  for index = 1, #digits, 2 do
    if digits:sub(index, index + 1) == "00" then
      wrong(item, "CID-3", "a byte is zero")
      return
    end
  end
end

function answers.register(tree, cursor)
  local id = cursor:take(ID)
  if id ~= nil then add_given_id(tree, id) else cursor:cut(tree, f.client_id) end
end

function answers.clientsList(tree, cursor)
  local count = 0
  while cursor:left() >= ID do
    count = count + 1
    local size = math.min(ID + NAME, cursor:left())
    local client = tree:add(f.client, cursor.tvb(cursor.offset, size))
    client:add(f.client_id, cursor:take(ID))
    local name = cursor:take(NAME)
    if name == nil then
      cursor:cut(client, f.name)
    else
      client:append_text(": " .. add_name(client, name, true))
    end
  end
  cursor:cut(tree, f.client_id)
  return count .. (count == 1 and " client" or " clients")
end

function answers.publicKey(tree, cursor, header)
  -- KEY-4: some servers leave the owner's id out.
  local is_key_alone = header.claim == KEY
  add_fields(tree, cursor, is_key_alone and { "public_key" } or answer_fields.publicKey)
end

function answers.waitingMessages(tree, cursor, _, is_whole)
  local count = 0
  while cursor:left() >= WAITING_HEAD do
    count = count + 1
    local head = cursor.tvb(cursor.offset, WAITING_HEAD)
    local size = head(WAITING_HEAD - 4, 4):le_uint()
    local all = math.min(WAITING_HEAD + size, cursor:left())
    local message = tree:add(f.message, cursor.tvb(cursor.offset, all))
    message:add(f.sender, cursor:take(ID))
    message:add_le(f.message_id, cursor:take(4))
    local type = add_type(message, cursor:take(1))
    local item = message:add_le(f.content_size, cursor:take(4))
    if is_whole and size > cursor:left() then
      wrong(item, "PUL-1", size .. " bytes claimed, " .. cursor:left() .. " left")
    end
    add_content(message, cursor, type, size)
    message:append_text(": " .. message_text(type, size))
  end
  if cursor:left() > 0 then
    local range = cursor:take(cursor:left())
    local item = tree:add(f.message, range):append_text(" (cut off)")
    if is_whole then
      wrong(item, "PUL-1", "the payload ends within a message")
    end
  end
  return count .. (count == 1 and " message" or " messages")
end

local function check_size(item, header, payload)
  local claim, kind = header.claim, header.kind
  local expected, clause = nil, "REQ-6"
  if header.is_request then
    expected = request_sizes[kind]
    -- SND-7: what a request for a key claims here doesn't count.
    if kind == "sendMessage" and claim < SEND_HEAD and payload ~= SEND_HEAD then
      expected = SEND_HEAD
    end
    -- DIA-6: the payload is there, though a relay needn't look for it.
    if expected ~= nil and payload == expected then clause = "FRM-2" end
  else
    expected, clause = answer_sizes[kind], clauses[kind]
    local entry = entry_sizes[kind]
    if entry ~= nil and claim % entry ~= 0 then
      wrong(item, clause, "expected a multiple of " .. entry .. ", got " .. claim)
    end
  end
  if expected ~= nil and claim ~= expected then
    wrong(item, clause, "expected " .. expected .. ", got " .. claim)
  end
end

local function add_header(tree, tvb, offset, header, payload)
  local is_request = header.is_request
  local at = offset
  if is_request then
    local item = tree:add(f.client_id, tvb(at, ID))
    local is_nobody = all_zero(tvb, at, ID)
    if header.kind == "register" and not is_nobody then
      wrong(item, "REQ-9", "expected zeros: there is no id yet")
    elseif header.kind ~= nil and header.kind ~= "register" and is_nobody then
      wrong(item, "REQ-9", "zeros are no client's id")
    end
    at = at + ID
  end
  local version = tree:add(f.version, tvb(at, 1))
  local number = tvb(at, 1):uint()
  if number ~= 2 then
    wrong(version, is_request and "REQ-8" or "ANS-2", "expected version 2, got " .. number)
  end
  at = at + 1
  local code = tree:add_le(f.code, tvb(at, header.code_size))
  local names = is_request and request_names or answer_names
  local side = is_request and "request" or "response"
  local name = names[header.kind] or ("unknown " .. side)
  code:append_text(" (" .. name .. ")")
  if header.big_endian then
    wrong(code, "FRM-1", tvb(at, 2):uint() .. " in big endian")
  elseif header.kind == nil then
    wrong(code, is_request and "REQ-5" or "ANS-3", header.code .. " is no " .. side)
  end
  at = at + header.code_size
  local size = tree:add_le(f.payload_size, tvb(at, 4))
  if tvb(at, 4):le_uint() ~= header.claim then
    wrong(size, "FRM-1", header.claim .. " in big endian")
  end
  check_size(size, header, payload)
  return header.code .. " " .. name, size
end

-- Of each stream the requests whose responses are due, and what was found wrong
-- with responses by them: packets may be looked at again in any order.
local asked, verdicts = {}, {}
-- Clauses by which a request has to be refused.
local refused = { "FRM-1", "NAM-2", "NAM-3", "REQ-5", "REQ-6", "SND-5", "SND-8" }

-- The id that a payload begins with, of those that are held against each other.
local function first_id(tvb, offset, there, header)
  local has_id = header.kind == "sendMessage" or
    header.kind == "publicKey" and (header.is_request or header.claim ~= KEY)
  if not has_id or there < ID then return nil end
  return hex(tvb(offset + header.size, ID))
end

local function remember(stream, header, id)
  local request = { code = header.code, id = id }
  for _, clause in ipairs(refused) do
    if broken[clause] then request.refused = request.refused or clause end
  end
  asked[stream] = asked[stream] or {}
  table.insert(asked[stream], request)
end

-- What a response breaks that its request shows: the clause and why, or nil.
local function verdict_on(stream, header, id)
  local request = table.remove(asked[stream] or {}, 1)
  if request == nil or header.kind == nil or header.kind == "failure" then
    return nil
  end
  if request.refused ~= nil then
    return { request.refused, "expected 9000, got " .. header.code }
  end
  local code = due[request.code]
  if code == nil then return nil end
  if code ~= header.code then
    return { "ANS-3", "expected " .. code .. " or 9000 for " .. request.code ..
      ", got " .. header.code }
  end
  if id ~= nil and request.id ~= nil and id ~= request.id then
    local clause = header.kind == "publicKey" and "KEY-1" or "SND-2"
    return { clause, "another client's id than was asked for" }
  end
end

-- Holds a response against its request.
local function pair(tvb, pinfo, tree, offset, there, header, call, stream)
  local id = first_id(tvb, offset, there, header)
  local key = call .. "@" .. offset
  if not pinfo.visited then
    if header.is_request then return remember(stream, header, id) end
    verdicts[key] = verdict_on(stream, header, id)
  end
  local verdict = verdicts[key]
  if verdict ~= nil then wrong(tree, verdict[1], verdict[2]) end
end

-- One frame, of which `size` bytes are there.
local function add_frame(tvb, pinfo, root, offset, size, header, payload, state)
  broken = {}
  local tree = root:add(messageu, tvb(offset, size))
  local flag = header.is_request and f.request or f.answer
  tree:add(flag, true):set_generated(true)
  local title, size_item = add_header(tree, tvb, offset, header, payload)
  local there = size - header.size
  local is_whole = there >= payload
  if not is_whole then
    wrong(size_item, "FRM-2", (payload - there) .. " of them aren't there")
  end
  local cursor = Cursor.new(tvb, offset + header.size, there)
  local parts = header.is_request and requests or answers
  local fields = header.is_request and request_fields or answer_fields
  local detail
  if header.kind == nil then
    if there > 0 then tree:add(f.payload, cursor:take(there)) end
  elseif payload > 0 then
    local part = parts[header.kind]
    if part ~= nil then
      detail = part(tree, cursor, header, is_whole)
    else
      local is_list = not header.is_request and entry_sizes[header.kind] ~= nil
      repeat
        detail = add_fields(tree, cursor, fields[header.kind])
      until cursor:left() == 0 or not is_list
    end
  end
  if cursor:left() > 0 then tree:add(f.rest, cursor:take(cursor:left())) end
  if is_whole then
    pair(tvb, pinfo, tree, offset, there, header, state.call, state.stream)
  end
  if detail ~= nil then title = title .. ": " .. detail end
  tree:append_text(", " .. title)
  return title
end

-- What there is of a header.
local function add_cut_header(tvb, root, offset, available)
  local tree = root:add(messageu, tvb(offset, available))
  tree:append_text(", a header that is cut off")
  wrong(tree, "FRM-2", "the header ends after " .. available .. " bytes")
end

-- What is known where the bytes of a call begin: of each direction of a stream
-- the size of the last frame, whether blocks were seen, and how many bytes of
-- padding are still to come. Packets are looked at again in any order, so each
-- call remembers what it began with.
local states, begun = {}, {}

local tcp_stream = Field.new("tcp.stream")

local function copy_of(state)
  return { last = state.last, left = state.left, has_blocks = state.has_blocks }
end

local function state_of(tvb, pinfo, is_request)
  local stream = tostring(tcp_stream())
  local direction = stream .. (is_request and ">" or "<")
  local call = table.concat({ pinfo.number, tvb:offset(), tvb:len(), direction }, " ")
  local fresh = { last = 0, left = 0, has_blocks = false }
  local state
  if pinfo.visited then
    state = copy_of(begun[call] or fresh)
  else
    state = states[direction] or fresh
    states[direction], begun[call] = state, copy_of(state)
  end
  state.call, state.stream = call, stream
  return state
end

function messageu.init()
  states, begun, asked, verdicts = {}, {}, {}, {}
end

-- Bytes of zeros up to the end of a block (DIA-5): 0 where a header begins, nil
-- where more bytes are needed to know.
local function padding_left(tvb, offset, available, is_request, state)
  if state.left > 0 then return state.left end
  if state.last == 0 then return 0 end
  local block = (BLOCK - state.last % BLOCK) % BLOCK
  local needed = is_request and 23 or 7
  -- What is shorter than a header may be the beginning of an id, unless the
  -- stream is known to have blocks.
  if state.has_blocks and block > 0 then needed = math.min(needed, block) end
  if not all_zero(tvb, offset, math.min(available, needed)) then return 0 end
  if available < needed then return nil end
  return block > 0 and block or BLOCK
end

-- Shows zeros, `left` at most; returns how many there were, and what they are
-- called where there were any.
local function add_padding(tvb, root, offset, available, left, state)
  local digits = tvb:bytes(offset, math.min(available, left)):tohex()
  local first = digits:find("[1-9A-F]")
  local size = first == nil and #digits / 2 or math.floor((first - 1) / 2)
  state.left = first == nil and left - size or 0
  state.last, state.has_blocks = BLOCK, true
  if size == 0 then return 0 end
  local title = "padding, " .. size .. " bytes"
  local tree = root:add(messageu, tvb(offset, size))
  tree:append_text(", " .. title)
  tree:add(f.padding, tvb(offset, size))
  return size, title
end

local function is_request_packet(pinfo)
  -- The port for which this dissector was called is the relay's.
  return pinfo.dst_port == pinfo.match
end

local function more(pinfo, offset, size)
  pinfo.desegment_offset = offset
  pinfo.desegment_len = size
end

function messageu.dissector(tvb, pinfo, root)
  local is_request = is_request_packet(pinfo)
  -- Bytes that weren't captured don't come with the next segment.
  local may_wait = messageu.prefs.reassemble and
    tvb:captured_len() == tvb:reported_len()
  local state = state_of(tvb, pinfo, is_request)
  local offset, titles, padded = 0, {}, nil
  pinfo.cols.protocol = "MessageU"
  while offset < tvb:captured_len() do
    local available = tvb:captured_len() - offset
    local padding = padding_left(tvb, offset, available, is_request, state)
    if padding == nil and may_wait then
      more(pinfo, offset, DESEGMENT_ONE_MORE_SEGMENT)
      break
    end
    padding = padding or available
    if padding > 0 then
      local size, title =
        add_padding(tvb, root, offset, available, padding, state)
      offset, padded = offset + size, title or padded
    else
      local header = header_at(tvb, offset, available, is_request)
      local payload = header and payload_size(tvb, offset, available, header)
      if payload == nil and may_wait then
        more(pinfo, offset, DESEGMENT_ONE_MORE_SEGMENT)
        break
      end
      if header == nil then
        add_cut_header(tvb, root, offset, available)
        break
      end
      payload = payload or header.claim
      local size = header.size + payload
      if size > available and size <= MOST and may_wait then
        more(pinfo, offset, size - available)
        break
      end
      local there = math.min(size, available)
      table.insert(titles, 
        add_frame(tvb, pinfo, root, offset, there, header, payload, state))
      offset, state.last = offset + there, there
    end
  end
  if #titles == 0 then table.insert(titles, padded) end
  if #titles > 0 then
    pinfo.cols.info = (is_request and "→ " or "← ") .. table.concat(titles, " | ")
  end
  return tvb:captured_len()
end

local tcp = DissectorTable.get("tcp.port")
local ports = messageu.prefs.ports
tcp:add(ports, messageu)
tcp:add_for_decode_as(messageu)

function messageu.prefs_changed()
  if ports == messageu.prefs.ports then return end
  tcp:remove(ports, messageu)
  ports = messageu.prefs.ports
  tcp:add(ports, messageu)
end
