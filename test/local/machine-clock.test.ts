import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { installDate } from '../../infra/local/date.ts'
import { openClock } from '../../infra/local/machine-clock.ts'
import { scratch } from './fixture.ts'

/** A wall whose hands a test moves. */
function openAt(file: string, wall: { now: number }, speed = 1) {
  return openClock({ file, speed, wall: () => wall.now })
}

describe('the clock of one machine', () => {
  it('shows the wall at speed 1 and runs as many times as fast as asked', () => {
    const wall = { now: 1_000_000 }
    const real = openAt(join(scratch(), 'clock.json'), wall)
    const fast = openAt(join(scratch(), 'clock.json'), wall, 60)
    expect([real.now(), real.differs, fast.now(), fast.differs]).toEqual([1_000_000, false, 1_000_000, true])
    wall.now += 2_000
    expect([real.now(), fast.now()]).toEqual([1_002_000, 1_120_000])
    expect(fast.ageOf(1_001_000)).toBe(60_000)
  })

  it('goes on where a clean stop left it, even when the wall is far behind', () => {
    const file = join(scratch(), 'clock.json')
    const wall = { now: 1_000_000 }
    const first = openAt(file, wall, 60)
    wall.now += 10_000
    first.stop()
    wall.now += 5_000
    expect(openAt(file, wall).now()).toBe(1_600_000)
  })

  it('never runs backwards after a kill: the file is always ahead of what was shown', () => {
    const file = join(scratch(), 'clock.json')
    const wall = { now: 1_000_000 }
    const clock = openAt(file, wall, 60)
    for (let turn = 0; turn < 50; turn += 1) {
      wall.now += 137
      const shown = clock.now()
      const next = openAt(file, { now: wall.now - 500_000 })
      expect(next.now()).toBeGreaterThanOrEqual(shown)
      expect(next.now() - shown).toBeLessThanOrEqual(61_000)
    }
  })

  it('stands still while the wall is set back', () => {
    const wall = { now: 1_000_000 }
    const clock = openAt(join(scratch(), 'clock.json'), wall)
    wall.now -= 100_000
    expect(clock.now()).toBe(1_000_000)
  })

  it('calls an action at its instant, never synchronously, and not when cancelled', async () => {
    const clock = openClock({ file: join(scratch(), 'clock.json'), speed: 1000 })
    const calls: string[] = []
    clock.at(clock.now() + 5_000, () => calls.push('cancelled'))()
    const due = clock.now() + 10_000
    await new Promise<void>((resolve) => {
      // A timer of the clock does not keep the process alive, this one does for the test.
      const alive = setInterval(() => {}, 1000)
      clock.at(due, () => {
        clearInterval(alive)
        resolve()
      })
      clock.at(0, () => calls.push('past'))
      expect(calls).toEqual([])
    })
    expect(calls).toEqual(['past'])
    expect(clock.now()).toBeGreaterThanOrEqual(due)
    clock.stop()
  })

  it('moves ahead: what is due by then is called in order, and the anchor is kept ahead of it', async () => {
    const file = join(scratch(), 'clock.json')
    const clock = openClock({ file, speed: 1000 })
    const hour = 3_600_000
    const start = clock.now()
    const calls: string[] = []
    clock.at(start + 24 * hour, () => calls.push('tomorrow'))
    clock.at(start + 3 * hour, () => calls.push('third'))
    clock.at(start + hour, () => calls.push('tick'), 'routine')
    clock.at(start + 2 * hour, () => calls.push('second'))
    // What comes every so often is no reason to stop, but it is overdue then.
    expect([clock.next(), clock.overdue]).toEqual([start + 2 * hour, false])
    clock.moveTo(start + 4 * hour)
    expect(clock.now()).toBeGreaterThanOrEqual(start + 4 * hour)
    expect([clock.overdue, calls]).toEqual([true, []])
    await vi.waitFor(() => expect(calls).toHaveLength(3))
    expect(calls).toEqual(['tick', 'second', 'third'])
    expect([clock.next(), clock.overdue]).toEqual([start + 24 * hour, false])
    const shown = clock.now()
    clock.moveTo(start)
    expect(clock.now()).toBeGreaterThanOrEqual(shown)
    expect(JSON.parse(readFileSync(file, 'utf8')).instant).toBeGreaterThanOrEqual(clock.now())
    clock.stop()
  })

  it("is not moved while it shows the wall's time, which no Date would follow", () => {
    const clock = openAt(join(scratch(), 'clock.json'), { now: 1_000_000 })
    expect(() => clock.moveTo(2_000_000)).toThrow(/start it ahead/)
  })

  it('refuses a speed that is no speed and a file that holds no instant', () => {
    expect(() => openClock({ file: join(scratch(), 'clock.json'), speed: 0 })).toThrow(/a number above 0/)
    const file = join(scratch(), 'clock.json')
    openAt(file, { now: 5 }).stop()
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ instant: 5 })
  })
})

describe('Date', () => {
  it('shows the clock while it is installed, and the wall again afterwards', () => {
    const clock = openAt(join(scratch(), 'clock.json'), { now: 86_400_000 }, 60)
    const before = globalThis.Date
    const restore = installDate(clock)
    try {
      expect(Date.now()).toBe(86_400_000)
      expect(new Date().toISOString()).toBe('1970-01-02T00:00:00.000Z')
      expect(new Date(0).toISOString()).toBe('1970-01-01T00:00:00.000Z')
      expect(new Date()).toBeInstanceOf(before)
      expect(Date.UTC(1970, 0, 2)).toBe(86_400_000)
    } finally {
      restore()
    }
    expect(Date).toBe(before)
  })
})
