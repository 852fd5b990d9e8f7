import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openAgent } from '../../../clients/agent/agent.ts'
import { BadConfig, configIn } from '../../../clients/agent/config.ts'
import { NoAnswer } from '../../../clients/agent/exchange.ts'
import { readEntries } from '../../../clients/agent/journal.ts'
import { HandedOver } from '../../../clients/agent/own.ts'
import { openTrial, ownDirectory } from '../../../clients/agent/trial.ts'
import { openPlace, openPlane, type Plane, type Published, releaseOf, serving } from './place.ts'
import { agentProgram, agentRelease, openWatched, until, type Watched } from './watched.ts'

const ends = ({ reports }: Plane) => reports.filter(({ status }) => status !== 'in-progress')

/** Waits for the end of an attempt, and returns what was reported of it. */
async function endOf(plane: Plane, attempt: string) {
  const found = () => ends(plane).find((report) => report.attempt === attempt)
  await until(() => found() !== undefined)
  return found()
}

/** Offers a release, and returns what was reported of its end. */
async function offered(plane: Plane, release: Published, more: { attempt?: string; offer?: object } = {}) {
  const attempt = more.attempt ?? `attempt-${release.manifest.version}`
  plane.offer(release, { ...more, offer: { ...more.offer }, attempt })
  return endOf(plane, attempt)
}

async function opened(proveWithin = 20) {
  const plane = await openPlane()
  const agent = { component: 'drydock-agent', version: '1.0.0', proveWithin }
  const machine = openWatched(plane, { agent })
  const end = machine.keep()
  return { plane, machine, end }
}

/** Returns a program of the agent in which texts are others. Throws where one is not there. */
function changed(changes: readonly (readonly [RegExp, string])[]): string {
  return changes.reduce((program, [text, other]) => {
    if (!text.test(program)) throw new Error(`The agent has no ${text}.`)
    return program.replace(text, other)
  }, agentProgram())
}

/** How often an agent was tried. */
const trials = (machine: Watched) => machine.said().split('TRIED').length - 1
const tried = "if (process.argv[2] === 'prove') console.log('TRI' + 'ED');"

describe('a new agent', () => {
  it('is tried, proves itself, is in force from then on, says so, and goes on with the service', async () => {
    const { plane, machine } = await opened()
    expect(await offered(plane, agentRelease('1.1.0', agentProgram('// 1.1.0')))).toMatchObject({
      status: 'completed',
    })
    expect(machine.inForce()).toBe('1.1.0')
    const { own, ...others } = machine.journal()
    expect(others).toMatchObject({ installed: null, kept: [], counters: {}, work: null })
    expect(own).toMatchObject({ installed: '1.1.0', kept: ['1.0.0'], counters: { stable: 110 } })
    expect(await offered(plane, releaseOf('3.0.0'))).toMatchObject({ status: 'completed' })
    expect([machine.runs(), machine.inForce()]).toEqual(['3.0.0', '1.1.0'])
    expect(await offered(plane, agentRelease('1.2.0', agentProgram('// 1.2.0')))).toMatchObject({
      status: 'completed',
    })
    expect([machine.runs(), machine.inForce()]).toEqual(['3.0.0', '1.2.0'])
    const back = { attempt: 'back', offer: { kind: 'rollback' } }
    expect(await offered(plane, agentRelease('1.1.0', agentProgram('// 1.1.0')), back)).toMatchObject({
      status: 'completed',
    })
    expect(machine.inForce()).toBe('1.1.0')
  })

  const garbage = `
    import { writeFileSync as put } from 'node:fs'
    const journal = JSON.parse((await import('node:fs')).readFileSync(process.argv.at(-1), 'utf8')).directory + '/journal.json'
  `
  it.each<[string, string, RegExp, string]>([
    ['crashes when it is started', 'AGENT_ENDED', /\(1\)/, 'throw new Error("No.")'],
    ['cannot be read', 'AGENT_ENDED', /\(1\)/, '}'],
    ['ends with 0 at once', 'AGENT_ENDED', /\(0\)/, 'process.exit(0)'],
    ['crashes by a signal', 'AGENT_ENDED', /\(SIGABRT\)/, 'process.abort()'],
    ['hangs', 'AGENT_SILENT', /in time/, 'for (;;);'],
    ['does nothing', 'AGENT_SILENT', /in time/, 'setInterval(() => {}, 1000)'],
    [
      'writes nonsense into the journal, and ends',
      ...(['AGENT_ENDED', /\(1\)/, `${garbage}; put(journal, '{'); process.exit(1)`] as const),
    ],
    [
      'removes the journal, and hangs',
      ...([
        'AGENT_SILENT',
        /in time/,
        `${garbage}; (await import('node:fs')).rmSync(journal); for (;;);`,
      ] as const),
    ],
  ])(
    'that %s is not in force at any time, is told of, and not tried again',
    async (_, code, words, program) => {
      const { plane, machine } = await opened(code === 'AGENT_SILENT' ? 5 : 20)
      const release = agentRelease('1.1.0', `${tried}${program}`)
      const end = await offered(plane, release)
      expect(end).toMatchObject({ status: 'rolled-back', code, retryable: false })
      expect(end?.details).toMatch(words)
      expect([machine.inForce(), machine.journal().work]).toEqual([null, null])
      const again = await offered(plane, release, { attempt: 'again' })
      expect(again).toMatchObject({ status: 'rejected', code: 'AGENT_GIVEN_UP' })
      // A syntax error speaks before it says that it is tried.
      expect(trials(machine)).toBeLessThanOrEqual(1)
      // The one before does its work as before.
      expect(await offered(plane, releaseOf('3.0.0'))).toMatchObject({ status: 'completed' })
      expect(await offered(plane, agentRelease('1.2.0', agentProgram()))).toMatchObject({
        status: 'completed',
      })
      expect([machine.runs(), machine.inForce()]).toEqual(['3.0.0', '1.2.0'])
    },
  )

  it('that does not get through, while the one before does, is not in force, and not tried again', async () => {
    const { plane, machine } = await opened(5)
    const deaf = changed([[/new URL\(path, \w+\)/, "new URL(path, 'http://127.0.0.1:9')"]])
    const end = await offered(plane, agentRelease('1.1.0', deaf))
    expect(end).toMatchObject({ status: 'rolled-back', code: 'AGENT_UNREACHABLE', retryable: false })
    expect(end?.details).toContain('ECONNREFUSED')
    expect(machine.inForce()).toBeNull()
  })

  it('that cannot read the journal of the one before is not in force', async () => {
    const { plane, machine } = await opened()
    const other = changed([[/schema: literal\(schema\)/, 'schema: literal(99)']])
    const end = await offered(plane, agentRelease('1.1.0', other))
    expect(end).toMatchObject({ status: 'rolled-back', code: 'AGENT_ENDED', retryable: false })
    expect(end?.details).toContain('cannot be read')
    expect(machine.inForce()).toBeNull()
  })

  it('that waits for an answer without end does not hang, and is not in force', async () => {
    const { plane, machine } = await opened(5)
    const silent = await serving(() => {})
    const deaf = changed([[/new URL\(path, \w+\)/, `new URL(path, '${silent}')`]])
    const end = await offered(plane, agentRelease('1.1.0', deaf))
    expect(end).toMatchObject({ status: 'rolled-back', code: 'AGENT_UNREACHABLE', retryable: false })
    expect(machine.inForce()).toBeNull()
  })

  it('that gets no well-formed answer is not in force', async () => {
    const { plane, machine } = await opened(5)
    const deaf = changed([[/"\/api\/v1\/updates\/check"/, '"/api/v1/updates/manifest"']])
    const end = await offered(plane, agentRelease('1.1.0', deaf))
    expect(end).toMatchObject({ status: 'rolled-back', code: 'AGENT_UNREACHABLE', retryable: false })
    expect(machine.inForce()).toBeNull()
  })

  it('that nobody answers, nor the one before, is tried again when somebody does', async () => {
    const { plane, machine } = await opened(5)
    const gate = join(machine.directory, 'gate')
    const waits = `import { existsSync as isThere } from 'node:fs'
      while (process.argv[2] === 'prove' && !isThere(${JSON.stringify(gate)}))
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);`
    const release = agentRelease('1.1.0', `${waits}${agentProgram()}`)
    plane.offer(release)
    await until(() => machine.processes().some(({ role }) => role === 'prove'))
    plane.trouble.away = true
    writeFileSync(gate, '')
    await until(() => machine.journal().unsent.some(({ status }) => status === 'rolled-back'))
    plane.trouble.away = false
    expect(await endOf(plane, 'attempt-1.1.0')).toMatchObject({ code: 'AGENT_UNREACHABLE', retryable: true })
    expect(await offered(plane, release, { attempt: 'again' })).toMatchObject({ status: 'completed' })
    expect(machine.inForce()).toBe('1.1.0')
  })

  it('whose watchdog is killed while it is tried is not in force, and given up after the third time', async () => {
    const { plane, machine } = await opened()
    const release = agentRelease('1.1.0', `${tried}setInterval(() => {}, 1000)`)
    for (const [attempt, retryable] of [
      ['first', true],
      ['second', true],
      ['third', false],
    ] as const) {
      plane.offer(release, { attempt })
      await until(() => machine.processes().some(({ role }) => role === 'prove'))
      for (const { pid, role } of machine.processes()) if (role === 'watchdog') process.kill(pid, 'SIGKILL')
      expect(await endOf(plane, attempt)).toMatchObject({ code: 'AGENT_CUT_OFF', retryable })
      // Nobody is left of it.
      expect(machine.processes().filter(({ role }) => role === 'prove')).toEqual([])
    }
    expect(machine.inForce()).toBeNull()
    expect(await offered(plane, release, { attempt: 'fourth' })).toMatchObject({ code: 'AGENT_GIVEN_UP' })
  })

  it('writes the journal in a newer form: going back to one that cannot read it does not go well, and harms nothing', async () => {
    const { plane, machine } = await opened()
    const newer = changed([
      [/var schema = 1/, 'var schema = 2'],
      [/schema: literal\(schema\)/, 'schema: union([literal(1), literal(2)])'],
      [/const next = \{ \.\.\.now, \.\.\.changes \}/, 'const next = { ...now, ...changes, schema }'],
    ])
    expect(await offered(plane, agentRelease('1.1.0', newer))).toMatchObject({ status: 'completed' })
    expect(machine.journal().schema).toBe(2)
    expect(() => readEntries(machine.directory)).toThrow('newer')
    const end = await offered(plane, agentRelease('1.0.0', agentProgram()), { offer: { kind: 'rollback' } })
    expect(end).toMatchObject({ status: 'rolled-back', code: 'AGENT_ENDED' })
    expect(end?.details).toContain('was written by a newer agent')
    expect([machine.inForce(), machine.journal().schema]).toEqual(['1.1.0', 2])
  })

  it('is not taken where no watchdog runs the agent', async () => {
    const plane = await openPlane()
    const machine = openWatched(plane)
    plane.offer(agentRelease('1.1.0', agentProgram()))
    const main = join(import.meta.dirname, '../../../clients/agent/drydock-agent.ts')
    const agent = async (command: string) => {
      const words = [main, command, '--config', machine.file]
      return (await promisify(execFile)(process.execPath, words)).stdout
    }
    await expect(agent('once')).rejects.toThrow()
    expect(plane.reports).toEqual([])
    // A person may have it tried by the watchdog that is started next.
    expect(await agent('install')).toContain('1.1.0 is to be tried')
    await expect(agent('once')).rejects.toThrow('drydock-watchdog does that')
    machine.keep()
    expect(await endOf(plane, 'attempt-1.1.0')).toMatchObject({ status: 'completed' })
  })
})

describe('an agent', () => {
  it('is not exchanged in the middle of an update of the service, nor the other way round', async () => {
    const plane = await openPlane()
    const place = openPlace(plane, { agent: { component: 'drydock-agent', version: '1.0.0' } })
    const started = () => openAgent(configIn(place.config, place.directory), () => {}, { watched: true })
    const first = started()
    plane.trouble.breakOffAfter = 1
    plane.offer(releaseOf('3.0.0'))
    await expect(first.round()).rejects.toThrow(NoAnswer)
    expect(first.journal.now.work?.version).toBe('3.0.0')
    delete plane.trouble.breakOffAfter
    plane.offer(agentRelease('1.1.0', 'the next one'))
    await expect(first.round()).rejects.toThrow(HandedOver)
    expect([first.journal.now.work?.version, place.programs()]).toEqual(['1.1.0', []])
    first.close()
    // No watchdog has begun the trial, and this one is offered the service.
    plane.offer(releaseOf('3.1.0'))
    const second = started()
    onTestFinished(second.close)
    await second.round()
    expect(ends(plane).at(-1)).toMatchObject({ version: '1.1.0', code: 'AGENT_CUT_OFF', retryable: true })
    expect(openTrial(ownDirectory(place.directory)).standing()).toEqual({ kind: 'none' })
    expect(place.programs()).toEqual([])
    plane.offer(releaseOf('3.1.0'))
    await second.round()
    expect([place.runs(), ends(plane).at(-1)?.version]).toEqual(['3.1.0', '3.1.0'])
  })

  it('does not go on with an update of itself that its configuration does not know any more', async () => {
    const plane = await openPlane()
    const place = openPlace(plane, { agent: { component: 'drydock-agent', version: '1.0.0' } })
    const agent = openAgent(configIn(place.config, place.directory), () => {}, { watched: true })
    plane.offer(agentRelease('1.1.0', 'the next one'))
    await expect(agent.round()).rejects.toThrow(HandedOver)
    agent.close()
    const { agent: _, ...others } = place.config
    expect(() => openAgent(configIn(others, place.directory), () => {})).toThrow(BadConfig)
    expect(place.runs()).toBeNull()
  })
})

describe('a watchdog', () => {
  it('runs once on a machine, whoever starts it', async () => {
    const { plane, machine } = await opened()
    await until(() => machine.processes().some(({ role }) => role === 'run'))
    const second = machine.start()
    expect(await new Promise((done) => second.on('close', done))).toBe(1)
    expect(machine.said()).toContain('Another watchdog works')
    expect(await offered(plane, agentRelease('1.1.0', agentProgram()))).toMatchObject({ status: 'completed' })
  })

  it('ends the agent that another has left behind, and what hangs of it', async () => {
    const plane = await openPlane()
    const machine = openWatched(plane)
    machine.start()
    await until(() => machine.processes().some(({ role }) => role === 'run'))
    const [left] = machine.processes().filter(({ role }) => role === 'run')
    process.kill(left?.pid ?? 0, 'SIGSTOP')
    for (const { pid, role } of machine.processes()) if (role === 'watchdog') process.kill(pid, 'SIGKILL')
    machine.keep()
    expect(await offered(plane, releaseOf('1.1.0'))).toMatchObject({ status: 'completed' })
    expect(machine.processes().map(({ pid }) => pid)).not.toContain(left?.pid)
  })
})
