-- Reads the patches after a version.
--   VERSION  the version
-- Returns 'ok', birth and version of the room, and the patches, false if they are not all kept; or 'none'.
--
-- @include room.lua
local VERSION = unpack(ARGV, 5)
if not exists then return { 'none' } end
local version = number('version')
local missing = version - tonumber(VERSION)
local birth = call('HGET', STATE, 'birth')
if missing < 0 or missing > call('LLEN', PATCHES) then return { 'ok', birth, version, false } end
local kept = {}
if missing > 0 then kept = call('LRANGE', PATCHES, -missing, -1) end
return { 'ok', birth, version, kept }
