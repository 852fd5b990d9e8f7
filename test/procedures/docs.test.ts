import { expect, test } from 'vitest'
import { textOf } from '../docs/documents.ts'
import { answered, openProcedures } from './world.ts'

/** The one document that docs/procedures.md shows. */
const [, shown = ''] = /```yaml\n([\s\S]*?)```/.exec(textOf('docs/procedures.md')) ?? []

async function stored(leaves: boolean) {
  const node = { version: 'v1.1.0', enabled: true, forced: false }
  const all = openProcedures(({ url, body = '{}' }) => {
    const { pathname, search } = new URL(url)
    if (pathname === '/backup') return answered({ path: `/backups/${node.version}` })
    if (pathname === '/drain') Object.assign(node, { enabled: false, forced: node.forced || search !== '' })
    if (pathname === '/enable') node.enabled = true
    if (pathname === '/replace') node.version = JSON.parse(body).version
    if (pathname === '/restore') node.version = JSON.parse(body).from.replace('/backups/', '')
    return answered({
      status: 'healthy',
      version: node.version,
      active_instances: leaves || node.forced ? 0 : 2,
    })
  })
  all.secrets.set('drydock/nodes#key', 'swordfish')
  await all.world.fleet(1)
  const tags = { host: 'node-1.example:8080' }
  await all.world.call('PATCH', '/api/v1/targets/cust_0001', { body: { tags } })
  const headers = { 'content-type': 'application/yaml' }
  const reply = await all.world.call('PUT', '/api/v1/procedures/node', { raw: shown, headers })
  expect([reply.status, reply.body.errors]).toEqual([200, undefined])
  return { all, node }
}

test('the procedure of the documentation runs, with a node that leaves and one that has to be forced', async () => {
  for (const leaves of [true, false]) {
    const { all, node } = await stored(leaves)
    const id = await all.deploy('node')
    await all.pass(30)
    const { body } = await all.world.call('GET', '/api/v1/targets/cust_0001/explain')
    if (!leaves) expect(body.sentence).toContain('by the procedure node at "Wait until nothing runs"')
    expect(await all.over(id)).toBe('completed')
    expect(node).toEqual({ version: 'v1.2.0', enabled: true, forced: !leaves })
    const back = await all.world.call('POST', `/api/upgrades/${id}/rollback`, { body: { reason: 'slow' } })
    expect([await all.over(back.body.upgradeId), node.version]).toEqual(['completed', 'v1.1.0'])
    expect(await all.audited()).toEqual([])
  }
})
