-- Sessions of a room, and on which node the media of each participant is.
--
-- @include primitives.lua

-- Returns fence and hash of a session; nothing when there is none.
local function session(id)
  local text = call('HGET', SESSIONS, 's:' .. id)
  if not text then return nil end
  local fence, hash = string.match(text, '^(%d+)|(.*)$')
  return tonumber(fence), hash
end

local function is_removed(id) return call('HEXISTS', SESSIONS, 'r:' .. id) == 1 end

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
    set_number('epoch', number('epoch') + 1)
    call('HSET', STATE, 'epoch', int(number('epoch')))
  end
end

-- How many participants are on each node, as pairs.
local function counted()
  local counts, flat = {}, {}
  for _, node in ipairs(call('HVALS', NODES)) do counts[node] = (counts[node] or 0) + 1 end
  for node, count in pairs(counts) do
    table.insert(flat, node)
    table.insert(flat, int(count))
  end
  return flat
end

local function forget(id)
  call('HDEL', SESSIONS, 's:' .. id, 'e:' .. id)
  call('ZREM', LEASES, id)
  assign(id, false)
end

-- A host ended the session: it may not be put back, and what let its participant in lets in no more.
local function remove(id)
  call('HSET', SESSIONS, 'r:' .. id, '1')
  for shown in string.gmatch(call('HGET', SESSIONS, 'e:' .. id) or '', '%S+') do
    call('HSET', SESSIONS, 'r:' .. shown, '1')
  end
  forget(id)
end

-- Releases the sessions whose lease ran out. LEAVE is the JSON of the primitives that take a
-- participant out of the room, LEAVE_OP the operation for the patch; both with $id in place of the
-- participant, since only this server knows whose lease it is.
-- Bounded, because nothing else runs meanwhile; the next renewal goes on with the rest.
local function release_expired(LEAVE, LEAVE_OP)
  local ids = call('ZRANGEBYSCORE', LEASES, '-inf', int(now), 'LIMIT', 0, 200)
  if #ids == 0 then return 0 end
  local ops = {}
  for _, id in ipairs(ids) do
    forget(id)
    execute(cjson.decode((string.gsub(LEAVE, '%$id', id))))
    table.insert(ops, (string.gsub(LEAVE_OP, '%$id', id)))
  end
  publish('[' .. table.concat(ops, ',') .. ']')
  return #ids
end
