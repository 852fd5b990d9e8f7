import { expect, it } from 'vitest'
import { fromImage } from '../../events/envelope.ts'
import { membershipJobAggregate, membershipsPerChunk } from '../../functions/domain/membership/job.ts'
import { isAnswered } from '../../functions/reactor/duty.ts'
import { makeMemberships } from '../../functions/reactor/profiles/make-memberships.ts'
import { dying, dyingOnce } from '../log/watched.ts'
import { base, createdProfile, examples, publishers } from './profile-examples.ts'
import { openWorld } from './world.ts'

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
    const services = { log: dying(world.log, last) }
    const [part] = commits.filter((commit) => isAnswered(makeMemberships.answers, commit))
    if (!part) throw new Error('The job has no part.')
    const first = () => makeMemberships.act(part, services)
    if (last <= membershipsPerChunk) await expect(first()).rejects.toThrow('gone')
    else await first()
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
  Object.assign(world.services, { log: dyingOnce(log, 4) })
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
