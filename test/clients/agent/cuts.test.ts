import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { drawing } from './drawing.ts'
import { openPlane, type Plane } from './place.ts'
import { agentProgram, agentRelease, openWatched, until, type Watched } from './watched.ts'

/** As many as `npm run test:agent` asks for, and at each change to the disk; a few in every run. */
const kills = Number(process.env.AGENT_KILLS ?? 8)
const isThorough = kills >= 100
const seed = Number(process.env.AGENT_SEED ?? 1)

/** Releases of the agent, one after the other: each proves itself, or ends before it has. */
function releases(plane: Plane, machine: Watched) {
  let number = 0
  let before: string | null = null
  return {
    offer(isWell: boolean): string {
      const version = `1.${++number}.0`
      const program = isWell ? agentProgram(`// ${version}`) : `process.exit(0) // ${version}`
      plane.offer(agentRelease(version, program, { counter: number }))
      return version
    },
    /** Waits for the end of a version, and holds all that is known of it against the others; returns its status. */
    async ended(version: string, isWell: boolean): Promise<string> {
      const ends = () =>
        plane.reports.filter((report) => report.version === version && report.status !== 'in-progress')
      await until(() => ends().length > 0 && machine.inForce() !== undefined, 60)
      await until(() => machine.journal().work === null && machine.journal().unsent.length === 0)
      const statuses = [...new Set(ends().map(({ status }) => status))]
      const isInForce = statuses[0] === 'completed'
      expect([version, ...statuses]).toEqual([version, isInForce ? 'completed' : 'rolled-back'])
      // What has not proven itself is not in force, and what does not say that it is well never has.
      expect([version, isInForce && !isWell]).toEqual([version, false])
      const inForce: string | null = isInForce ? version : before
      expect([version, machine.inForce(), machine.journal().own.installed]).toEqual([
        version,
        inForce,
        inForce,
      ])
      before = inForce
      return String(statuses[0])
    },
    /** Whatever was cut off, what is in force is one of the two. */
    holds(version: string): void {
      expect([before, version]).toContain(machine.inForce())
    },
  }
}

/** Has the agent that is in force started as it is after a trial: by `run`. */
async function startAnew(machine: Watched): Promise<void> {
  for (const { pid, role } of machine.processes()) if (role === 'prove') process.kill(pid, 'SIGKILL')
  const isRunning = ({ role }: { readonly role: string }) => role === 'run'
  await until(() => machine.processes().length === 2 && machine.processes().some(isRunning))
}

describe('an agent that updates itself', () => {
  it('is killed in place of each change that it, the new one or the watchdog makes to the disk, and comes to an end', {
    timeout: isThorough ? 1_800_000 : 240_000,
  }, async () => {
    const plane = await openPlane()
    const machine = openWatched(plane)
    machine.keep()
    const { offer, ended, holds } = releases(plane, machine)
    const counted: Record<string, number> = {}
    for (const [role, isWell] of [
      ['run', true],
      ['run', false],
      ['prove', true],
      ['watchdog', true],
      ['watchdog', false],
    ] as const) {
      const apart = isThorough || role === 'watchdog' ? 1 : 17
      let fired = 0
      for (let at = isThorough ? 1 : 1 + (seed % apart); ; at += apart) {
        await startAnew(machine)
        writeFileSync(machine.cutFile, JSON.stringify({ role, at, isWell }))
        const version = offer(isWell)
        const status = await ended(version, isWell)
        holds(version)
        const wasCut = !existsSync(machine.cutFile)
        // The one that was cut off in its trial may not have proven itself; every other one has.
        if (isWell && (role === 'run' || !wasCut)) expect([role, at, status]).toEqual([role, at, 'completed'])
        if (!wasCut) break
        fired++
      }
      rmSync(machine.cutFile, { force: true })
      counted[`${role}, ${isWell ? 'a good one' : 'a bad one'}`] = fired
    }
    console.log('killed', counted)
    for (const fired of Object.values(counted)) expect(fired).toBeGreaterThan(0)
  })

  it(`is killed ${kills} times, with the new one and the watchdog, at any time, and comes to an end`, {
    timeout: 60_000 + kills * 5000,
  }, async () => {
    const draw = drawing(seed)
    const plane = await openPlane()
    const machine = openWatched(plane)
    machine.keep()
    const { offer, ended, holds } = releases(plane, machine)
    const killed: Record<string, number> = {}
    const found: Record<string, number> = {}
    for (let count = 0; count < kills; ) {
      const isWell = draw(3) > 0
      const version = offer(isWell)
      for (let tries = draw(4); tries >= 0 && count < kills; tries--) {
        await pause(draw(350))
        const all = machine.processes()
        const one = all[draw(all.length)]
        if (!one) continue
        process.kill(one.pid, 'SIGKILL')
        killed[one.role] = (killed[one.role] ?? 0) + 1
        count++
        holds(version)
      }
      const status = await ended(version, isWell)
      found[status] = (found[status] ?? 0) + 1
    }
    console.log('killed', killed, 'ended', found)
  })
})
