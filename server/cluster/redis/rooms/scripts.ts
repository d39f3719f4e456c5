// The operations on a room, each one script: atomic, and decided as rules.ts and applyPatch decide.
import { RESTORED_VERSION_JUMP } from '../../memory/rooms.ts';
import { script } from '../link/script.ts';
import { ROOM_LUA } from './lua.ts';
import { RULES_LUA } from './rules.ts';

const SNAPSHOT_REPLY = `{ 'ok', call('HGETALL', STATE), call('LRANGE', CHAT, 0, -1) }`;

export const ADMIT = script(
  ROOM_LUA,
  `
local ID, HASH, MAX, ONLINE, ROLE, JSON, OPS = unpack(ARGV, 5)
if not session(ID) and count >= tonumber(MAX) then return { 'room_full' } end
hold(ID, 1, HASH)
apply.join(ID, ONLINE, ROLE, JSON)
publish(OPS)
return ${SNAPSHOT_REPLY}
`,
);

export const SNAPSHOT = script(
  ROOM_LUA,
  `
if not exists then return { 'none' } end
return ${SNAPSHOT_REPLY}
`,
);

/**
 * What is compared is the SHA-256 of a secret of 256 random bits: how long comparing takes can tell
 * something about the hash, from which nobody gets to the secret. A provisional session has no hash
 * and cannot be claimed.
 */
export const CLAIM = script(
  ROOM_LUA,
  `
local ID, HASH = unpack(ARGV, 5)
local fence, hash = session(ID)
if not fence or hash == '' or hash ~= HASH then return { 'session_lost' } end
hold(ID, fence + 1, hash)
touch()
return { 'ok', fence + 1 }
`,
);

export const COMMIT = script(
  ROOM_LUA,
  `
local ME, FENCE, MAX_TRACKS = ARGV[5], tonumber(ARGV[6]), tonumber(ARGV[7])
local OPS = ARGV[9]
${RULES_LUA}
local fence = session(ME)
-- Lower: put back by somebody who does not know our claim; the session is to be restored.
if not fence or fence < FENCE then return { 'session_lost' } end
if fence ~= FENCE then return { 'session_replaced' } end
if not item(people, 'p:', ME) then return { 'session_lost' } end
local ops = cjson.decode(ARGV[8])
for _, op in ipairs(ops) do
  local refusal = refusal_of(op)
  if refusal then return { refusal } end
  apply_op(op)
end
for _, op in ipairs(ops) do
  if op[1] == 'leave' then
    forget(op[2])
    call('HSET', SESSIONS, 'r:' .. op[2], '1')
  end
end
publish(OPS)
return { 'ok', version }
`,
);

export const RELEASE = script(
  ROOM_LUA,
  `
local ID, FENCE, OPS = unpack(ARGV, 5)
local fence = session(ID)
if fence ~= tonumber(FENCE) then return { 'ok', 0 } end
forget(ID)
apply.leave(ID)
publish(OPS)
return { 'ok', 1 }
`,
);

const STATE_OF = `
local function state_of(id, fence)
  local held = session(id)
  if not held then
    return call('HEXISTS', SESSIONS, 'r:' .. id) == 1 and 'removed' or 'gone'
  end
  if held == fence then return 'held' end
  -- Lower: put back by somebody who did not know of the claim.
  return held > fence and 'replaced' or 'gone'
end
`;

export const RENEW = script(
  ROOM_LUA,
  STATE_OF,
  `
local MAY_RELEASE = ARGV[5] == '1'
local states = {}
for _, guard in ipairs(cjson.decode(ARGV[6])) do
  local state = state_of(guard[1], tonumber(guard[2]))
  if state == 'held' then call('ZADD', LEASES, int(now + LEASE), guard[1]) end
  table.insert(states, state)
end
if exists then
  touch()
  if MAY_RELEASE then release_expired() end
end
return { 'ok', states }
`,
);

/** @returns how many, and in how many milliseconds the next lease ends; none when the room is over */
export const EXPIRE = script(
  ROOM_LUA,
  `
local released = release_expired()
local next_end = call('ZRANGE', LEASES, 0, 0, 'WITHSCORES')[2]
return { 'ok', released, next_end and math.max(0, tonumber(next_end) - now) or -1 }
`,
);

export const RESTORE = script(
  ROOM_LUA,
  `
local known = cjson.decode(ARGV[5])
local participants, tracks_known = {}, {}
for _, one in ipairs(known.participants) do participants[one[1]] = one end
for _, one in ipairs(known.tracks) do
  tracks_known[one[2]] = tracks_known[one[2]] or {}
  table.insert(tracks_known[one[2]], one)
end
if not exists then
  -- Everybody is in it for as long as a lease, until their replicas say so.
  for _, one in ipairs(known.participants) do
    hold(one[1], 0, '')
    apply.join(unpack(one))
  end
  for _, one in ipairs(known.tracks) do apply.publish(unpack(one)) end
  for _, one in ipairs(known.chat) do apply.chat(one[1], one[2], one[3], true) end
  version = tonumber(known.version) + ${RESTORED_VERSION_JUMP - 1}
  epoch = version + 1
  publish('[]')
end
local states, ops, texts = {}, {}, {}
for _, held in ipairs(known.sessions) do
  local id, fence, hash, node = unpack(held)
  local stored = session(id)
  if call('HEXISTS', SESSIONS, 'r:' .. id) == 1 or not participants[id] then
    table.insert(states, 'removed')
  elseif stored and stored > tonumber(fence) then
    table.insert(states, 'replaced')
  else
    table.insert(states, 'held')
    hold(id, tonumber(fence), hash)
    if node ~= '' then assign(id, node) end
    if not item(people, 'p:', id) then
      table.insert(ops, { 'join', unpack(participants[id]) })
      table.insert(texts, '{"op":"join","participant":' .. participants[id][4] .. '}')
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
`,
);

const PLACEMENT_REPLY = `{ 'ok', epoch, call('HGETALL', NODES) }`;

export const PLACE = script(
  ROOM_LUA,
  `
local ID, NODE, EPOCH = unpack(ARGV, 5)
if not session(ID) then return { 'session_lost' } end
if call('HEXISTS', STATE, 'u:' .. NODE) == 1 or epoch == tonumber(EPOCH) then
  assign(ID, NODE)
  touch()
end
return ${PLACEMENT_REPLY}
`,
);

export const PLACEMENT = script(
  ROOM_LUA,
  `
if not exists then return { 'none' } end
return ${PLACEMENT_REPLY}
`,
);

/** @returns birth and version of the room, and the patches after another version if they are kept */
export const PATCHES_SINCE = script(
  ROOM_LUA,
  `
if not exists then return { 'none' } end
local missing = version - tonumber(ARGV[5])
local birth = call('HGET', STATE, 'birth')
if missing < 0 or missing > call('LLEN', PATCHES) then return { 'ok', birth, version, false } end
local kept = {}
if missing > 0 then kept = call('LRANGE', PATCHES, -missing, -1) end
return { 'ok', birth, version, kept }
`,
);
