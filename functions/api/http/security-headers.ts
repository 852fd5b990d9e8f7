/**
 * What goes with every answer, a problem or not (ASVS 5.0, chapter 3): nothing is kept by caches, nothing is taken for markup or framed by
 * a page, and whoever came over TLS stays with it. On one machine, over plain HTTP, browsers ignore the last.
 */
export const securityHeaders = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=63072000; includeSubDomains',
  'x-content-type-options': 'nosniff',
} as const
