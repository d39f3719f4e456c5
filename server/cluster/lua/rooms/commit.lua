-- Executes the operations of a session, or of an operator, all or none, as one patch.
--   ME       the participant who commits; empty: an operator
--   FENCE    fence of the session
--   PROGRAM  JSON of the primitives that the operations compile to
--   OPS      JSON of the operations, for the patch
-- Returns 'ok' and the version; or the code of the refusal; an operator's, of a room that is not there: not_found.
--
-- @include sessions.lua
local ME, FENCE, PROGRAM, OPS = unpack(ARGV, 5)
if ME == '' then
  if not exists then return { 'not_found' } end
else
  local fence = session(ME)
  -- Lower: a replica that does not know of the claim put it back. The session is to be restored.
  if not fence or fence < tonumber(FENCE) then return { 'session_lost' } end
  if fence ~= tonumber(FENCE) then return { 'session_replaced' } end
  if not find('participants', ME) then return { 'session_lost' } end
end
local refusal = execute(cjson.decode(PROGRAM))
if refusal then return { refusal } end
for _, id in ipairs(ended) do remove(id) end
publish(OPS)
return { 'ok', number('version') }
