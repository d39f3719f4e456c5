-- Renews the leases of sessions, and releases those of the room whose lease ran out.
--   MAY_RELEASE      1 when every living replica had the chance to renew its sessions
--   GUARDS           JSON: lists of participant and fence
--   LEAVE, LEAVE_OP  how a participant leaves: see sessions.lua
-- Returns 'ok' and the state of each session: held, replaced, removed or gone.
--
-- @include sessions.lua
local MAY_RELEASE, GUARDS, LEAVE, LEAVE_OP = unpack(ARGV, 5)

local function state_of(id, fence)
  local held = session(id)
  if not held then return is_removed(id) and 'removed' or 'gone' end
  if held == fence then return 'held' end
  -- Lower: a replica that does not know of the claim put it back.
  return held > fence and 'replaced' or 'gone'
end

local states = {}
for _, guard in ipairs(cjson.decode(GUARDS)) do
  local state = state_of(guard[1], tonumber(guard[2]))
  if state == 'held' then call('ZADD', LEASES, int(now + LEASE_MS), guard[1]) end
  table.insert(states, state)
end
if exists then
  touch()
  if MAY_RELEASE == '1' then release_expired(LEAVE, LEAVE_OP) end
end
return { 'ok', states }
