-- A room as Redis holds it: what all scripts of rooms share.
--
-- Keys of a room, all with its hash tag, so that one script may touch them on one server:
--   STATE     hash   version, seq, people (how many participants),
--                    recordings (how many), epoch, birth
--                    p:<participant>  order|online|role|JSON
--                    t:<track>        order|muted|participant|JSON
--                    g:<recording>    order|paused|id|JSON
--                    o:<participant>  ids of the tracks they own
--                    c:<message>      author of a kept chat message
--                    u:<node>         how many participants are placed on it
--   SESSIONS  hash   s:<participant>  fence|hash of the resume secret
--                    e:<participant>  what had let them in, ids with spaces between them
--                    r:<id>           a participant whom a host removed, or what had let them in
--   LEASES    zset   participant → end of the session's lease, UTC milliseconds of this server's clock
--   NODES     hash   participant → node of their media
--   CHAT      list   id|JSON, oldest first
--   PATCHES   list   JSON, oldest first, without gaps up to the current version
--
-- Arguments of every script of rooms, before its own:
--   CHANNEL        where patches are published
--   LEASE_MS       lease of a session, milliseconds
--   CHAT_HISTORY   how many chat messages are kept
--   PATCH_HISTORY  how many patches are kept
--
-- @include ../prelude.lua
local STATE, SESSIONS, LEASES, NODES, CHAT, PATCHES = unpack(KEYS)
local CHANNEL, LEASE_MS, CHAT_HISTORY, PATCH_HISTORY = unpack(ARGV)

-- Keys end by themselves after this many leases without any write, so that nothing stays for ever.
-- Renewing writes: only a room that no replica holds and no replica sweeps comes to this.
local BACKSTOP_LEASES = 8

local exists = call('EXISTS', STATE) == 1

-- version, seq, people, recordings and epoch: read on demand, written by publish().
local numbers, new_numbers = {}, {}

local function number(name)
  if not numbers[name] then numbers[name] = tonumber(call('HGET', STATE, name) or '0') end
  return numbers[name]
end

local function set_number(name, value)
  numbers[name], new_numbers[name] = value, true
end

-- The lists of a room; `size` names the number that counts their items. Of an item Lua reads a flag, which is a boolean field, and a word, a field that
-- conditions ask for; the rest is JSON. Items are read on demand, and written by publish() alone: until
-- then a script may still refuse, and nothing has happened. False is an item that is not there.
local lists = {
  participants = { prefix = 'p:', flag = 'online', word = 'role', items = {}, gone = {},
    size = 'people' },
  tracks = { prefix = 't:', flag = 'muted', word = 'participantId', items = {}, gone = {},
    owners = 'o:', owned = {} },
  recordings = { prefix = 'g:', flag = 'paused', word = 'id', items = {}, gone = {},
    size = 'recordings' },
  chat = { prefix = 'c:', word = 'participantId', items = {}, gone = {}, is_log = true,
    dropped = 0, added = {} },
}

local function find(name, id)
  local list = lists[name]
  if list.items[id] == nil then
    local text = call('HGET', STATE, list.prefix .. id)
    if not text then
      list.items[id] = false
    elseif list.is_log then
      list.items[id] = { word = text }
    else
      local order, flag, word, json = string.match(text, '^(%d+)|(%d)|([^|]*)|(.*)$')
      list.items[id] = { order = order, flag = flag, word = word, json = json }
    end
  end
  return list.items[id]
end

-- Ids of a list's items that a participant owns.
local function owned_by(list, owner)
  if not list.owned[owner] then
    list.owned[owner] = { ids = {} }
    for id in string.gmatch(call('HGET', STATE, list.owners .. owner) or '', '%S+') do
      table.insert(list.owned[owner].ids, id)
    end
  end
  return list.owned[owner]
end

local function write_items(list)
  for id in pairs(list.gone) do call('HDEL', STATE, list.prefix .. id) end
  list.gone = {}
  for id, item in pairs(list.items) do
    if item and item.is_new then
      local text = item.word
      if not list.is_log then
        text = item.order .. '|' .. item.flag .. '|' .. item.word .. '|' .. item.json
      end
      call('HSET', STATE, list.prefix .. id, text)
      item.is_new = false
    end
  end
  for owner, owned in pairs(list.owned or {}) do
    if owned.is_new then
      if #owned.ids == 0 then
        call('HDEL', STATE, list.owners .. owner)
      else
        call('HSET', STATE, list.owners .. owner, table.concat(owned.ids, ' '))
      end
      owned.is_new = false
    end
  end
end

local function write_chat()
  local chat = lists.chat
  if chat.dropped > 0 then call('LTRIM', CHAT, chat.dropped, -1) end
  for _, message in ipairs(chat.added) do call('RPUSH', CHAT, message.id .. '|' .. message.json) end
  chat.dropped, chat.added = 0, {}
end

local function touch()
  local ttl_ms = int(LEASE_MS * BACKSTOP_LEASES)
  for _, key in ipairs(KEYS) do call('PEXPIRE', key, ttl_ms) end
end

-- Writes what was changed, as the next version, and publishes the patch. The last session takes the
-- room along.
local function publish(ops)
  set_number('version', number('version') + 1)
  local birth = call('HGET', STATE, 'birth')
  if not birth then
    -- Later rooms of one name have later births: subscribers can tell them apart.
    birth = string.format('%s.%06d', clock[1], tonumber(clock[2]))
    call('HSET', STATE, 'birth', birth)
  end
  for _, list in pairs(lists) do write_items(list) end
  write_chat()
  local patch = '{"version":' .. int(number('version')) .. ',"ops":' .. ops .. '}'
  local fields = {}
  for name in pairs(new_numbers) do
    table.insert(fields, name)
    table.insert(fields, int(numbers[name]))
  end
  new_numbers = {}
  call('HSET', STATE, unpack(fields))
  call('RPUSH', PATCHES, patch)
  call('LTRIM', PATCHES, -PATCH_HISTORY, -1)
  call('SPUBLISH', CHANNEL, birth .. ' ' .. patch)
  if call('ZCARD', LEASES) == 0 then call('DEL', unpack(KEYS)) else touch() end
end
