#include "store/redis_lua.hpp"

namespace weir::store::lua {

const std::string_view sliding = R"lua(
groups.l = function()
need_log()

local Sliding = {width = 3}

-- Positions are instants; where the clock went back, the newest one counts as now.
function Sliding.look(s)
  local i = s.i
  s.limit, s.window = tonumber(ARGV[i]), tonumber(ARGV[i + 1])
  s.counts_denied = ARGV[i + 2] == '1'
  s.log = Log.open(s.key)
  s.at = s.log.n > 1 and math.max(now, s.log.newest) or now
  s.expired = s.at - s.window
  s.log.lives = s.window
  s.used = s.log:sum_after(s.expired)
  return s.cost == 0 or s.cost <= s.limit - s.used
end

function Sliding.charge(s)
  s.log:add(s.at, s.cost, s.expired)
  s.used = s.used + s.cost
end

-- Once as much as the limit has come after a cost, it no longer matters.
function Sliding.deny(s)
  if not s.counts_denied or s.limit == 0 then return end
  local room = s.limit - s.log:sum_after(s.at - 1)
  local counted = math.max(math.min(room, s.cost), 0)
  if counted > 0 then s.log:add(s.at, counted, s.expired) end
  if s.log.n > 0 then s.log:forget_covered(s.expired, s.limit) end
  s.used = s.log:sum_after(s.expired)
end

function Sliding.say(s, out, denied)
  local last = denied and s.cost <= s.limit and
               s.log:position_leaving(s.expired, s.limit - s.cost)
  local n = #out
  out[n + 1], out[n + 2] = s.used, s.log.newest or 0
  out[n + 3], out[n + 4] = last and 1 or 0, last or 0
end

function Sliding.settle(s, change, charged_at)
  Sliding.look(s)
  if change < 0 then return s.log:take_back(charged_at, -change) end
  local more = math.min(change, math.max(most - 1 - s.used, 0))
  if more > 0 then s.log:add(s.at, more, s.expired) end
end

kinds.l = Sliding
end

groups.g = function()
need_log()

local Segments = {width = 6}

-- The segment of an instant, which begins at or after k window / segments.
function Segments.number(s, at)
  return (muldiv(s.parts, at - s.log.origin, s.whole))
end

function Segments.look(s)
  local i = s.i
  s.limit, s.window = tonumber(ARGV[i]), tonumber(ARGV[i + 1])
  s.segments, s.from_epoch = tonumber(ARGV[i + 2]), tonumber(ARGV[i + 3])
  s.parts, s.whole = tonumber(ARGV[i + 4]), tonumber(ARGV[i + 5])
  s.log = Log.open(s.key)
  s.log.lives = s.window
  s.used = 0
  if s.log.n > 0 then
    s.segment = Segments.number(s, math.max(now, s.log.origin))
    if s.log.n > 1 then s.segment = math.max(s.segment, s.log.newest) end
    s.used = s.log:sum_after(s.segment - s.segments)
  end
  return s.cost == 0 or s.cost <= s.limit - s.used
end

function Segments.count_in(s, cost)
  if s.used == 0 then
    s.log:start(s.from_epoch == 1 and 0 or now)
    s.segment = Segments.number(s, now)
  end
  s.log:add(s.segment, cost, s.segment - s.segments)
  s.used = s.used + cost
end

function Segments.charge(s) Segments.count_in(s, s.cost) end

function Segments.deny() end

function Segments.say(s, out, denied)
  local last = denied and s.cost <= s.limit and s.log.n > 0 and
               s.log:position_leaving(s.segment - s.segments, s.limit - s.cost)
  local n = #out
  out[n + 1], out[n + 2], out[n + 3] = s.log.origin or 0, s.used, s.log.newest or 0
  out[n + 4], out[n + 5] = last and 1 or 0, last or 0
end

function Segments.settle(s, change, charged_at)
  Segments.look(s)
  if change < 0 then
    if s.log.n == 0 or charged_at < s.log.origin then return end
    return s.log:take_back(Segments.number(s, charged_at), -change)
  end
  local more = math.min(change, math.max(most - 1 - s.used, 0))
  if more > 0 then Segments.count_in(s, more) end
end

kinds.g = Segments
end

groups.n = function()

-- Leases in a sorted set by when they end, named "TOKEN:SLOTS"; the member "" has minus the sum.
local Slots = {width = 3}

function Slots.look(s)
  local i = s.i
  s.limit, s.lease, s.token = tonumber(ARGV[i]), tonumber(ARGV[i + 1]), ARGV[i + 2]
  s.running = -(tonumber(call('ZSCORE', s.key, '') or 0))
  local gone = s.running > 0 and call('ZRANGEBYSCORE', s.key, 0, now) or {}
  for _, name in ipairs(gone) do
    s.running = s.running - tonumber(string.match(name, ':(%d+)$'))
    call('ZREM', s.key, name)
  end
  if #gone > 0 and s.running == 0 then
    call('DEL', s.key)
  elseif #gone > 0 then
    call('ZADD', s.key, -s.running, '')
  end
  return s.cost == 0 or s.cost <= s.limit - s.running
end

function Slots.charge(s)
  s.running = s.running + s.cost
  local ends = now + s.lease
  call('ZADD', s.key, ends, string.format('%s:%.0f', s.token, s.cost), -s.running, '')
  call('PEXPIRE', s.key, ttl_of(s.lease))
end

function Slots.deny() end

function Slots.say(s, out, denied)
  local n, last, free = #out, 0, nil
  if s.running > 0 then last = tonumber(call('ZREVRANGE', s.key, 0, 0, 'WITHSCORES')[2]) end
  local missing = s.cost - (s.limit - s.running)
  if denied and missing > 0 and s.cost <= s.limit then
    local leases = call('ZRANGEBYSCORE', s.key, '(' .. string.format('%.0f', now), '+inf',
                        'WITHSCORES', 'LIMIT', 0, string.format('%.0f', missing))
    for k = 1, #leases, 2 do
      missing = missing - tonumber(string.match(leases[k], ':(%d+)$'))
      if missing <= 0 then free = tonumber(leases[k + 1]); break end
    end
  end
  out[n + 1], out[n + 2], out[n + 3], out[n + 4] = s.running, last, free and 1 or 0, free or 0
end

function Slots.release(s)
  s.limit, s.lease, s.token = tonumber(ARGV[s.i]), tonumber(ARGV[s.i + 1]), ARGV[s.i + 2]
  if call('ZREM', s.key, string.format('%s:%.0f', s.token, s.cost)) == 0 then return end
  local left = -(tonumber(call('ZINCRBY', s.key, s.cost, '')))
  if left == 0 then call('DEL', s.key) end
end

kinds.n = Slots
end

groups.o = function()

local Open = {width = 0}
function Open.look() return true end
function Open.charge() end
function Open.deny() end
function Open.say() end
function Open.settle() end

local Shut = {width = 0, charge = Open.charge, deny = Open.deny, say = Open.say}
function Shut.look(s) return s.cost == 0 end

kinds.o, kinds.x = Open, Shut
end
groups.x = groups.o
)lua";

const std::string_view requests = R"lua(
if ARGV[2] == '' then
  local time = call('TIME')
  now = tonumber(time[1]) * 1000000 + tonumber(time[2])
else
  now = tonumber(ARGV[2])
end

-- For each limit: letter, change of what was charged, when that was, slots to free, parameters.
if ARGV[1] == 'end' then
  local i = 5
  for k = 1, #KEYS do
    local kind, change = kinds[ARGV[i]], tonumber(ARGV[i + 1])
    local s = {key = KEYS[k], i = i + 4, cost = tonumber(ARGV[i + 3])}
    if change ~= 0 and kind.settle then kind.settle(s, change, tonumber(ARGV[i + 2])) end
    if s.cost > 0 and kind.release then kind.release(s) end
    i = s.i + kind.width
  end
  return 1
end

-- The last key is that of a request id, if ids are known for any time.
local id_ttl, count = ARGV[4], #KEYS
local id_key
if id_ttl ~= '0' then
  id_key, count = KEYS[count], count - 1
  local answer = call('GET', id_key)
  if answer then
    answer = cmsgpack.unpack(answer)
    answer[1] = 1
    return answer
  end
end

local limits, allowed, i = {}, true, 5
-- For each limit: letter, whether it is enforced, cost, whether that is charged, parameters.
for k = 1, count do
  local kind = kinds[ARGV[i]]
  local s = {key = KEYS[k], i = i + 4, cost = tonumber(ARGV[i + 2]), kind = kind}
  s.charges = ARGV[i + 3] == '1' and s.cost > 0
  s.admits = kind.look(s)
  if not s.admits and ARGV[i + 1] == '1' then allowed = false end
  limits[k] = s
  i = s.i + kind.width
end

local out = {0, now}
for k = 1, #limits do
  local s = limits[k]
  if allowed and s.admits then
    if s.charges then s.kind.charge(s) end
  else
    s.kind.deny(s)
  end
  out[#out + 1] = s.admits and 1 or 0
  s.kind.say(s, out, not allowed)
end
if id_key and allowed then call('SET', id_key, cmsgpack.pack(out), 'PX', id_ttl) end
return out
)lua";

}  // namespace weir::store::lua
