import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { type Entries, stages } from '../../../clients/agent/journal.ts'
import { drawing } from './drawing.ts'
import { openPlace, openPlane, type Place, releaseOf } from './place.ts'

/** As many as `npm run test:agent` asks for; a few of each kind in every run. */
const kills = Number(process.env.AGENT_KILLS ?? 8)
const seed = Number(process.env.AGENT_SEED ?? 1)

const forward = ['backup', 'stop', 'apply', 'start']

const main = join(import.meta.dirname, '../../../clients/agent/drydock-agent.ts')

/** Returns the stage that the journal of a place notes; undefined: nothing is under way, or there is none yet. */
function stageOf({ directory }: Place): string | undefined {
  try {
    const { work }: Entries = JSON.parse(readFileSync(join(directory, 'journal.json'), 'utf8'))
    return work?.stage
  } catch {
    return undefined
  }
}

/** Runs an agent to its end, or until it is killed at the given stage; returns whether it was. */
async function runAgent(place: Place, killAt: string | undefined, later: number): Promise<boolean> {
  const agent: ChildProcess = spawn(process.execPath, [main, 'once', '--config', place.file], {
    stdio: 'ignore',
  })
  let ended = false
  const end = new Promise<void>((resolve) => {
    agent.on('exit', () => {
      ended = true
      resolve()
    })
  })
  if (killAt === undefined) {
    await end
    return false
  }
  while (!ended && stageOf(place) !== killAt) await pause(1)
  await pause(later)
  const isKilled = !ended && agent.kill('SIGKILL')
  await end
  return isKilled
}

describe('an agent that is killed', () => {
  it(`${kills} times, at every stage, comes to the end that it would have come to, and says so`, {
    timeout: 60_000 + kills * 10_000,
  }, async () => {
    const draw = drawing(seed)
    const plane = await openPlane()
    const slow = { bytesPerSecond: 4_000_000, mirror: plane.mirror }
    const trust = { keys: [plane.signer.publicKey], assignmentKey: plane.assigner.publicKey }
    const place = openPlace(plane, { download: slow, trust })
    const killedAt = new Map<string, number>()
    let killed = 0
    let runs: string | null = null
    for (let number = 1; killed < kills; number++) {
      const version = `1.${number}.0`
      // One in three does not go well, and is taken back.
      const isIll = number % 3 === 0
      if (isIll) place.spoil('apply', version)
      const release = releaseOf(version, { counter: number }, Buffer.alloc(100_000, `${version}\n`))
      plane.offer(release)
      for (let tries = 0; tries < 8 && killed < kills; tries++) {
        const under = stages.filter((stage) => isIll === stage.startsWith('back-') || draw(2) === 0)
        const stage = under[draw(under.length)] ?? 'preparing'
        if (!(await runAgent(place, stage, draw(15)))) break
        killed++
        killedAt.set(stage, (killedAt.get(stage) ?? 0) + 1)
        // Whatever was cut off, what is in force is one version, and all of it.
        const found = place.runs()?.split('\n')[0] ?? null
        expect([runs, version]).toContain(found)
      }
      while (plane.reports.every(({ status, version: of }) => of !== version || status === 'in-progress'))
        await runAgent(place, undefined, 0)
      const ends = plane.reports.filter(
        (report) => report.version === version && report.status !== 'in-progress',
      )
      expect(new Set(ends.map(({ status }) => status))).toEqual(
        new Set([isIll ? 'rolled-back' : 'completed']),
      )
      if (!isIll) runs = version
      expect(place.runs()?.split('\n')[0] ?? null).toBe(runs)
      const ran = place.programs().filter((line) => line.includes(` ${version}`))
      expect([...new Set(ran.map((line) => line.split(' ')[0]))]).toEqual(
        isIll ? [...forward.slice(0, -1), 'revert', 'restore', 'start'] : forward,
      )
    }
    console.log('killed at', Object.fromEntries(killedAt))
    expect(killed).toBe(kills)
  })
})
