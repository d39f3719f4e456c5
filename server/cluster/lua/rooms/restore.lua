-- Puts back what a store that lost its memory should know. What is there already is kept.
--   KNOWN         JSON of the room and of the sessions, as the replica knows them
--   VERSION_JUMP  how far the version of a room that is not there jumps
-- Returns 'ok' and the state of each session: held, replaced or removed.
--
-- @include room.lua
local KNOWN, VERSION_JUMP = unpack(ARGV, 5)
local known = cjson.decode(KNOWN)
local known_participants, tracks_known = {}, {}
for _, one in ipairs(known.participants) do known_participants[one[1]] = one end
for _, one in ipairs(known.tracks) do
  tracks_known[one[2]] = tracks_known[one[2]] or {}
  table.insert(tracks_known[one[2]], one)
end
if not exists then
  -- All participants stay for one lease. Their replicas restore their sessions meanwhile.
  for _, one in ipairs(known.participants) do
    hold(one[1], 0, '')
    apply.join(unpack(one))
  end
  for _, one in ipairs(known.tracks) do apply.publish(unpack(one)) end
  for _, one in ipairs(known.chat) do apply.chat(one[1], one[2], one[3], true) end
  version = tonumber(known.version) + VERSION_JUMP - 1
  epoch = version + 1
  publish('[]')
end
local states, ops, texts = {}, {}, {}
for _, held in ipairs(known.sessions) do
  local id, fence, hash, node = unpack(held)
  local stored = session(id)
  if call('HEXISTS', SESSIONS, 'r:' .. id) == 1 or not known_participants[id] then
    table.insert(states, 'removed')
  elseif stored and stored > tonumber(fence) then
    table.insert(states, 'replaced')
  else
    table.insert(states, 'held')
    hold(id, tonumber(fence), hash)
    if node ~= '' then assign(id, node) end
    if not item(participants, 'p:', id) then
      table.insert(ops, { 'join', unpack(known_participants[id]) })
      table.insert(texts, '{"op":"join","participant":' .. known_participants[id][4] .. '}')
    end
    for _, one in ipairs(tracks_known[id] or {}) do
      if not item(tracks, 't:', one[1]) then
        table.insert(ops, { 'publish', unpack(one) })
        table.insert(texts, '{"op":"publish","track":' .. one[4] .. '}')
      end
    end
  end
end
if #ops > 0 then
  for _, op in ipairs(ops) do apply_op(op) end
  publish('[' .. table.concat(texts, ',') .. ']')
else
  touch()
end
return { 'ok', states }
