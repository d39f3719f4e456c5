-- Keeps a secret under a name, where there is none yet. They have no end.
--   SECRETS    hash, name → secret
--   NAME       of the secret
--   CANDIDATE  becomes the secret if there is none
-- Returns the secret of this name.
local SECRETS = unpack(KEYS)
local NAME, CANDIDATE = unpack(ARGV)
redis.call('HSETNX', SECRETS, NAME, CANDIDATE)
return redis.call('HGET', SECRETS, NAME)
