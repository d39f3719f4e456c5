-- Jobs in Redis: one hash tag for all of them, as a step changes several of these at once.
--   STATES    hash  id → state|kind|attempt|not before|created|updated|progress|fence|stop|token|key
--   PAYLOADS  hash  id → JSON
--   RESULTS   hash  id → JSON, of those that are done
--   PROBLEMS  hash  id → why the last attempt failed
--   OPEN      hash  kind|key → id of the unfinished one
--   QUEUE     zset  kind|id → when it may be begun, or when its lease ends, UTC milliseconds; the unfinished
--   INDEX     zset  kind|key\1created\1id, all with 0: in the order of their keys
--   ENDED     zset  kind|updated|id, all with 0: the oldest of a kind first
--   COUNTS    hash  kind|state → how many
-- In a state, `stop` is 1 when a running job is to stop, and `token` names the call that ended the last attempt.
--
-- Arguments of every script of jobs, before its own:
--   KEEP_MS        how long a job is kept after it ended
--   KEPT_PER_KIND  how many ended jobs of a kind are kept
--
-- @include ../prelude.lua
local STATES, PAYLOADS, RESULTS, PROBLEMS, OPEN, QUEUE, INDEX, ENDED, COUNTS = unpack(KEYS)
local KEEP_MS, KEPT_PER_KIND = unpack(ARGV)

local FIELDS = '^(%a+)|([^|]*)|(%d+)|(%d+)|(%d+)|(%d+)|([^|]*)|(%d+)|(%d)|([^|]*)|(.*)$'

-- A job with its state in fields, all of them texts; nothing when there is no such job.
local function read(id)
  local text = call('HGET', STATES, id)
  if not text then return end
  local job = { id = id }
  job.state, job.kind, job.attempt, job.not_before, job.created, job.updated, job.progress, job.fence,
    job.stop, job.token, job.key = string.match(text, FIELDS)
  return job
end

local function opened(job) return job.kind .. '|' .. job.key end
local function queued(job) return job.kind .. '|' .. job.id end
-- No key holds the separator: a key that begins with another one is not taken for it.
local function indexed(job) return opened(job) .. '\1' .. job.created .. '\1' .. job.id end
local function ended(job) return job.kind .. '|' .. job.updated .. '|' .. job.id end

local function count(job, more)
  local name = job.kind .. '|' .. job.state
  if call('HINCRBY', COUNTS, name, more) == 0 then call('HDEL', COUNTS, name) end
end

-- Writes a job with what was changed of it, in a state.
local function write(job, state)
  if job.state ~= state then
    if job.state then count(job, -1) end
    job.state = state
    count(job, 1)
  end
  job.updated = int(now)
  call('HSET', STATES, job.id, table.concat({
    job.state, job.kind, job.attempt, job.not_before, job.created, job.updated, job.progress, job.fence,
    job.stop, job.token, job.key,
  }, '|'))
end

local function forget(job)
  count(job, -1)
  call('ZREM', INDEX, indexed(job))
  call('ZREM', ENDED, ended(job))
  call('HDEL', STATES, job.id)
  call('HDEL', PAYLOADS, job.id)
  call('HDEL', RESULTS, job.id)
  call('HDEL', PROBLEMS, job.id)
end

-- Forgets jobs of a kind that ended long ago, and those that are too many.
local function forget_old(kind)
  local number = 0
  for _, state in ipairs({ 'done', 'failed', 'cancelled' }) do
    number = number + (call('HGET', COUNTS, kind .. '|' .. state) or 0)
  end
  local from, to = '[' .. kind .. '|', '(' .. kind .. '|\255'
  while number > 0 do
    local oldest = call('ZRANGE', ENDED, from, to, 'BYLEX', 'LIMIT', 0, 1)[1]
    if not oldest then return end
    local at, id = string.match(oldest, '|(%d+)|([^|]+)$')
    if number <= tonumber(KEPT_PER_KIND) and now - at < tonumber(KEEP_MS) then return end
    forget(read(id))
    number = number - 1
  end
end

-- Ends a job for good.
local function close(job, state)
  job.stop = '0'
  write(job, state)
  call('HDEL', OPEN, opened(job))
  call('ZREM', QUEUE, queued(job))
  call('ZADD', ENDED, 0, ended(job))
  forget_old(job.kind)
end

-- Ends a job that nobody does any more: the process that had it has lost it from now on.
local function abandon(job)
  job.fence = int(job.fence + 1)
  close(job, 'cancelled')
end

-- A job as scripts return it: its id, its state, its payload, and its result and problem, or nothing of these.
local function show(id)
  return {
    id, call('HGET', STATES, id) or '', call('HGET', PAYLOADS, id) or '', call('HGET', RESULTS, id) or '',
    call('HGET', PROBLEMS, id) or '',
  }
end
