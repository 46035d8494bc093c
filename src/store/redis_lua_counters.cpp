#include "store/redis_lua.hpp"

namespace weir::store::lua {

// Schedules: the state is the theoretical arrival time as q + r / d microseconds. With a rate of 0
// time stands still and a unit counts as a microsecond.
const std::string_view schedules = R"lua(
groups.s = function()

local function below(q1, r1, q2, r2) return q1 < q2 or (q1 == q2 and r1 < r2) end

local function sum_of(q1, r1, q2, r2, d)
  local q, r = q1 + q2, r1 + r2
  if r >= d then return q + 1, r - d end
  return q, r
end

-- What a request of cost (cq, cr) would make of (q, r), none if it is not admitted.
local function conforming(s, q, r, p)
  if below(q, r, s.time, 0) then q, r = s.time, 0 end
  if p.cq < 0 then return nil end
  q, r = sum_of(q, r, p.cq, p.cr, p.d)
  local debt = q - s.time
  if below(p.aq, p.ar, debt, r) then return nil end
  return q, r
end

-- A schedule's part of the arguments: cost, allowance, denominator.
local function schedule_at(i)
  return {cq = tonumber(ARGV[i]), cr = tonumber(ARGV[i + 1]), aq = tonumber(ARGV[i + 2]),
          ar = tonumber(ARGV[i + 3]), d = tonumber(ARGV[i + 4])}
end

local Schedule = {width = 9}

function Schedule.look(s)
  local i = s.i
  s.p = schedule_at(i)
  s.mq, s.mr = tonumber(ARGV[i + 5]), tonumber(ARGV[i + 6])
  s.stands, s.keep = ARGV[i + 7] == '1', tonumber(ARGV[i + 8])
  s.time = s.stands and 0 or now
  s.q, s.r = read2(s)
  s.known = s.q ~= nil
  if not s.known then s.q, s.r = s.time + s.mq, s.mr end
  if s.cost == 0 then return true end
  s.next_q, s.next_r = conforming(s, s.q, s.r, s.p)
  return s.next_q ~= nil
end

function Schedule.write(s, q, r)
  s.q, s.r, s.known = q, r, true
  write2(s, s.stands and s.keep or math.max(q - s.time, 0) + 1 + s.keep, q, r)
end

function Schedule.charge(s) Schedule.write(s, s.next_q, s.next_r) end

-- A bucket that does not start full starts with its first request, even if it is denied.
function Schedule.deny(s)
  if not s.known and s.cost > 0 and (s.mq > 0 or s.mr > 0) then Schedule.write(s, s.q, s.r) end
end

function Schedule.say(s, out)
  local n = #out
  out[n + 1], out[n + 2], out[n + 3] = s.known and 1 or 0, s.q, s.r
end

-- What was charged too little is owed in addition; a refund gives back at most what is still owed.
function Schedule.settle(s, change)
  Schedule.look(s)
  local q, r, d = s.q, s.r, s.p.d
  if change > 0 then
    if below(q, r, s.time, 0) then q, r = s.time, 0 end
    q, r = sum_of(q, r, s.p.cq, s.p.cr, d)
    if q > most then q, r = most, 0 end
  elseif below(s.time, 0, q, r) then
    q, r = q - s.p.cq, r - s.p.cr
    if r < 0 then q, r = q - 1, r + d end
    if below(q, r, s.time, 0) then q, r = s.time, 0 end
  else
    return
  end
  Schedule.write(s, q, r)
end

local Marker = {width = 12}

function Marker.look(s)
  local i = s.i
  s.committed, s.peak = schedule_at(i), schedule_at(i + 6)
  s.stands1, s.stands2 = ARGV[i + 5] == '1', ARGV[i + 11] == '1'
  local text = call('GET', s.key)
  s.known = text and true or false
  if text then
    local a, b, c, d = string.match(text, '(%S+) (%S+) (%S+) (%S+)')
    s.q, s.r, s.q2, s.r2 = tonumber(a), tonumber(b), tonumber(c), tonumber(d)
  else
    s.q, s.r, s.q2, s.r2 = 0, 0, 0, 0
  end
  if s.cost == 0 then return true end
  s.time = s.stands1 and 0 or now
  s.next_q, s.next_r = conforming(s, s.q, s.r, s.committed)
  s.time = s.stands2 and 0 or now
  s.next_q2, s.next_r2 = conforming(s, s.q2, s.r2, s.peak)
  return s.next_q ~= nil and s.next_q2 ~= nil
end

function Marker.charge(s)
  s.known, s.q, s.r, s.q2, s.r2 = true, s.next_q, s.next_r, s.next_q2, s.next_r2
  local lives = math.max(s.stands1 and forever or s.q - now, s.stands2 and forever or s.q2 - now)
  call('SET', s.key, string.format('%.0f %.0f %.0f %.0f', s.q, s.r, s.q2, s.r2), 'PX',
       ttl_of(lives + 1))
end

function Marker.deny() end

function Marker.say(s, out)
  local n = #out
  out[n + 1], out[n + 2], out[n + 3] = s.known and 1 or 0, s.q, s.r
  out[n + 4], out[n + 5] = s.q2, s.r2
end

kinds.s, kinds.m = Schedule, Marker
end
groups.m = groups.s
)lua";

const std::string_view counters = R"lua(
groups.f = function()

local Fixed = {width = 4}

function Fixed.look(s)
  local i = s.i
  s.limit, s.window = tonumber(ARGV[i]), tonumber(ARGV[i + 1])
  s.from_epoch, s.counts_denied = tonumber(ARGV[i + 2]), ARGV[i + 3] == '1'
  s.ends, s.count = read2(s)
  s.known = s.ends ~= nil
  s.used = s.known and now < s.ends and s.count or 0
  return s.cost == 0 or s.cost <= s.limit - s.used
end

function Fixed.count_in(s, cost)
  if not s.known or now >= s.ends then s.ends = window_end(s.from_epoch, s.window) end
  s.used = math.min(s.used + cost, most)
  s.count, s.known = s.used, true
  write2(s, s.ends - now, s.ends, s.count)
end

function Fixed.charge(s) Fixed.count_in(s, s.cost) end

function Fixed.deny(s)
  if s.counts_denied and s.limit > 0 and s.cost > 0 then Fixed.count_in(s, s.cost) end
end

function Fixed.say(s, out)
  local n = #out
  out[n + 1], out[n + 2], out[n + 3] = s.known and 1 or 0, s.ends or 0, s.count or 0
end

function Fixed.settle(s, change, charged_at)
  Fixed.look(s)
  if change > 0 then
    Fixed.count_in(s, change)
  elseif s.known and now < s.ends and charged_at >= s.ends - s.window then
    s.count = math.max(s.count + change, 0)
    write2(s, s.ends - now, s.ends, s.count)
  end
end

kinds.f = Fixed
end

groups.c = function()

local Counter = {width = 4}

function Counter.look(s)
  local i = s.i
  s.limit, s.window = tonumber(ARGV[i]), tonumber(ARGV[i + 1])
  s.from_epoch, s.counts_denied = tonumber(ARGV[i + 2]), ARGV[i + 3] == '1'
  s.ends, s.current, s.previous = read3(s)
  s.known = s.ends ~= nil
  if not s.known or now - s.ends >= s.window then
    s.ends, s.current, s.previous = window_end(s.from_epoch, s.window), 0, 0
  elseif now >= s.ends then
    s.ends, s.current, s.previous = s.ends + s.window, 0, s.current
  end
  if s.cost == 0 then return true end
  local faded, rest = muldiv(s.previous, s.ends - now, s.window)
  if rest > 0 then faded = faded + 1 end
  return faded <= s.limit - s.current - s.cost
end

function Counter.write(s)
  s.known = true
  write3(s, s.ends - now + s.window, s.ends, s.current, s.previous)
end

function Counter.count_in(s, cost)
  s.current = math.min(s.current + cost, most)
  Counter.write(s)
end

function Counter.charge(s) Counter.count_in(s, s.cost) end

function Counter.deny(s)
  if s.counts_denied and s.limit > 0 and s.cost > 0 then Counter.count_in(s, s.cost) end
end

function Counter.say(s, out)
  local n = #out
  out[n + 1], out[n + 2] = s.known and 1 or 0, s.ends
  out[n + 3], out[n + 4] = s.current, s.previous
end

function Counter.settle(s, change, charged_at)
  Counter.look(s)
  if change > 0 then return Counter.count_in(s, change) end
  local begins = s.ends - s.window
  if s.current == 0 and s.previous == 0 or charged_at < begins - s.window then return end
  if charged_at < begins then
    s.previous = math.max(s.previous + change, 0)
  else
    s.current = math.max(s.current + change, 0)
  end
  Counter.write(s)
end

kinds.c = Counter
end

groups.i = function()

local Interval = {width = 6}

function Interval.look(s)
  local i = s.i
  s.capacity, s.initial = tonumber(ARGV[i]), tonumber(ARGV[i + 1])
  s.units, s.period = tonumber(ARGV[i + 2]), tonumber(ARGV[i + 3])
  s.from_epoch, s.keep = tonumber(ARGV[i + 4]), tonumber(ARGV[i + 5])
  s.refill, s.tokens = read2(s)
  s.known = s.refill ~= nil
  if not s.known then
    s.refill, s.tokens = window_end(s.from_epoch, s.period), s.initial
  elseif now >= s.refill then
    local since = now - s.refill
    local refills = 1 + floor(since / s.period)
    -- Beyond 2^53 the product is inexact, but more than there is room for.
    local more = refills * s.units
    s.tokens = more >= s.capacity - s.tokens and s.capacity or s.tokens + more
    s.refill = now + s.period - since % s.period
  end
  return s.cost == 0 or s.cost <= s.tokens
end

function Interval.write(s)
  s.known = true
  local lives = s.keep
  if s.units > 0 then
    local refills = math.ceil((s.capacity - s.tokens) / s.units)
    lives = lives + math.min(s.refill - now + refills * s.period, forever)
  end
  write2(s, lives, s.refill, s.tokens)
end

function Interval.charge(s)
  s.tokens = s.tokens - s.cost
  Interval.write(s)
end

function Interval.deny(s)
  if not s.known and s.cost > 0 then Interval.write(s) end
end

function Interval.say(s, out)
  local n = #out
  out[n + 1], out[n + 2], out[n + 3] = s.known and 1 or 0, s.refill, s.tokens
end

function Interval.settle(s, change)
  Interval.look(s)
  s.tokens = math.max(math.min(s.tokens - change, s.capacity), -most / 2)
  Interval.write(s)
end

kinds.i = Interval
end
)lua";

}  // namespace weir::store::lua
