-- A room as Redis holds it, and how a change is tried and written: what all scripts of rooms share.
--
-- Keys of a room, all with its hash tag, so that one script may touch them on one server:
--   STATE     hash   version, seq, people (how many participants), epoch, birth
--                    p:<participant>  order|online|role|JSON
--                    t:<track>        order|muted|participant|JSON
--                    o:<participant>  ids of the tracks they own
--                    c:<message>      author of a kept chat message
--                    u:<node>         how many participants are placed on it
--   SESSIONS  hash   s:<participant> fence|hash of the resume secret; r:<participant> removed by a host
--   LEASES    zset   participant → end of the session's lease, UTC milliseconds of this server's clock
--   NODES     hash   participant → node of their media
--   CHAT      list   id|JSON, oldest first
--   PATCHES   list   JSON, oldest first, without gaps up to the current version
--
-- JSON is written and read in TypeScript only: Lua would turn [] into {} and round large numbers.
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

local function number_at(field) return tonumber(call('HGET', STATE, field) or '0') end

local exists = call('EXISTS', STATE) == 1
local version, seq, count, epoch =
  number_at('version'), number_at('seq'), number_at('people'), number_at('epoch')

-- What a change would make of the room: read on demand, written by publish() alone. Until then a
-- script may still refuse, and nothing has happened.
local participants, tracks, owned, said = {}, {}, {}, {}
local chat_dropped, chat_added = 0, {}

local function item(cache, prefix, id)
  if cache[id] == nil then
    local text = call('HGET', STATE, prefix .. id)
    if text then
      local order, flag, word, json = string.match(text, '^(%d+)|(%d)|([^|]*)|(.*)$')
      cache[id] = { order = order, flag = flag, word = word, json = json }
    else
      cache[id] = false
    end
  end
  return cache[id]
end

local function put(cache, prefix, id, flag, word, json)
  local old = item(cache, prefix, id)
  local order = old and old.order
  if not order then
    seq = seq + 1
    order = int(seq)
    if cache == participants then count = count + 1 end
  end
  cache[id] = { order = order, flag = flag, word = word, json = json, dirty = true }
end

local function drop(cache, prefix, id)
  if not item(cache, prefix, id) then return end
  cache[id] = false
  if cache == participants then count = count - 1 end
end

local function tracks_of(id)
  if not owned[id] then
    owned[id] = {}
    for track in string.gmatch(call('HGET', STATE, 'o:' .. id) or '', '%S+') do
      table.insert(owned[id], track)
    end
  end
  return owned[id]
end

local function disown(id, track)
  local list = tracks_of(id)
  for index = #list, 1, -1 do
    if list[index] == track then table.remove(list, index) end
  end
end

-- Operations are lists of texts: their name, then what each function below takes.
local apply = {}

function apply.join(id, online, role, json) put(participants, 'p:', id, online, role, json) end

function apply.presence(id, online)
  local participant = item(participants, 'p:', id)
  if participant then participant.flag, participant.dirty = online, true end
end

function apply.leave(id)
  drop(participants, 'p:', id)
  for _, track in ipairs(tracks_of(id)) do drop(tracks, 't:', track) end
  owned[id] = {}
end

function apply.publish(id, by, muted, json)
  if not item(tracks, 't:', id) then table.insert(tracks_of(by), id) end
  put(tracks, 't:', id, muted, by, json)
end

function apply.mute(id, muted)
  local track = item(tracks, 't:', id)
  if track then track.flag, track.dirty = muted, true end
end

function apply.unpublish(id)
  local track = item(tracks, 't:', id)
  if not track then return end
  disown(track.word, id)
  drop(tracks, 't:', id)
end

function apply.chat(id, by, json, keep_all)
  local known = said[id]
  if known == nil then known = call('HEXISTS', STATE, 'c:' .. id) == 1 end
  if known then return end
  said[id] = by
  table.insert(chat_added, { id = id, text = id .. '|' .. json })
  local stored = call('LLEN', CHAT)
  while not keep_all and stored - chat_dropped + #chat_added > tonumber(CHAT_HISTORY) do
    local oldest
    if chat_dropped < stored then
      oldest = string.match(call('LINDEX', CHAT, chat_dropped), '^([^|]*)|')
      chat_dropped = chat_dropped + 1
    else
      oldest = table.remove(chat_added, 1).id
    end
    said[oldest] = false
  end
end

local function apply_op(op) apply[op[1]](op[2], op[3], op[4], op[5]) end

local function session(id)
  local text = call('HGET', SESSIONS, 's:' .. id)
  if not text then return nil end
  local fence, hash = string.match(text, '^(%d+)|(.*)$')
  return tonumber(fence), hash
end

local function hold(id, fence, hash)
  call('HSET', SESSIONS, 's:' .. id, int(fence) .. '|' .. hash)
  call('ZADD', LEASES, int(now + LEASE_MS), id)
end

-- The epoch tells sets of nodes apart: it rises when one comes into use or goes out of it.
local function assign(id, node)
  local before = call('HGET', NODES, id)
  if before == node then return end
  local differs = false
  if before then
    call('HDEL', NODES, id)
    if call('HINCRBY', STATE, 'u:' .. before, -1) <= 0 then
      call('HDEL', STATE, 'u:' .. before)
      differs = true
    end
  end
  if node then
    call('HSET', NODES, id, node)
    if call('HINCRBY', STATE, 'u:' .. node, 1) == 1 then differs = true end
  end
  if differs then
    epoch = epoch + 1
    call('HSET', STATE, 'epoch', int(epoch))
  end
end

local function forget(id)
  call('HDEL', SESSIONS, 's:' .. id)
  call('ZREM', LEASES, id)
  assign(id, false)
end

local function write(cache, prefix)
  for id, entry in pairs(cache) do
    if not entry then
      call('HDEL', STATE, prefix .. id)
    elseif entry.dirty then
      local text = entry.order .. '|' .. entry.flag .. '|' .. entry.word .. '|' .. entry.json
      call('HSET', STATE, prefix .. id, text)
      entry.dirty = false
    end
  end
end

local function touch()
  for _, key in ipairs(KEYS) do call('PEXPIRE', key, int(LEASE_MS * BACKSTOP_LEASES)) end
end

-- Writes what was applied, as the next version, and tells it. The last session takes the room along.
local function publish(ops)
  version = version + 1
  local birth = call('HGET', STATE, 'birth')
  if not birth then
    -- Later rooms of one name have later births: subscribers can tell them apart.
    birth = string.format('%s.%06d', clock[1], tonumber(clock[2]))
    call('HSET', STATE, 'birth', birth)
  end
  write(participants, 'p:')
  write(tracks, 't:')
  for id, list in pairs(owned) do
    if #list == 0 then
      call('HDEL', STATE, 'o:' .. id)
    else
      call('HSET', STATE, 'o:' .. id, table.concat(list, ' '))
    end
  end
  if chat_dropped > 0 then call('LTRIM', CHAT, chat_dropped, -1) end
  for _, entry in ipairs(chat_added) do call('RPUSH', CHAT, entry.text) end
  for id, by in pairs(said) do
    if by then call('HSET', STATE, 'c:' .. id, by) else call('HDEL', STATE, 'c:' .. id) end
  end
  chat_dropped, chat_added = 0, {}
  local patch = '{"version":' .. int(version) .. ',"ops":' .. ops .. '}'
  call('HSET', STATE, 'version', int(version), 'seq', int(seq), 'people', int(count),
    'epoch', int(epoch))
  call('RPUSH', PATCHES, patch)
  call('LTRIM', PATCHES, -PATCH_HISTORY, -1)
  call('SPUBLISH', CHANNEL, birth .. ' ' .. patch)
  if call('ZCARD', LEASES) == 0 then call('DEL', unpack(KEYS)) else touch() end
end

-- Bounded, because nothing else runs meanwhile; the next renewal goes on with the rest.
local function release_expired()
  local ids = call('ZRANGEBYSCORE', LEASES, '-inf', int(now), 'LIMIT', 0, 200)
  if #ids == 0 then return 0 end
  local ops = {}
  for _, id in ipairs(ids) do
    forget(id)
    apply.leave(id)
    table.insert(ops, '{"op":"leave","participantId":"' .. id .. '"}')
  end
  publish('[' .. table.concat(ops, ',') .. ']')
  return #ids
end
