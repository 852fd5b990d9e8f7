import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sha256 } from '../../../events/canonical.ts'
import { approver, deployed, openWorld, report } from '../../api/world.ts'
import { browserAt, findingsOf, goTo, openBrowser, type Seat } from '../../browser.ts'
import { WorldConsole } from './world-console.ts'

const operator = { user: 'operator-2', roles: ['operator', 'approver'] } as const
const digest = `sha256:${'ab'.repeat(32)}`

describe.skipIf(browserAt === undefined)('a page of the console', () => {
  const world = openWorld()
  let shown: WorldConsole
  let browser: Browser
  let seat: Seat

  beforeAll(async () => {
    ;[shown, browser] = await Promise.all([WorldConsole.over(world), openBrowser()])
    seat = await shown.sit(browser, operator, 'upgrades')
  })
  afterAll(async () => {
    await browser?.close()
    await shown?.close()
  })

  /** Registers targets that run a component of their own, of which there are two releases; the newer one is installed by `deploy`. */
  async function fleet(component: string, count: number): Promise<readonly string[]> {
    for (const version of ['v1.0.0', 'v2.0.0'])
      await world.call('POST', '/api/v1/releases', { body: { component, version, digest } })
    const ids = Array.from({ length: count }, (_, number) => `${component}-${number}`)
    const targets = ids.map((id) => ({ id, components: { [component]: 'v1.0.0' } }))
    await world.call('POST', '/api/v1/targets', { body: { targets } })
    await world.settle()
    return ids
  }
  const deploy = (component: string, more: object = {}) =>
    deployed(world, {
      ...{ component, version: 'v2.0.0', strategy: 'all', failureThreshold: { percent: 100 } },
      ...more,
    })
  const visit = (place: string) => goTo(seat.page, shown.url, place)
  const idAt = () => decodeURIComponent(new URL(seat.page.url()).hash.split('/').at(-1) ?? '')
  /** Lets an upgrade go on, its agents report, and the upgrade go on to its end. */
  async function run(id: string, status?: Parameters<typeof report>[1]): Promise<void> {
    await world.advance(id)
    await report(world, status)
    await world.advance(id)
  }
  const pageOf = (id: string) => world.call('GET', `/api/upgrades/${id}`)

  it('says whom a plan leaves out and why, and another try takes those that were skipped too', async () => {
    const { page } = seat
    const [pinned = '', skipped = '', failing = ''] = await fleet('skips', 4)
    await world.call('POST', `/api/v1/targets/${pinned}/pin`, { body: { reason: 'audit season' } })
    const id = await deploy('skips', { approvals: { required: 1 } })
    await world.call('POST', `/api/upgrades/${id}/targets/${skipped}/skip`)
    const { planHash } = (await pageOf(id)).body
    await world.call('POST', `/api/upgrades/${id}/approve`, { as: approver, body: { planHash } })
    await run(id, (target) => (target === failing ? 'failed' : 'completed'))
    await visit(`upgrades/${id}`)
    await page.getByRole('list', { name: 'Left out' }).getByText('1 target pinned').waitFor()
    await page.getByRole('button', { name: 'Retry failed' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Those too that were left out').check()
    await dialog.getByRole('button', { name: 'Retry failed' }).click()
    await page.waitForURL((now) => !now.hash.includes(id))
    const { total, request } = (await pageOf(idAt())).body
    expect([total, request.skippedToo]).toEqual([2, true])
  })

  it('offers another rollback beside one at work by the glass alone, and says of it that it was broken', async () => {
    const { page } = seat
    await fleet('glass', 2)
    const id = await deploy('glass')
    await run(id)
    const back = (await world.call('POST', `/api/upgrades/${id}/rollback`)).body.upgradeId
    await visit(`upgrades/${id}`)
    expect(await page.getByRole('button', { name: 'Roll back', exact: true }).count()).toBe(0)
    await page.getByRole('button', { name: 'Roll back (break-glass)' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('a second person approves it').waitFor()
    const ask = dialog.getByRole('button', { name: 'Roll back (break-glass)' })
    // Not without a reason.
    await ask.click()
    expect((await pageOf(id)).body.children).toHaveLength(1)
    await dialog.getByLabel('Reason').fill('the stop outlasts the fire')
    await ask.click()
    await page.waitForURL((now) => !now.hash.includes(id))
    await page
      .getByText('The glass was broken by operator-2: the stop outlasts the fire', { exact: false })
      .waitFor()
    for (const child of [back, idAt()]) await world.call('POST', `/api/upgrades/${child}/abort`, { body: {} })
  })

  it('says in a list and on its page by which run another is taken back, and leads there', async () => {
    const { page } = seat
    await fleet('lists', 2)
    const id = await deploy('lists')
    await run(id)
    const back = (await world.call('POST', `/api/upgrades/${id}/rollback`)).body.upgradeId
    await visit('upgrades')
    const row = page.getByRole('listitem').filter({ has: page.locator(`a[href="#/upgrades/${id}"]`) })
    await row.getByText('being taken back by').waitFor()
    await run(back)
    await row.getByText('taken back by', { exact: false }).waitFor()
    await row.getByText('being taken back by').waitFor({ state: 'detached' })
    await row.getByRole('link', { name: back }).click()
    await page.waitForURL((now) => now.hash.endsWith(back))
    await visit(`upgrades/${id}`)
    await page.getByText('taken back by', { exact: false }).getByRole('link', { name: back }).waitFor()
  })

  it('says of a place that there is not that there is none', async () => {
    await visit('new')
    await seat.page.getByRole('heading', { name: 'There is no such page' }).waitFor()
  })

  it('shows charts one below the other on a phone, and figures whole', async () => {
    const { page } = seat
    const size = page.viewportSize()
    await page.setViewportSize({ width: 390, height: 900 })
    await visit('analytics')
    const [, second, third] = await page.locator('.charts > .card').all()
    const below = await second?.boundingBox()
    expect((await third?.boundingBox())?.x).toBe(below?.x)
    const breaks =
      'new Set([...document.querySelectorAll("td.number")].map((cell) => getComputedStyle(cell).whiteSpace))'
    expect(await page.evaluate(`[...${breaks}]`)).toEqual(['nowrap'])
    if (size) await page.setViewportSize(size)
  })

  it('says of each licence whether it is in force, and why not', async () => {
    const { page } = seat
    const define = (key: string, label: string, more: object = {}) =>
      world.call('PUT', `/api/v1/licences/${sha256(key)}`, { body: { label, ...more } })
    await define('first', 'Ann and sons', { components: ['lists'], channels: ['stable'] })
    await define('second', 'Ben', { expires: '2026-01-06T00:00:00Z' })
    await define('third', 'Carl')
    await world.call('POST', `/api/v1/licences/${sha256('third')}/revoke`, { body: { reason: 'unpaid' } })
    await visit('releases')
    const row = (label: string) => page.locator('.row').filter({ hasText: label })
    await row('Ann and sons').getByText('in force').waitFor()
    await row('Ann and sons').getByText('lists, channel stable').waitFor()
    await row('Ben').getByText('expired').waitFor()
    await row('Carl')
      .getByText(/Revoked since .*: unpaid/)
      .waitFor()
  })

  it('says for how many of a plan no agent has enrolled, and keeps what was written while the rest is read', async () => {
    const { page } = seat
    const [pinned = ''] = await fleet('silent', 3)
    await world.call('POST', `/api/v1/targets/${pinned}/pin`, { body: { reason: 'audit season' } })
    await visit('plan')
    await page.getByLabel('Canary, in percent').fill('50')
    await page.getByLabel('Component').fill('silent')
    await page.getByLabel('Version').fill('v2.0.0')
    await page.waitForLoadState('networkidle')
    await page.getByRole('button', { name: 'Preview' }).click()
    await page.getByText('No agent has ever enrolled for 2 targets of it', { exact: false }).waitFor()
    // Half of two; a tenth would be one as well, of a first wave that the planner says was asked for.
    expect(await page.getByLabel('Canary, in percent').inputValue()).toBe('50')
  })

  it('shows an upgrade in the inbox beside a rollout, and lets either be decided there', async () => {
    const { page } = seat
    await fleet('inbox', 2)
    await fleet('other', 2)
    const approvals = { required: 1 }
    const phase = { name: 'first', component: 'inbox', version: 'v2.0.0', strategy: 'all' }
    const { rolloutId } = (
      await world.call('POST', '/api/v1/rollouts', {
        body: { name: 'Two of a kind', approvals, phases: [phase] },
      })
    ).body
    await world.advanceRollout(rolloutId)
    await deploy('other', { approvals })
    await visit('approvals')
    const card = (title: string) => page.locator('.card').filter({ hasText: title })
    await card('Approve: other v2.0.0').getByRole('button', { name: 'Approve' }).waitFor()
    const rollout = card('Approve: Two of a kind')
    await rollout.getByRole('cell', { name: 'first', exact: true }).waitFor()
    await rollout.getByText('Nobody who was selected is left out.').waitFor()
    expect(await rollout.getByRole('button', { name: 'Reject' }).count()).toBe(1)
    await rollout.getByRole('button', { name: 'Approve' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Approve' }).click()
    await rollout.waitFor({ state: 'detached' })
    expect((await world.call('GET', `/api/v1/rollouts/${rolloutId}`)).body.approvalsGiven).toHaveLength(1)
  })

  it('lets a rollout that waits after a phase be continued in the inbox', async () => {
    const { page } = seat
    const [failing] = await fleet('goes', 1)
    await fleet('on', 1)
    const phases = ['goes', 'on'].map((component, number) => ({
      ...{ name: component, component, version: 'v2.0.0', strategy: 'all' },
      ...{ failureThreshold: { percent: 100 }, dependsOn: number === 0 ? [] : ['goes'] },
    }))
    const { rolloutId } = (
      await world.call('POST', '/api/v1/rollouts', { body: { name: 'Goes on', phases } })
    ).body
    await world.advanceRollout(rolloutId)
    await report(world, (target) => (target === failing ? 'failed' : 'completed'))
    await world.advanceRollout(rolloutId)
    await visit('approvals')
    const card = page.locator('.card').filter({ hasText: 'Continue: Goes on' })
    await card.getByRole('list', { name: 'Holds' }).getByText('goes', { exact: true }).waitFor()
    await card.getByRole('button', { name: 'Continue' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Reason').fill('the other one matters')
    await dialog.getByRole('button', { name: 'Continue' }).click()
    await card.waitFor({ state: 'detached' })
  })

  it('groups what was told by upgrade, and says of one that is over that it asks for nothing any more', async () => {
    const { page } = seat
    await fleet('told', 2)
    const approvals = { required: 1 }
    const [over, waits] = [await deploy('told', { approvals }), await deploy('told', { approvals })]
    await world.call('POST', `/api/upgrades/${over}/reject`, { as: approver, body: { reason: 'not now' } })
    const at = new Date(world.services.now()).toISOString()
    const told = [over, waits, over].entries()
    for (const [number, id] of told)
      await world.services.inbox.put({
        ...{
          id: `${number}`,
          severity: 'warning',
          title: 'Upgrade of told to v2.0.0',
          version: 'v2.0.0',
          at,
        },
        ...{ description: `It waits for approval, ${number}.`, link: `/console#/upgrades/${id}` },
        actions: ['approve', 'learn-more'],
      })
    await visit('notifications')
    const group = (text: string) => page.locator('.card').filter({ hasText: text })
    // The newest first, and with it what was told of the same.
    const first = page.locator('.card').first()
    await first.getByText('It waits for approval, 2.').waitFor()
    await first.getByText('It waits for approval, 0.').waitFor()
    await first.getByText('rejected', { exact: true }).waitFor()
    await first.getByText('It is over', { exact: false }).waitFor()
    expect(await first.getByRole('link', { name: 'Look and approve' }).count()).toBe(0)
    await group('It waits for approval, 1.').getByRole('link', { name: 'Look and approve' }).waitFor()
    expect(await findingsOf(page)).toEqual([])
    await first.getByRole('button', { name: /^Dismiss: .*, 2\.$/ }).click()
    await page.getByText('It waits for approval, 2.').waitFor({ state: 'detached' })
  })

  it('says of a withdrawn policy why, and beside attempts what counts as one', async () => {
    const { page } = seat
    const as = { user: 'admin-1', roles: ['admin'] } as const
    await world.call('PUT', '/api/v1/policies/labels', { as, body: { selector: { components: ['labels'] } } })
    const query = { reason: 'superseded by another' }
    await world.call('DELETE', '/api/v1/policies/labels', { as, query })
    await visit('policies')
    await page.getByText('Withdrawn: superseded by another').waitFor()
    await visit('analytics')
    await page.getByText('What an agent rejected counts as failed.', { exact: false }).waitFor()
  })

  it.each([1280, 390])('is readable by all at %i pixels, with tables that keys reach', async (width) => {
    const { page } = seat
    await fleet(`axe${width}`, 2)
    const id = await deploy(`axe${width}`, { approvals: { required: 1 } })
    await page.setViewportSize({ width, height: 900 })
    const found: string[] = []
    for (const place of [`upgrades/${id}`, 'upgrades', 'rollouts', 'approvals', 'releases', 'analytics']) {
      await visit(place)
      found.push(...(await findingsOf(page)).map((finding) => `${place}: ${finding}`))
      const over = 'document.documentElement.scrollWidth > document.documentElement.clientWidth'
      if (await page.evaluate(over)) found.push(`${place}: is wider than ${width} pixels`)
    }
    expect([found, seat.complaints]).toEqual([[], []])
  })
})
