-- Counts one request by the generic cell rate algorithm (GCRA).
--
-- KEYS[1]  whose requests are counted together
-- ARGV[1]  after how many nanoseconds one more request is admitted
-- ARGV[2]  how many nanoseconds the theoretical arrival time may be ahead of a request that is admitted
--
-- Answers {1, nanoseconds until all is there again} if the request is admitted, {0, nanoseconds until one is} if not.
--
-- The time is the server's, so that the clocks of those who ask do not matter. The theoretical arrival time is kept in seconds and
-- nanoseconds, because a number of nanoseconds since the epoch is none that Lua can hold; how far it is ahead is.
local now = redis.call('TIME')
local seconds, nanos = tonumber(now[1]), tonumber(now[2]) * 1000
local step, tolerance = tonumber(ARGV[1]), tonumber(ARGV[2])

local ahead = 0
local kept = redis.call('GET', KEYS[1])
local kept_seconds, kept_nanos = string.match(kept or '', '^(%d+) (%d+)$')
if kept_seconds then
    ahead = (tonumber(kept_seconds) - seconds) * 1e9 + tonumber(kept_nanos) - nanos
    -- Further ahead it is only if the clock was set back, as by a failover.
    ahead = math.min(math.max(ahead, 0), tolerance + step)
end
if ahead > tolerance then
    return {0, ahead - tolerance}
end

ahead = ahead + step
local at = nanos + ahead
local arrival = string.format('%d %d', seconds + math.floor(at / 1e9), at % 1e9)
redis.call('SET', KEYS[1], arrival, 'PX', math.ceil(ahead / 1e6))
return {1, ahead}
