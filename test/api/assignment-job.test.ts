import { expect, it } from 'vitest'
import { fromImage } from '../../events/envelope.ts'
import { membershipJobAggregate, membershipsPerChunk } from '../../functions/domain/membership/job.ts'
import type { Log } from '../../functions/log/log.ts'
import { makeMemberships } from '../../functions/reactor/make-memberships.ts'
import { base, createdProfile, examples, publishers } from './profile-examples.ts'
import { openWorld } from './world.ts'

/** A log whose process dies in its `last` write: what was written before stays. */
function dying(log: Log, last: number): Log {
  let writes = 0
  return {
    ...log,
    async execute(...call: Parameters<Log['execute']>) {
      writes += 1
      if (writes > last) throw new Error('The process is gone.')
      return log.execute(...call)
    },
  } as Log // the same log, one of its calls watched
}

it('P6: a job survives a crash after any write: each resource is assigned once and told so', async () => {
  for (const last of [0, 1, 40, membershipsPerChunk, membershipsPerChunk + 1]) {
    const world = openWorld()
    const ids = await publishers(world, 1001)
    const profile = await createdProfile(world, examples.weekly)
    const resource_assignments = ids.map((resource_id) => ({ resource_id, resource_type: 'publisher' }))
    await world.settle()
    const written = world.log.records.length
    const path = `${base}/${profile}/assignments`
    const { job_id } = (await world.call('POST', path, { body: { resource_assignments } })).body
    const commits = world.log.records.slice(written).map((record) => fromImage(record.dynamodb?.NewImage))
    const first = makeMemberships({ log: dying(world.log, last) })
    const [part] = commits.filter((commit) => first.concerns(commit))
    if (!part) throw new Error('The job has no part.')
    if (last <= membershipsPerChunk) await expect(first.act(part)).rejects.toThrow('gone')
    else await first.act(part)
    await world.settle()
    const { body } = await world.call('GET', `${path}/jobs/${job_id}`)
    expect(body).toMatchObject({ status: 'completed', assignments_created: 1001, assignments_failed: 0 })
    const assigned = world.log.records.filter((record) => {
      const { stream, events } = fromImage(record.dynamodb?.NewImage)
      return stream.startsWith('target#') && events.some(({ type }) => type === 'ProfileJoined')
    })
    expect(assigned).toHaveLength(1001)
  }
})

it('P6: a call that broke off is finished by its repeat under the same key', async () => {
  const world = openWorld()
  const ids = await publishers(world, 1001)
  const profile = await createdProfile(world, examples.weekly)
  const request = {
    body: { resource_assignments: ids.map((id) => ({ resource_id: id, resource_type: 'publisher' })) },
    headers: { 'idempotency-key': 'k' },
  }
  const { log } = world
  const { execute } = log
  let writes = 0
  Object.assign(world.services, {
    log: {
      ...log,
      async execute(...call: Parameters<Log['execute']>) {
        writes += 1
        if (writes === 4) throw new Error('The process is gone.')
        return Reflect.apply(execute, log, call)
      },
    },
  })
  const path = `${base}/${profile}/assignments`
  expect((await world.call('POST', path, request)).status).toBe(500)
  const reply = await world.call('POST', path, request)
  expect(reply.status).toBe(202)
  await world.settle()
  const { state } = await log.load(membershipJobAggregate, reply.body.job_id)
  expect(state.listed).toBe(Math.ceil(1001 / membershipsPerChunk))
  const { body } = await world.call('GET', `${path}/jobs/${reply.body.job_id}`)
  expect(body).toMatchObject({ status: 'completed', assignments_created: 1001 })
})
