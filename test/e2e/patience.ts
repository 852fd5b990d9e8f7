import { vi } from 'vitest'

/** Reads again and again until what was read is as expected, and returns it; the last difference is the error of a test that gives up. */
export function eventually<Value>(
  read: () => Promise<Value>,
  expected: (value: Value) => void | Promise<void> = () => {},
): Promise<Value> {
  return vi.waitFor(
    async () => {
      const value = await read()
      await expected(value)
      return value
    },
    { timeout: 45_000, interval: 60 },
  )
}
