-- Which operations a session may commit: the rules of server/room/rules.ts.
-- Each operation is judged by the room that those before it would leave. Needs ME, who commits, and
-- MAX_TRACKS; `check` gets the operation's texts after its name, with `is_host` after the first.
local check = {}

function check.join(id) if id ~= ME then return 'forbidden' end end

function check.presence(id) if id ~= ME then return 'forbidden' end end

function check.leave(id, is_host)
  if not is_host then return 'forbidden' end
  if not item(participants, 'p:', id) then return 'unknown_participant' end
end

function check.publish(id, is_host, by)
  if by ~= ME then return 'forbidden' end
  local track = item(tracks, 't:', id)
  if track and track.word ~= ME then return 'id_taken' end
  if not track and #tracks_of(ME) >= tonumber(MAX_TRACKS) then return 'too_many_tracks' end
end

function check.mute(id, is_host, muted, by)
  local track = item(tracks, 't:', id)
  if not track then return 'unknown_track' end
  local may_mute = track.word == ME or (is_host and muted == '1')
  if not may_mute or by ~= ME then return 'forbidden' end
end

function check.unpublish(id)
  local track = item(tracks, 't:', id)
  if track and track.word ~= ME then return 'forbidden' end
end

function check.chat(id, is_host, by)
  if by ~= ME then return 'forbidden' end
  -- Of what is stored, not of what this commit leaves: it only adds messages of one author.
  local author = call('HGET', STATE, 'c:' .. id)
  if author and author ~= ME then return 'id_taken' end
end

local function refusal_of(op)
  local me = item(participants, 'p:', ME)
  return check[op[1]](op[2], me and me.word == 'host', op[3], op[4])
end
