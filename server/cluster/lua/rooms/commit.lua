-- Applies operations of a session, all or none, as one patch.
--   ME          the participant who commits
--   FENCE       fence of the session
--   MAX_TRACKS  how many tracks a participant may have
--   TEXTS       JSON of the operations as lists of texts: name, then what room.lua and rules.lua take
--   OPS         JSON of the operations, for the patch
-- Returns 'ok' and the version; or the code of the refusal.
--
-- @include room.lua
local ME, FENCE, MAX_TRACKS, TEXTS, OPS = unpack(ARGV, 5)
-- @include rules.lua
local fence = session(ME)
-- Lower: a replica that does not know of the claim put it back. The session is to be restored.
if not fence or fence < tonumber(FENCE) then return { 'session_lost' } end
if fence ~= tonumber(FENCE) then return { 'session_replaced' } end
if not item(participants, 'p:', ME) then return { 'session_lost' } end
local ops = cjson.decode(TEXTS)
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
