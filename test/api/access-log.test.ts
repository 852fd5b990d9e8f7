import { describe, expect, it } from 'vitest'
import { type Route, routes } from '../../contracts/routes.ts'
import { type Caller, openWorld, type World } from './world.ts'

const known = 'known'
const person = (user: string, ...roles: string[]): Caller => ({ user, roles })

/** Who calls, and who the access log says it was. */
type Told = readonly [as: Caller, principal: unknown, authentication: string]

const nobody: Told = [null, 'anyone', 'anyone']
const without: Told = [person('nora'), 'nora', 'person']
const admin: Told = [person('ada', 'admin'), 'ada', 'person']
const agent: Told = [{ lambda: { kind: 'agent', target: known, tokenHash: '' } }, `target:${known}`, 'agent']
const capability = { capability: `drydock-callback.${'A'.repeat(43)}` }
const holder: Told = [capability, expect.stringMatching(/^receiver:[0-9a-f]{16}$/), 'capability']

/** Who is refused by a route, the last of them for what is wrong with the request alone. */
function refusedBy({ access }: Route): readonly Told[] {
  // Nobody looks at who else it may be.
  if (access === 'capability') return [nobody, holder]
  return [nobody, without, access === 'agent' ? agent : admin]
}

const writes = routes.filter(({ method }) => method !== 'GET')

async function opened(): Promise<World> {
  const world = openWorld()
  await world.call('POST', '/api/v1/targets', { body: { id: known } })
  await world.settle()
  return world
}

describe('S31: whoever is refused has a line that says who it was', () => {
  it.each(writes.map((route) => [route.operation, route] as const))('of %s', async (operation, route) => {
    const world = await opened()
    const path = route.path.replaceAll(/\{\w+\}/g, 'some-1')
    for (const [as, principal, authentication] of refusedBy(route)) {
      const before = world.lines.length
      const request = { as, raw: '{"no":"such field"}', query: { no: 'such-field' } }
      const { status, body } = await world.call(route.method, path, request)
      expect(status).toBeGreaterThanOrEqual(400)
      expect(world.lines.slice(before)).toEqual([
        {
          ...{ level: 'WARN', at: '2026-01-05T10:00:00.000Z', milliseconds: 0, correlation: 'request-1' },
          ...{ operation, status, code: body.code, principal, authentication },
        },
      ])
      expect(JSON.stringify(world.lines.slice(before))).not.toContain('such-field')
    }
  })
})
