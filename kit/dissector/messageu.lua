-- A Wireshark dissector for MessageU: see docs/looking.md. Problems cite the
-- clauses of docs/protocol.md.

local messageu = Proto("messageu", "MessageU")

-- From shared/wire: the codes of a registration and its response in each dialect
-- and the size of a request's code; the requests in the order of their codes; the
-- sizes of fields in bytes; the types of messages.
-- generated: tables
local dialects = {
  { request = 600, response = 2100, code_size = 2 },
  { request = 700, response = 2100, code_size = 2 },
  { request = 1100, response = 2100, code_size = 2 },
  { request = 1000, response = 2000, code_size = 2 },
  { request = 100, response = 1000, code_size = 1 },
  { request = 600, response = 2100, code_size = 2 },
}
local kinds = {
  { name = "register", request = "register", response = "registered",
    clause = "REG-1", is_list = false,
    request_fields = { "name", "public_key" },
    response_fields = { "client_id" } },
  { name = "clientsList", request = "clients list", response = "clients list",
    clause = "LST-1", is_list = true,
    request_fields = {},
    response_fields = { "client_id", "name" } },
  { name = "publicKey", request = "public key", response = "public key",
    clause = "KEY-1", is_list = false,
    request_fields = { "target" },
    response_fields = { "client_id", "public_key" } },
  { name = "sendMessage", request = "send a message", response = "message sent",
    clause = "SND-2", is_list = false,
    request_fields = { "target", "type", "content_size", "content" },
    response_fields = { "target", "message_id" } },
  { name = "waitingMessages", request = "waiting messages", response = "waiting messages",
    clause = "PUL-1", is_list = true,
    request_fields = {},
    response_fields = { "sender", "message_id", "type", "content_size", "content" } },
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

local request_kinds, response_kinds, short_codes, due = {}, {}, {}, {}
for _, dialect in ipairs(dialects) do
  for index, kind in ipairs(kinds) do
    request_kinds[dialect.request + index - 1] = kind.name
    response_kinds[dialect.response + index - 1] = kind.name
    due[dialect.request + index - 1] = dialect.response + index - 1
    if dialect.code_size == 1 then
      short_codes[dialect.request + index - 1] = true
    end
  end
end
response_kinds[9000] = "failure"

-- By kind: names, fields, and the size of a payload or of a list's entry, without
-- a content.
local request_names, response_names = {}, { failure = "failure" }
local request_fields, response_fields = {}, { failure = {} }
local request_sizes, response_sizes, entry_sizes = {}, { failure = 0 }, {}
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
  request_names[name], response_names[name] = kind.request, kind.response
  request_fields[name], response_fields[name] = kind.request_fields, kind.response_fields
  request_sizes[name] = size_of(kind.request_fields)
  local size = size_of(kind.response_fields)
  if kind.is_list then entry_sizes[name] = size else response_sizes[name] = size end
  clauses[name] = kind.clause
end

-- Sizes in bytes.
local ID, NAME, KEY = sizes.client_id, sizes.name, sizes.public_key
local _, SEND_HEAD = size_of(request_fields.sendMessage)
local _, WAITING_HEAD = size_of(response_fields.waitingMessages)
local ENCRYPTED_KEY, AES_BLOCK, BLOCK = 128, 16, 1024
-- Largest frame that is reassembled from segments.
local MOST = 256 * 1024 * 1024
-- The start of a SubjectPublicKeyInfo of RSA-1024 with an exponent of a byte.
local KEY_START = "30819d300d06092a864886f70d010101050003818b00308187028181"
-- The same without the algorithm's NULL: two bytes shorter, padded with zeros.
local SHORT_KEY_START = "30819b300b06092a864886f70d01010103818b00308187028181"

local f = {
  request = ProtoField.bool("messageu.request", "Request"),
  response = ProtoField.bool("messageu.answer", "Response"),
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
  requester_name = ProtoField.string("messageu.requester_name", "Requester's name"),
  client_name = ProtoField.string("messageu.client_name", "Client's name"),
  target_name = ProtoField.string("messageu.target_name", "Target's name"),
  sender_name = ProtoField.string("messageu.sender_name", "Sender's name"),
  named_in = ProtoField.framenum("messageu.named_in", "Name seen in frame"),
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

-- Each clause is an expert info, with a filter such as messageu.snd_8.
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

-- The clauses that the current frame breaks.
local broken = {}

-- Names by ids: lists of changes, each with its place in the order of the first
-- reading. Packets are read again in any order, and show the names that were
-- known then.
local known = {}
-- What the first reading found of each frame, by its call and offset: its place,
-- the requester's id, the name in a registration, and the verdict on a response.
local seen, last_place = {}, 0
-- The same of the current frame, with its packet's number.
local current

-- Records a client's name, which is known from a place on.
local function learn(id, name, place)
  if current.is_visited then return end
  local changes = known[id] or {}
  local last = changes[#changes]
  if last ~= nil and last.name == name then return end
  known[id] = changes
  table.insert(changes, { place = place, name = name, packet = current.packet })
end

-- The change that named a client, as known at the current frame; nil if none did.
local function name_of(id)
  local changes = known[id] or {}
  for index = #changes, 1, -1 do
    if changes[index].place <= current.place then return changes[index] end
  end
end

-- A name in a text: in quotation marks if it isn't one word (NAM-8).
local function plain(name)
  return name:find("^[%w_.-]+$") and name or '"' .. name .. '"'
end

-- Adds the name of a client to its item, if it is known.
local function add_known(item, field, id)
  local change = name_of(id)
  if change == nil then return end
  item:append_text(" (" .. plain(change.name) .. ", from frame " .. change.packet .. ")")
  item:add(field, change.name):set_generated(true)
  item:add(f.named_in, change.packet):set_generated(true)
end

-- A client in a text: its name, or else the start of its id.
local function client_text(id)
  local change = name_of(id)
  return change and plain(change.name) or id:sub(1, 8) .. "…"
end

local function wrong(item, clause, text)
  broken[clause] = true
  item:add_proto_expert_info(experts[clause], clause .. ": " .. text)
end

messageu.prefs.ports = Pref.range(
  "TCP ports", "1357", "Where relays listen", 65535)
messageu.prefs.reassemble = Pref.bool(
  "Put frames together", true,
  "Whether frames in several segments are reassembled; else each segment " ..
  "is shown by itself")

-- Walks over the available bytes of a frame.
local Cursor = {}
Cursor.__index = Cursor

function Cursor.new(tvb, offset, size)
  return setmetatable({ tvb = tvb, offset = offset, stop = offset + size }, Cursor)
end

function Cursor:left() return self.stop - self.offset end

-- The next bytes as a range; nil if fewer are left.
function Cursor:take(size)
  if size > self:left() then return nil end
  local range = self.tvb(self.offset, size)
  self.offset = self.offset + size
  return range
end

-- Adds the available part of an incomplete field.
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

-- The generated field with the name of the client in a field.
local name_fields = {
  client_id = f.client_name, target = f.target_name, sender = f.sender_name,
}

-- Adds an id of a payload with its client's name. Returns a text for the packet
-- list.
local function add_id(tree, field, range)
  local id = hex(range)
  add_known(tree:add(f[field], range), name_fields[field], id)
  return client_text(id)
end

-- The code of a request, and its size; nil if it isn't available.
local function request_code(tvb, offset, available)
  if available < 18 then return nil end
  local first = tvb(offset + 17, 1):uint()
  if short_codes[first] then return first, 1 end
  if available < 19 then return nil end
  return tvb(offset + 17, 2):le_uint(), 2
end

-- Whether a code is unknown, but known in big endian.
local function is_swapped(code, known)
  local other = (code % 256) * 256 + math.floor(code / 256)
  return known[code] == nil and known[other] ~= nil and not short_codes[other]
end

-- The claimed size of a payload; if the code is big endian, the more plausible
-- byte order counts.
local function claim_in(range, big_endian)
  local claim = range:le_uint()
  return big_endian and math.min(claim, range:uint()) or claim
end

-- The header at an offset; nil if it is incomplete.
local function header_at(tvb, offset, available, is_request)
  if not is_request then
    if available < 7 then return nil end
    local code = tvb(offset + 1, 2):le_uint()
    local big_endian = is_swapped(code, response_kinds)
    return {
      is_request = false, code = code, code_size = 2, size = 7,
      kind = response_kinds[code], big_endian = big_endian,
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

-- Size of a payload whose header claims 0: the kind's size if the payload is in
-- the request's block, with zeros behind it (DIA-6); nil if more bytes are needed.
local function size_in_block(tvb, offset, available, header)
  local size = request_sizes[header.kind] or 0
  local start, there = offset + header.size, available - header.size
  if size == 0 or there == 0 then return 0 end
  local left = math.min(there, BLOCK - header.size)
  if left > size and not all_zero(tvb, start + size, left - size) then return 0 end
  if left >= size and all_zero(tvb, start, size) then return 0 end
  return left == BLOCK - header.size and size or nil
end

-- Size of the payload behind a header; nil if more bytes are needed.
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

local function shown_name(text) return (text:gsub("[^\x20-\x7e]", "?")) end

local function add_name(tree, range, is_listed)
  local text, stop = name_in(range)
  local shown = shown_name(text)
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
  -- It ends with an exponent of one byte.
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

-- Adds a content of `size` bytes, as far as available.
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

-- Adds the fields of a record, as far as available. Returns a text for the packet
-- list.
local function add_fields(tree, cursor, fields)
  local text, type, claimed, client
  for _, field in ipairs(fields) do
    if field == "content" then
      add_content(tree, cursor, type, claimed)
      return message_text(type, claimed)
    end
    local range = cursor:take(sizes[field])
    if range == nil then
      cursor:cut(tree, f[field])
      break
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
    elseif name_fields[field] ~= nil then
      client = add_id(tree, field, range)
    else
      tree:add(f[field], range)
    end
  end
  return text and client and (text .. " for " .. client) or text or client
end

-- Functions for payloads that add_fields can't add; they return a text like it.
local requests, responses = {}, {}

function requests.sendMessage(tree, cursor, header)
  local target, type, size = cursor:take(ID), cursor:take(1), cursor:take(4)
  if target == nil then return cursor:cut(tree, f.target) end
  local to = add_id(tree, "target", target)
  if type == nil then return end
  local kind = add_type(tree, type)
  if size == nil then return cursor:cut(tree, f.content_size) end
  local item = tree:add_le(f.content_size, size)
  local claimed, expected = size:le_uint(), header.claim - SEND_HEAD
  if claimed ~= expected then
    -- SND-7: a relay accepts this one, and refuses all others.
    local clause = kind == 1 and claimed == 0 and "SND-1" or "SND-8"
    wrong(item, clause, "expected " .. math.max(0, expected) .. ", got " .. claimed)
  end
  add_content(tree, cursor, kind, claimed)
  return message_text(kind, claimed) .. ", to " .. to
end

local function add_given_id(tree, range)
  local item = tree:add(f.client_id, range)
  local digits = hex(range)
  add_known(item, f.client_name, digits)
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

function responses.register(tree, cursor)
  local id = cursor:take(ID)
  if id ~= nil then add_given_id(tree, id) else cursor:cut(tree, f.client_id) end
end

function responses.clientsList(tree, cursor)
  local count = 0
  while cursor:left() >= ID do
    count = count + 1
    local size = math.min(ID + NAME, cursor:left())
    local client = tree:add(f.client, cursor.tvb(cursor.offset, size))
    local id = cursor:take(ID)
    client:add(f.client_id, id)
    local name = cursor:take(NAME)
    if name == nil then
      cursor:cut(client, f.name)
    else
      local shown = add_name(client, name, true)
      client:append_text(": " .. shown)
      -- The frames behind the list show it, as they do when they are read again.
      learn(hex(id), shown, current.place + 1)
    end
  end
  cursor:cut(tree, f.client_id)
  return count .. (count == 1 and " client" or " clients")
end

function responses.publicKey(tree, cursor, header)
  -- KEY-4: some servers leave the owner's id out.
  local is_key_alone = header.claim == KEY
  return add_fields(tree, cursor, is_key_alone and { "public_key" } or response_fields.publicKey)
end

-- Largest number of senders in the packet list.
local MOST_SENDERS = 3

-- The senders of messages, each once.
local function senders_text(senders)
  if #senders == 0 then return "" end
  local text = " from " .. table.concat(senders, ", ", 1, math.min(#senders, MOST_SENDERS))
  local left = #senders - MOST_SENDERS
  return left > 0 and text .. " and " .. left .. " more" or text
end

function responses.waitingMessages(tree, cursor, _, is_whole)
  local count, senders, told = 0, {}, {}
  while cursor:left() >= WAITING_HEAD do
    count = count + 1
    local head = cursor.tvb(cursor.offset, WAITING_HEAD)
    local size = head(WAITING_HEAD - 4, 4):le_uint()
    local all = math.min(WAITING_HEAD + size, cursor:left())
    local message = tree:add(f.message, cursor.tvb(cursor.offset, all))
    local sender = add_id(message, "sender", cursor:take(ID))
    if not told[sender] then table.insert(senders, sender) end
    told[sender] = true
    message:add_le(f.message_id, cursor:take(4))
    local type = add_type(message, cursor:take(1))
    local item = message:add_le(f.content_size, cursor:take(4))
    if is_whole and size > cursor:left() then
      wrong(item, "PUL-1", size .. " bytes claimed, " .. cursor:left() .. " left")
    end
    add_content(message, cursor, type, size)
    message:append_text(": " .. message_text(type, size) .. ", from " .. sender)
  end
  if cursor:left() > 0 then
    local range = cursor:take(cursor:left())
    local item = tree:add(f.message, range):append_text(" (cut off)")
    if is_whole then
      wrong(item, "PUL-1", "the payload ends within a message")
    end
  end
  return count .. (count == 1 and " message" or " messages") .. senders_text(senders)
end

local function check_size(item, header, payload)
  local claim, kind = header.claim, header.kind
  local expected, clause = nil, "REQ-6"
  if header.is_request then
    expected = request_sizes[kind]
    -- SND-7: the size that a request for a key claims doesn't count.
    if kind == "sendMessage" and claim < SEND_HEAD and payload ~= SEND_HEAD then
      expected = SEND_HEAD
    end
    -- DIA-6: the payload is there, but a relay needn't look for it.
    if expected ~= nil and payload == expected then clause = "FRM-2" end
  else
    expected, clause = response_sizes[kind], clauses[kind]
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
    local is_zero = all_zero(tvb, at, ID)
    if header.kind == "register" and not is_zero then
      wrong(item, "REQ-9", "expected zeros: there is no id yet")
    elseif header.kind ~= nil and header.kind ~= "register" and is_zero then
      wrong(item, "REQ-9", "zeros are no client's id")
    end
    if header.kind ~= "register" then
      add_known(item, f.requester_name, hex(tvb(at, ID)))
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
  local names = is_request and request_names or response_names
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

-- By stream: requests without a response, oldest first.
local asked = {}
-- Clauses by which a request must be refused.
local refused = { "FRM-1", "NAM-2", "NAM-3", "REQ-5", "REQ-6", "SND-5", "SND-8" }

-- The id at the start of a payload, if request and response both have one.
local function first_id(tvb, offset, there, header)
  local has_id = header.kind == "sendMessage" or
    header.kind == "publicKey" and (header.is_request or header.claim ~= KEY)
  if not has_id or there < ID then return nil end
  return hex(tvb(offset + header.size, ID))
end

-- What a frame itself, or its request, tells of the requester: its id, or the
-- name that it registers.
local function requester_in(tvb, offset, there, header, state)
  if not header.is_request then
    return table.remove(asked[state.stream] or {}, 1) or {}
  elseif header.kind ~= "register" then
    return { requester = hex(tvb(offset, ID)) }
  elseif there >= NAME then
    return { registers = shown_name((name_in(tvb(offset + header.size, NAME)))) }
  end
  return {}
end

-- Begins a frame: what the first reading finds of it, or found. Whole responses
-- are paired with their requests.
local function begin_frame(tvb, pinfo, offset, there, header, is_whole, state)
  local key = state.call .. "@" .. offset
  if not pinfo.visited then
    last_place = last_place + 1
    local request = (header.is_request or is_whole) and
      requester_in(tvb, offset, there, header, state) or {}
    seen[key] = {
      place = last_place, request = request,
      requester = request.requester, registers = request.registers,
    }
  end
  -- Some readers ask for packets without a first reading: these show no names.
  local found = seen[key] or { place = 0 }
  current = {
    place = found.place, packet = pinfo.number, is_visited = pinfo.visited,
  }
  if not header.is_request and header.kind == "register" and found.registers and
    there >= ID then
    learn(hex(tvb(offset + header.size, ID)), found.registers, found.place)
  end
  return found
end

local function remember(stream, header, id, found)
  local request = {
    code = header.code, id = id,
    requester = found.requester, registers = found.registers,
  }
  for _, clause in ipairs(refused) do
    if broken[clause] then request.refused = request.refused or clause end
  end
  asked[stream] = asked[stream] or {}
  table.insert(asked[stream], request)
end

-- Judges a response by its request: the broken clause and a text, or nil.
local function verdict_on(request, header, id)
  if request.code == nil or header.kind == nil or header.kind == "failure" then
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

-- Pairs a whole frame: requests wait for their responses, which are judged.
local function pair(tvb, pinfo, tree, offset, there, header, state, found)
  if not pinfo.visited then
    local id = first_id(tvb, offset, there, header)
    if header.is_request then return remember(state.stream, header, id, found) end
    found.verdict = verdict_on(found.request, header, id)
    found.request = nil
  end
  local verdict = found.verdict
  if verdict ~= nil then wrong(tree, verdict[1], verdict[2]) end
end

-- Adds the requester's name where its id isn't in the frame. Returns a text for
-- the packet list; nil if the name is unknown.
local function add_requester(tree, header, found)
  local name, packet = found.registers, nil
  local change = found.requester and name_of(found.requester)
  if change then name, packet = change.name, change.packet end
  if name == nil then return nil end
  if not header.is_request or found.registers ~= nil then
    tree:add(f.requester_name, name):set_generated(true)
    if packet then tree:add(f.named_in, packet):set_generated(true) end
  end
  return plain(name)
end

-- Adds a frame, of which `size` bytes are available.
local function add_frame(tvb, pinfo, root, offset, size, header, payload, state)
  broken = {}
  local tree = root:add(messageu, tvb(offset, size))
  local flag = header.is_request and f.request or f.response
  tree:add(flag, true):set_generated(true)
  local there = size - header.size
  local is_whole = there >= payload
  local found = begin_frame(tvb, pinfo, offset, there, header, is_whole, state)
  local requester = add_requester(tree, header, found)
  local title, size_item = add_header(tree, tvb, offset, header, payload)
  if not is_whole then
    wrong(size_item, "FRM-2", (payload - there) .. " of them aren't there")
  end
  local cursor = Cursor.new(tvb, offset + header.size, there)
  local parts = header.is_request and requests or responses
  local fields = header.is_request and request_fields or response_fields
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
    pair(tvb, pinfo, tree, offset, there, header, state, found)
  end
  if detail ~= nil then title = title .. ": " .. detail end
  -- A registration has its name behind it.
  if requester ~= nil and not (header.is_request and found.registers) then
    title = requester .. ": " .. title
  end
  tree:append_text(", " .. title)
  return title
end

-- Adds an incomplete header.
local function add_cut_header(tvb, root, offset, available)
  local tree = root:add(messageu, tvb(offset, available))
  tree:append_text(", a header that is cut off")
  wrong(tree, "FRM-2", "the header ends after " .. available .. " bytes")
end

-- The state before a call, by direction of a stream: the size of the last frame,
-- whether padding was seen, and the bytes of padding left. Packets are read again
-- in any order, so each call keeps its first state.
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
  states, begun, asked = {}, {}, {}
  known, seen, last_place = {}, {}, 0
end

-- Number of zeros up to the end of a block (DIA-5): 0 if a header begins, nil if
-- more bytes are needed.
local function padding_left(tvb, offset, available, is_request, state)
  if state.left > 0 then return state.left end
  if state.last == 0 then return 0 end
  local block = (BLOCK - state.last % BLOCK) % BLOCK
  local needed = is_request and 23 or 7
  -- Fewer zeros than a header may begin an id, unless padding was seen.
  if state.has_blocks and block > 0 then needed = math.min(needed, block) end
  if not all_zero(tvb, offset, math.min(available, needed)) then return 0 end
  if available < needed then return nil end
  return block > 0 and block or BLOCK
end

-- Adds at most `left` zeros; returns their number, and a title if there are any.
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
  -- Bytes that weren't captured never come.
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
