import type { Clock } from '../clock.ts'
import type { StageProperties } from './properties.ts'

interface Bucket {
  tokens: number
  filledAt: number
}

/**
 * Returns a test of whether a route may take one more request now: a token bucket for each route key, filled on the
 * clock by the stage's settings. A route without settings is never throttled here.
 */
export function throttle(stage: StageProperties, clock: Clock): (routeKey: string) => boolean {
  const buckets = new Map<string, Bucket>()
  return (routeKey) => {
    const settings = { ...stage.DefaultRouteSettings, ...stage.RouteSettings?.[routeKey] }
    const { ThrottlingRateLimit: rate, ThrottlingBurstLimit: burst } = settings
    if (rate === undefined || burst === undefined) return true
    const now = clock.now()
    const bucket = buckets.get(routeKey) ?? { tokens: burst, filledAt: now }
    buckets.set(routeKey, bucket)
    bucket.tokens = Math.min(burst, bucket.tokens + ((now - bucket.filledAt) / 1000) * rate)
    bucket.filledAt = now
    if (bucket.tokens < 1) return false
    bucket.tokens -= 1
    return true
  }
}
