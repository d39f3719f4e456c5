-- Puts back what a store that lost its memory should know. What is there already is kept.
--   KNOWN         JSON of the room and of the sessions, as the replica knows them:
--                   version       of the room, as a text
--                   participants  their ids
--                   program       the primitives that make the whole room
--                   sessions      participant, fence, hash, node and items of each; an item is the
--                                 primitive that puts it, and the operation for the patch. No items:
--                                 the room did not know the participant
--   VERSION_JUMP  how far the version of a room that is not there jumps
-- Returns 'ok' and the state of each session: held, replaced or removed.
--
-- @include sessions.lua
local KNOWN, VERSION_JUMP = unpack(ARGV, 5)
local known = cjson.decode(KNOWN)
if not exists then
  -- All participants stay for one lease. Their replicas restore their sessions meanwhile.
  for _, id in ipairs(known.participants) do hold(id, 0, '') end
  chat_history = math.huge
  execute(known.program)
  local version = tonumber(known.version) + VERSION_JUMP
  set_number('version', version - 1)
  set_number('epoch', version)
  publish('[]')
end
local states, puts, ops = {}, {}, {}
for _, held in ipairs(known.sessions) do
  local id, fence, hash, node, items = unpack(held)
  local stored = session(id)
  if is_removed(id) or #items == 0 then
    table.insert(states, 'removed')
  elseif stored and stored > tonumber(fence) then
    table.insert(states, 'replaced')
  else
    table.insert(states, 'held')
    hold(id, tonumber(fence), hash)
    if node ~= '' then assign(id, node) end
    for _, item in ipairs(items) do
      local put, op = unpack(item)
      if not find(put[2], put[3]) then
        table.insert(puts, put)
        table.insert(ops, op)
      end
    end
  end
end
if #puts > 0 then
  execute(puts)
  publish('[' .. table.concat(ops, ',') .. ']')
else
  touch()
end
return { 'ok', states }
