-- Takes a session over: its fence rises.
--   ID    the participant
--   HASH  SHA-256 of the resume secret
-- Returns 'ok' and the fence; or 'session_lost'.
--
-- What is compared is the SHA-256 of a secret of 256 random bits: how long comparing takes can tell
-- something about the hash, which does not lead to the secret. A provisional session has no hash and
-- cannot be claimed.
--
-- @include sessions.lua
local ID, HASH = unpack(ARGV, 5)
local fence, hash = session(ID)
if not fence or hash == '' or hash ~= HASH then return { 'session_lost' } end
hold(ID, fence + 1, hash)
touch()
return { 'ok', fence + 1 }
