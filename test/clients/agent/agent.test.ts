import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { enrol, openAgent } from '../../../clients/agent/agent.ts'
import { configIn } from '../../../clients/agent/config.ts'
import { NoAnswer } from '../../../clients/agent/exchange.ts'
import { Taken } from '../../../clients/agent/lock.ts'
import { newSigner, signatureOf } from '../../domain/trust/signing.ts'
import { openPlace, openPlane, type Place, type Plane, releaseOf, serving } from './place.ts'

/** Opens the agent of a place, and closes it with the test. */
function agentAt(place: Place) {
  const told: string[] = []
  const agent = openAgent(configIn(place.config, place.directory), (words) => told.push(words))
  onTestFinished(agent.close)
  return { agent, told, round: agent.round }
}

async function opened(changes: object = {}) {
  const plane = await openPlane()
  const place = openPlace(plane, { ...changes })
  return { plane, place, ...agentAt(place) }
}

const days = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday']
const ends = ({ reports }: Plane) => reports.filter(({ status }) => status !== 'in-progress')
const end = (plane: Plane) => ends(plane).at(-1)

describe('an update', () => {
  it('is downloaded, verified, put in force, and told of, step by step', async () => {
    const { plane, place, agent, round } = await opened()
    plane.offer(releaseOf('1.1.0'))
    expect(await round()).toEqual({ nextCheckSeconds: 1, waits: null })
    expect(place.runs()).toBe('1.1.0')
    expect(place.programs()).toEqual(['backup 1.1.0', 'stop 1.1.0', 'apply 1.1.0 backend', 'start 1.1.0'])
    expect(plane.reports[0]).toMatchObject({
      status: 'in-progress',
      attempt: 'attempt-1.1.0',
      version: '1.1.0',
    })
    expect(end(plane)).toMatchObject({ status: 'completed', attempt: 'attempt-1.1.0', version: '1.1.0' })
    const sequences = plane.reports.map(({ sequence }) => Number(sequence))
    expect(sequences).toEqual(sequences.toSorted((left, right) => left - right))
    expect(agent.journal.now).toMatchObject({ installed: '1.1.0', kept: ['1.0.0'], work: null, unsent: [] })
    expect(await round()).toEqual({ nextCheckSeconds: 1, waits: null })
    expect(ends(plane)).toHaveLength(1)
  })

  it('hears that nothing has changed by a tag alone, and goes on by the answer that it has', async () => {
    const { plane, round } = await opened({ autoInstall: false })
    const idle = { nextCheckSeconds: 1, waits: null }
    expect([await round(), await round(), plane.unchanged()]).toEqual([idle, idle, 1])
    plane.offer(releaseOf('1.1.0'))
    const waits = { nextCheckSeconds: 1, waits: expect.stringContaining('autoInstall') }
    expect([await round(), await round(), plane.unchanged()]).toEqual([waits, waits, 2])
    plane.withdraw()
    expect([await round(), plane.unchanged()]).toEqual([idle, 2])
  })

  it('asks again in a second at the soonest, whatever it is told', async () => {
    const { plane, round } = await opened()
    plane.trouble.nextCheck = 1e-9
    const idle = { nextCheckSeconds: 1, waits: null }
    expect([await round(), await round(), plane.unchanged()]).toEqual([idle, idle, 1])
    plane.trouble.nextCheck = 1.5
    expect([await round(), plane.unchanged()]).toEqual([{ ...idle, nextCheckSeconds: 1.5 }, 2])
  })

  it('does not believe that time went back since it last heard', async () => {
    const { plane, place, round } = await opened()
    const day = 24 * 3600 * 1000
    plane.trouble.date = Date.now()
    await round()
    plane.offer(releaseOf('1.1.0', { expires: new Date(Date.now() - 30 * day).toISOString() }))
    plane.trouble.date = Date.now() - 60 * day
    await round()
    expect([end(plane)?.code, place.runs()]).toEqual(['RELEASE_EXPIRED', null])
  })

  it.each([
    ['updates are disabled', { enabled: false }],
    ['only a person installs', { autoInstall: false }],
    [
      'its window is closed',
      {
        maintenanceWindow: {
          ...{ enabled: true, days: [(new Date().getUTCDay() + 3) % 7].map((day) => days[day]) },
          ...{ startTime: '02:00', endTime: '02:01', timezone: 'UTC' },
        },
      },
    ],
  ])('begins nothing where %s, though it is said to have accepted it', async (_, changes) => {
    const { plane, place, round } = await opened(changes)
    plane.offer(releaseOf('1.1.0'))
    await round()
    // Whoever stands in the way says so.
    plane.reports.push({ attempt: 'attempt-1.1.0', status: 'in-progress' })
    expect(await round()).toMatchObject({ waits: expect.any(String) })
    expect(place.runs()).toBeNull()
  })

  it('begins what it has accepted, also outside its window, where it was killed before it had begun', async () => {
    const { plane, place, agent, round } = await opened({ autoInstall: false })
    plane.offer(releaseOf('1.1.0'))
    agent.journal.write({ accepted: 'attempt-1.1.0' })
    expect(await round()).toMatchObject({ waits: expect.any(String) })
    plane.reports.push({ attempt: 'attempt-1.1.0', status: 'in-progress' })
    await round()
    expect(place.runs()).toBe('1.1.0')
  })

  it('goes on with what is under way as what it was taken for, whatever component is said', async () => {
    const changes = { agent: { component: 'drydock-agent', version: '1.0.0' } }
    const { plane, place, agent, round } = await opened(changes)
    plane.offer(releaseOf('1.1.0'))
    plane.trouble.breakOffAfter = 1
    await expect(round()).rejects.toThrow()
    delete plane.trouble.breakOffAfter
    plane.offer(releaseOf('1.1.0'), { offer: { component: 'drydock-agent' } })
    await round()
    expect([place.runs(), agent.journal.now.own.installed]).toEqual(['1.1.0', null])
  })

  it('M18: presents its licence, and shows why nothing is offered', async () => {
    const plane = await openPlane()
    const place = openPlace(plane)
    const file = join(place.directory, 'licence.key')
    const server = { ...(place.config.server as object), licence: file }
    writeFileSync(file, 'a-key-that-was-paid-for\n')
    const { round, told } = agentAt({ ...place, config: { ...place.config, server } })
    plane.trouble.reason = 'not_entitled'
    expect(await round()).toEqual({ nextCheckSeconds: 1, waits: null })
    expect(plane.licences).toEqual(['a-key-that-was-paid-for'])
    expect(told.join()).toContain('not_entitled')
    expect(told.join()).not.toContain('a-key-that-was-paid-for')
  })

  it('waits for a person, and for the maintenance window, unless it was accepted', async () => {
    const days = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday']
    const other = days[(new Date().getUTCDay() + 3) % 7]
    for (const [changes, words] of [
      [{ autoInstall: false }, 'autoInstall'],
      [{ enabled: false }, 'disabled'],
      [{ maintenanceWindow: { days: [other] } }, 'window'],
    ] as const) {
      const { plane, place, round } = await opened(changes)
      plane.offer(releaseOf('1.1.0'))
      expect((await round()).waits).toContain(words)
      expect([place.runs(), plane.reports]).toEqual([null, []])
      expect((await round({ now: true })).waits).toBeNull()
      expect(place.runs()).toBe('1.1.0')
    }
  })

  it('keeps as many versions as is said, and no more', async () => {
    const { plane, place, agent, round } = await opened({ rollback: { keepVersions: 2 } })
    for (const version of ['1.1.0', '1.2.0', '1.3.0', '1.4.0']) {
      plane.offer(releaseOf(version))
      await round()
    }
    expect(agent.journal.now.kept).toEqual(['1.3.0', '1.2.0'])
    expect(readdirSync(join(place.directory, 'versions')).sort()).toEqual(['v-1.2.0', 'v-1.3.0', 'v-1.4.0'])
    expect(readdirSync(join(place.directory, 'downloads'))).toEqual([])
  })

  it('goes back to a version that is kept, without downloading it, though it is older and has expired', async () => {
    const { plane, place, round } = await opened()
    const old = releaseOf('1.1.0')
    plane.offer(old)
    await round()
    plane.offer(releaseOf('1.2.0'))
    await round()
    expect(plane.ranges).toHaveLength(2)
    plane.offer(old, { attempt: 'back', offer: { kind: 'rollback' } })
    await round()
    expect(end(plane)).toMatchObject({ status: 'completed', attempt: 'back' })
    expect([place.runs(), plane.ranges.length]).toEqual(['1.1.0', 2])
  })
})

describe('a release is not installed, and nothing is touched,', () => {
  const mallory = newSigner()
  const release = releaseOf('1.1.0')
  const year = 366 * 86_400_000

  it.each<[string, string, (plane: Plane) => void]>([
    [
      'signed by a key that is not trusted here',
      'SIGNATURE_INVALID',
      (plane) => plane.offer(release, { signatures: [signatureOf(mallory, release.manifest)] }),
    ],
    [
      'signed by another in the name of one that is',
      'SIGNATURE_INVALID',
      (plane) =>
        plane.offer(release, {
          signatures: [{ ...signatureOf(mallory, release.manifest), keyId: plane.signer.keyId }],
        }),
    ],
    ['that nobody has signed', 'SIGNATURE_INVALID', (plane) => plane.offer(release, { signatures: [] })],
    [
      'whose signature is a checksum',
      'SIGNATURE_INVALID',
      (plane) =>
        plane.offer(release, {
          signatures: [{ keyId: plane.signer.keyId, scheme: 'sha256', signature: 'a'.repeat(64) }],
        }),
    ],
    [
      'whose signatures are over another',
      'SIGNATURE_INVALID',
      (plane) =>
        plane.offer(release, { signatures: [signatureOf(plane.signer, releaseOf('1.2.0').manifest)] }),
    ],
    [
      'that is not the one that is offered (mix and match)',
      'DIGEST_MISMATCH',
      (plane) => plane.offer(release, { offer: { digest: `sha256:${'0'.repeat(64)}` } }),
    ],
    [
      'of another version',
      'MANIFEST_MISMATCH',
      (plane) => plane.offer(release, { offer: { version: '1.2.0' } }),
    ],
    [
      'of another component',
      'WRONG_COMPONENT',
      (plane) => plane.offer(releaseOf('1.1.0', { component: 'other' })),
    ],
    [
      'that has expired (freeze)',
      'RELEASE_EXPIRED',
      (plane) => plane.offer(releaseOf('1.1.0', { expires: '2020-01-01T00:00:00Z' })),
    ],
    [
      'that has expired by the clock of the control plane, though not by its own',
      'RELEASE_EXPIRED',
      (plane) => {
        plane.trouble.date = Date.now() + 2 * year
        plane.offer(releaseOf('1.1.0', { expires: new Date(Date.now() + year).toISOString() }))
      },
    ],
    [
      'that does not fit what is here',
      'INCOMPATIBLE',
      (plane) => plane.offer(releaseOf('1.1.0', { compatibility: { database: ['PostgreSQL 16+'] } })),
    ],
    [
      'that asks for what nobody has said of this place',
      'INCOMPATIBLE',
      (plane) => plane.offer(releaseOf('1.1.0', { compatibility: { kubernetes: ['1.29'] } })),
    ],
    [
      'with a part that is required and unknown here',
      'PART_UNKNOWN',
      (plane) =>
        plane.offer(
          releaseOf('1.1.0', {
            components: { kernel: { sha256: 'a'.repeat(64), length: 1, required: true } },
          }),
        ),
    ],
    [
      'that is longer than is allowed here',
      'TOO_LARGE',
      (plane) =>
        plane.offer(
          releaseOf('1.1.0', { components: { backend: { sha256: 'a'.repeat(64), length: 1_000_000 } } }),
        ),
    ],
  ])('%s: %s', async (_, code, offer) => {
    const plane = await openPlane()
    const place = openPlace(plane, {
      environment: { database: 'PostgreSQL 15.4' },
      download: { mirror: plane.mirror, mostBytes: 999_999 },
    })
    const { round } = agentAt(place)
    offer(plane)
    await round()
    expect(plane.reports).toMatchObject([{ status: 'rejected', code }])
    expect([place.runs(), place.programs(), plane.ranges]).toEqual([null, [], []])
  })

  it('older than one that was installed (rollback), even where it is said to go back', async () => {
    const { plane, place, round } = await opened()
    plane.offer(releaseOf('1.2.0'))
    await round()
    plane.offer(releaseOf('1.1.0'))
    await round()
    expect(end(plane)).toMatchObject({ status: 'rejected', code: 'COUNTER_OLDER' })
    plane.offer(releaseOf('1.1.0'), { attempt: 'back', offer: { kind: 'rollback' } })
    await round()
    expect(end(plane)).toMatchObject({ attempt: 'back', status: 'rejected', code: 'COUNTER_OLDER' })
    expect(place.runs()).toBe('1.2.0')
  })

  it('signed by fewer than have to, and by one twice', async () => {
    const [alice, bob] = [newSigner(), newSigner()]
    const plane = await openPlane()
    const place = openPlace(plane, { trust: { keys: [alice.publicKey, bob.publicKey], threshold: 2 } })
    const { round } = agentAt(place)
    const by = (...signers: (typeof alice)[]) => ({
      signatures: signers.map((signer) => signatureOf(signer, release.manifest)),
    })
    plane.offer(release, by(alice, alice))
    await round()
    expect(end(plane)).toMatchObject({ status: 'rejected', code: 'SIGNATURE_INVALID' })
    plane.offer(release, { ...by(alice, bob), attempt: 'again' })
    await round()
    expect(end(plane)).toMatchObject({ status: 'completed', attempt: 'again' })
  })

  it('while a clock that was set back since makes it look recent', async () => {
    const { plane, round } = await opened()
    plane.trouble.date = Date.now() + 2 * year
    plane.offer(releaseOf('1.1.0'))
    await round()
    delete plane.trouble.date
    plane.offer(releaseOf('1.2.0', { expires: new Date(Date.now() + year).toISOString() }))
    await round()
    expect(end(plane)).toMatchObject({ status: 'rejected', code: 'RELEASE_EXPIRED' })
  })
})

describe('a release that is not what it is called', () => {
  it('is refused where another of its version is in force, or kept: what runs stays', async () => {
    const { plane, place, round } = await opened()
    for (const version of ['2.0.0', '3.0.0']) {
      plane.offer(releaseOf(version))
      await round()
    }
    const programs = place.programs()
    plane.offer(releaseOf('3.0.0', {}, 'second build'), { attempt: 'again' })
    await round()
    expect(end(plane)).toMatchObject({ status: 'rejected', code: 'VERSION_EXCHANGED', attempt: 'again' })
    const never = releaseOf('2.0.0', { counter: 1, expires: '2020-01-01T00:00:00Z' }, 'never here')
    plane.offer(never, { attempt: 'back', offer: { kind: 'rollback' } })
    await round()
    expect(end(plane)).toMatchObject({ status: 'rejected', code: 'VERSION_EXCHANGED', attempt: 'back' })
    expect([place.runs(), place.programs()]).toEqual(['3.0.0', programs])
  })

  it('is refused of a channel that is not followed here, unless the file names it', async () => {
    const beta = releaseOf('2.0.0', { channel: 'beta' })
    const { plane, round } = await opened()
    plane.offer(beta)
    await round()
    expect(end(plane)).toMatchObject({ status: 'rejected', code: 'CHANNEL_NOT_FOLLOWED' })
    const other = await openPlane()
    const { publicKey } = other.signer
    const named = openPlace(other, { trust: { keys: [publicKey], channels: ['stable', 'beta'] } })
    other.offer(beta)
    await agentAt(named).round()
    expect(end(other)).toMatchObject({ status: 'completed' })
  })

  it('is refused below the counter that the file names, before anything was installed', async () => {
    const plane = await openPlane()
    const { publicKey } = plane.signer
    const place = openPlace(plane, { trust: { keys: [publicKey], leastCounter: 200 } })
    plane.offer(releaseOf('1.1.0'))
    await agentAt(place).round()
    expect(end(plane)).toMatchObject({ status: 'rejected', code: 'COUNTER_OLDER' })
  })
})

describe('a download', () => {
  const large = (version = '1.1.0') => releaseOf(version, {}, Buffer.alloc(200_000, version))

  it('goes on where it was cut off', async () => {
    const { plane, round, agent } = await opened()
    plane.offer(large())
    plane.trouble.breakOffAfter = 65_536
    await expect(round()).rejects.toThrow(NoAnswer)
    expect(agent.journal.now.work?.stage).toBe('preparing')
    delete plane.trouble.breakOffAfter
    await round()
    expect(end(plane)).toMatchObject({ status: 'completed' })
    expect(plane.ranges[0]).toBe(0)
    expect(plane.ranges[1]).toBeGreaterThan(0)
  })

  it('that lies nowhere is refused by its own name', async () => {
    const { plane, round } = await opened({ download: {} })
    plane.offer(large())
    await round()
    expect(end(plane)).toMatchObject({ status: 'rejected', code: 'URL_MISSING' })
  })

  it('of other bytes, of the same length and of another, ends in nothing', async () => {
    for (const instead of [Buffer.alloc(200_000), Buffer.alloc(200_001), Buffer.alloc(10_000_000)]) {
      const { plane, place, round } = await opened()
      plane.offer(large())
      plane.trouble.instead = instead
      await round()
      expect(end(plane)).toMatchObject({ status: 'rejected', code: 'DIGEST_MISMATCH' })
      expect([place.runs(), place.programs()]).toEqual([null, []])
      expect(readdirSync(join(place.directory, 'downloads'))).toEqual([])
    }
  })

  it('that goes on with what was left of something else begins anew', async () => {
    const { plane, place, round } = await opened()
    const release = large()
    const { sha256 } = (release.manifest.components as { backend: { sha256: string } }).backend
    writeFileSync(join(place.directory, 'downloads', `${sha256}.part`), Buffer.alloc(1000, 'x'))
    plane.offer(release)
    await round()
    expect(end(plane)).toMatchObject({ status: 'completed' })
    expect(plane.ranges).toEqual([1000, 0])
  })

  it('is not begun again where the update was taken back meanwhile', async () => {
    const { plane, place, round, agent } = await opened()
    plane.offer(large())
    plane.trouble.breakOffAfter = 1000
    await expect(round()).rejects.toThrow(NoAnswer)
    plane.withdraw()
    await round()
    expect([agent.journal.now.work, place.programs()]).toEqual([null, []])
  })
})

describe('what does not go well', () => {
  it.each([['backup', 'BACKUP_FAILED', ['backup 1.1.0']]])(
    'before anything is touched ends there: %s',
    async (program, code, programs) => {
      const { plane, place, round } = await opened()
      place.spoil(program, '1.1.0')
      plane.offer(releaseOf('1.1.0'))
      await round()
      expect(end(plane)).toMatchObject({ status: 'rejected', code })
      expect(place.programs()).toEqual(programs)
    },
  )

  it.each([
    ['stop', 'STOP_FAILED'],
    ['apply', 'APPLY_FAILED'],
    ['start', 'START_FAILED'],
  ])('afterwards is taken back: %s', async (program, code) => {
    const { plane, place, agent, round } = await opened()
    plane.offer(releaseOf('1.1.0'))
    await round()
    place.spoil(program, '1.2.0')
    plane.offer(releaseOf('1.2.0'))
    const before = place.programs().length
    await round()
    const back = place.programs().slice(before)
    const isWhole = program === 'apply'
    expect(end(plane)).toMatchObject(
      isWhole
        ? { status: 'rolled-back', code }
        : { status: 'rollback-failed', code: 'CRITICAL_ROLLBACK_FAILED' },
    )
    expect(agent.journal.now).toMatchObject({ installed: '1.1.0', work: null })
    if (isWhole)
      expect(back.slice(-4)).toEqual(['stop 1.2.0', 'revert 1.2.0 backend', 'restore 1.2.0', 'start 1.2.0'])
    expect(place.runs()).toBe('1.1.0')
  })

  it.each(['stopping', 'applying', 'checking', 'back-reverting'] as const)(
    'is taken back where this agent does not understand the manifest by which another has begun it: %s',
    async (stage) => {
      const { plane, place, agent, round } = await opened()
      plane.offer(releaseOf('1.1.0'))
      await round()
      const before = place.programs().length
      const manifest = JSON.stringify({ ...releaseOf('1.2.0').manifest, counter: 'twelve' })
      const begun = { attempt: 'a', component: 'service', from: '1.1.0', version: '1.2.0', digest: null }
      agent.journal.write({
        work: {
          ...{ ...begun, back: false, assignment: null, stage },
          shown: { manifest, signatures: [] },
          failure:
            stage === 'back-reverting' ? { code: 'APPLY_FAILED', words: 'No.', retryable: false } : null,
        },
      })
      await round()
      const { status, code } = end(plane) ?? {}
      expect({ status, code }).toEqual({
        status: 'rolled-back',
        code: stage === 'back-reverting' ? 'APPLY_FAILED' : 'MANIFEST_INVALID',
      })
      expect(place.programs().slice(before)).toEqual([
        ...(stage === 'back-reverting' ? [] : ['stop 1.2.0']),
        ...['revert 1.2.0 backend', 'restore 1.2.0', 'start 1.2.0'],
      ])
      expect(agent.journal.now).toMatchObject({
        ...{ installed: '1.1.0', work: null, counters: { stable: 110 } },
      })
      expect(place.runs()).toBe('1.1.0')
    },
  )

  it('is seen by any of several health checks, and taken back, also the first that was ever installed', async () => {
    const sick = await serving((_, response) => response.writeHead(503).end('database is away'))
    const well = await serving((_, response) => response.end('ok'))
    const health = [
      { name: 'the interface', url: well },
      { name: 'the engine', url: sick },
    ]
    const { plane, place, round } = await opened({ health, rollback: { healthCheckTimeout: 1 } })
    plane.offer(releaseOf('1.1.0'))
    await round()
    // What is wrong is on the other side of it, too: the version before is as ill.
    expect(end(plane)).toMatchObject({ status: 'rollback-failed', code: 'CRITICAL_ROLLBACK_FAILED' })
    expect(String(end(plane)?.details)).toContain('the engine answered 503, not 200: database is away')
    expect(place.runs()).toBeNull()
  })

  it('is well by its status alone, however much is said beside it, and whether or not that ends', async () => {
    const page = await serving((_, response) => response.end('x'.repeat(200_000)))
    const cutOff = await serving((_, response) => {
      response.writeHead(200, { 'content-length': '9' }).flushHeaders()
      setTimeout(() => response.destroy(), 20)
    })
    const health = [
      { name: 'a page', url: page },
      { name: 'half a page', url: cutOff },
    ]
    const { plane, place, round } = await opened({ health, rollback: { healthCheckTimeout: 5 } })
    plane.offer(releaseOf('1.1.0'))
    await round()
    expect([end(plane)?.status, place.runs()]).toEqual(['completed', '1.1.0'])
  })

  it('stays as it is where it is not to be taken back by itself', async () => {
    const { plane, place, round } = await opened({ rollback: { automatic: false } })
    place.spoil('start', '1.1.0')
    plane.offer(releaseOf('1.1.0'))
    await round()
    expect(end(plane)).toMatchObject({ status: 'failed', code: 'START_FAILED' })
    expect(place.runs()).toBe('1.1.0')
  })

  it('is ended when it takes too long, with all that it has started', async () => {
    const plane = await openPlane()
    const place = openPlace(plane, {
      programTimeout: 0.3,
      programs: { backup: ['/bin/sh', '-c', 'sleep 5 & sleep 5; touch late'] },
    })
    const { round } = agentAt(place)
    plane.offer(releaseOf('1.1.0'))
    await round()
    expect(end(plane)).toMatchObject({ status: 'rejected', code: 'BACKUP_FAILED' })
    expect(String(end(plane)?.details)).toContain('longer than 0.3 s')
    expect(existsSync(join(place.directory, 'late'))).toBe(false)
  })
})

describe('a command of a procedure', () => {
  const counted = (script: string) => ['/bin/sh', '-c', `echo run >> ran; ${script}`]
  const open = (run: string[], check?: string[]) =>
    opened({ commands: { drain: { run, ...(check && { check }) } } })
  const timesRun = (place: Place) => {
    const file = join(place.directory, 'ran')
    return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean).length : 0
  }

  it('is run with its arguments, and what it says is told', async () => {
    const { plane, place, round } = await open(
      counted('echo "$DRYDOCK_COMMAND $DRYDOCK_ARG_NODE"; echo "{\\"left\\": 2}"'),
    )
    plane.command('one', 'drain', { arguments: { node: 'n1' } })
    await round()
    expect(plane.commands).toEqual([{ id: 'one', status: 'done', message: 'drain n1', data: { left: 2 } }])
    await round()
    expect([timesRun(place), plane.commands.length]).toEqual([1, 1])
  })

  it('that fails, or that is not one of its own, is told so', async () => {
    const { plane, place, round } = await open(counted('echo stuck; exit 3'))
    plane.command('one', 'drain')
    await round()
    expect(plane.commands[0]).toMatchObject({ id: 'one', status: 'failed' })
    expect(String(plane.commands[0]?.message)).toContain('it ended with 3: stuck')
    plane.command('two', 'rm')
    await round()
    expect(String(plane.commands[1]?.message)).toContain('commands.rm is not said here')
    plane.command('three', 'constructor')
    await round()
    expect([plane.commands[2]?.status, timesRun(place)]).toEqual(['failed', 1])
  })

  it('is not run again under its id, whatever was asked for in between', async () => {
    const { plane, place, round } = await open(counted('true'))
    for (const id of ['one', 'two', 'one']) {
      plane.command(id, 'drain')
      await round()
    }
    expect(timesRun(place)).toBe(2)
  })

  it('is said again where its credential is being renewed when it ends', async () => {
    const { plane, agent, round } = await opened({ commands: { drain: { run: ['/bin/true'] } } })
    plane.command('one', 'drain')
    plane.trouble.answer = { status: 401, body: { code: 'unauthenticated', detail: 'Who?' } }
    await expect(round()).rejects.toThrow('401')
    expect(agent.journal.now.told).toMatchObject({ id: 'one' })
    delete plane.trouble.answer
    await round()
    expect(plane.commands).toMatchObject([{ id: 'one', status: 'done' }])
  })

  it('is said again, and not run again, where nobody has heard how it ended', async () => {
    const { plane, place, round } = await open(counted('true'))
    plane.trouble.loseAnswer = true
    plane.command('one', 'drain')
    await expect(round()).rejects.toThrow(NoAnswer)
    await expect(round()).rejects.toThrow(NoAnswer)
    delete plane.trouble.loseAnswer
    await round()
    expect(plane.commands.map(({ status }) => status)).toEqual(['done', 'done', 'done'])
    expect(timesRun(place)).toBe(1)
  })

  it.each<[string, string[] | undefined, boolean, string, number]>([
    [
      'is looked after, and is not run again where it was done',
      ['/bin/sh', '-c', 'echo done'],
      false,
      'done',
      0,
    ],
    ['is looked after, and is run where it was not', ['/bin/sh', '-c', 'exit 1'], false, 'done', 1],
    ['has failed where nobody can know', undefined, false, 'failed', 0],
    ['is run again where that does no harm', undefined, true, 'done', 1],
  ])('that was cut off %s', async (_, check, repeatable, status, times) => {
    const { plane, place, agent, round } = await open(counted('true'), check)
    agent.journal.write({ command: { id: 'one', command: 'drain', arguments: {}, repeatable } })
    plane.command('one', 'drain', { repeatable })
    await round()
    expect(plane.commands).toMatchObject([{ id: 'one', status }])
    expect(timesRun(place)).toBe(times)
  })
})

describe('while nobody answers', () => {
  it('nothing is begun; what was begun comes to its end, and is told afterwards', async () => {
    const { plane, place, agent, round } = await opened()
    plane.trouble.away = true
    await expect(round()).rejects.toThrow(NoAnswer)
    delete plane.trouble.away
    plane.offer(releaseOf('1.1.0'))
    // It goes away as soon as something is changed here.
    const watching = setInterval(() => {
      if (agent.journal.now.work?.stage === 'stopping') plane.trouble.away = true
    }, 1)
    await expect(round()).rejects.toThrow(NoAnswer)
    clearInterval(watching)
    expect(place.runs()).toBe('1.1.0')
    expect(agent.journal.now).toMatchObject({ installed: '1.1.0', work: null })
    expect(agent.journal.now.unsent.at(-1)).toMatchObject({ status: 'completed' })
    expect(ends(plane)).toEqual([])
    delete plane.trouble.away
    await round()
    expect(end(plane)).toMatchObject({ status: 'completed', version: '1.1.0' })
    expect(agent.journal.now.unsent).toEqual([])
  })

  it.each([
    ['its credential is being renewed', 401, { code: 'unauthenticated', detail: 'Who?' }],
    ['the gateway lets nobody in', 403, { message: 'Forbidden' }],
    ['it is let in no more', 403, { code: 'forbidden', detail: 'Not any more.' }],
    ['the way leads elsewhere', 404, { message: 'Not Found' }],
    ['somebody on the way takes less', 413, { message: 'Request Too Long' }],
    ['somebody on the way does not say why', 400, { message: 'Bad Request' }],
  ])('how it ended is kept where %s, and said later', async (_, status, body) => {
    const { plane, agent, round } = await opened()
    plane.trouble.answer = { status, body }
    plane.offer(releaseOf('1.1.0'))
    await expect(round()).rejects.toThrow(`${status}`)
    expect(agent.journal.now.unsent).toMatchObject([{ status: 'completed' }])
    await expect(round()).rejects.toThrow(`${status}`)
    delete plane.trouble.answer
    await round()
    expect(end(plane)).toMatchObject({ status: 'completed', version: '1.1.0' })
    expect(agent.journal.now.unsent).toEqual([])
  })

  it.each([400, 409, 422])('what is refused with %s for what it says is not said again', async (status) => {
    const { plane, agent, round } = await opened()
    plane.trouble.answer = { status, body: { code: 'attempt-over', detail: 'It is over.' } }
    plane.offer(releaseOf('1.1.0'))
    await round()
    expect(agent.journal.now.unsent).toEqual([])
  })

  it('what is refused is not said again', async () => {
    const { plane, agent, round } = await opened()
    plane.trouble.refuse = 'completed'
    plane.offer(releaseOf('1.1.0'))
    await round()
    expect(agent.journal.now.unsent).toEqual([])
  })
})

describe('a directory', () => {
  it('has one agent', async () => {
    const { place } = await opened()
    expect(() => openAgent(configIn(place.config, place.directory), () => {})).toThrow(Taken)
  })

  it('whose journal cannot be read is not begun anew', async () => {
    const plane = await openPlane()
    const place = openPlace(plane)
    writeFileSync(join(place.directory, 'journal.json'), '{"schema":1,')
    expect(() => agentAt(place)).toThrow('restore it')
  })
})

it('whom the gateway lets in no more, without a word, is told what that may mean', async () => {
  const plane = await openPlane()
  const { config, directory } = openPlace(plane)
  const closed = await serving((_, response) => response.writeHead(403).end('{"message":"Forbidden"}'))
  const { server, ...others } = configIn(config, directory)
  await expect(enrol({ ...others, server: { ...server, url: closed } }, 'a-token')).rejects.toThrow(
    'a newer one may have taken its place',
  )
})
