import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import type { Browser, Locator } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { browserAt, findingsOf, goTo, openBrowser, type Seat, sitDown } from '../browser.ts'
import { type Agent, enrol, offered } from './agent.ts'
import type { Client } from './client.ts'
import { DeployedMachine } from './deployed-machine.ts'
import { runtimeOfFile } from './file-runtime.ts'
import { ended } from './upgrades.ts'

// A machine of its own: what a page lists is what this story has made.
let machine: DeployedMachine
let url = ''
const component = 'web'
const ids = Array.from({ length: 10 }, (_, number) => `${component}-${number}`)

/** Where the pictures of the documents are put; undefined, as a rule: none are taken. */
const { CONSOLE_PICTURES: pictures } = process.env

/** Takes a picture for the documents of what a person sees. */
async function picture({ page }: Seat, name: string): Promise<void> {
  if (pictures === undefined) return
  await page.mouse.move(0, 0)
  await page.evaluate('document.activeElement?.blur()')
  await page.evaluate('for (const one of document.querySelectorAll("details.impossible")) one.open = false')
  await page.screenshot({ path: join(pictures, `${name}.png`), animations: 'disabled' })
}

describe.skipIf(browserAt === undefined)('in the console', () => {
  let browser: Browser
  let operator: Client
  let first: Seat
  let second: Seat
  let agents: readonly Agent[]
  let upgrade = ''
  let rollout = ''
  const [ring, node] = [`${component}-ring`, `${component}-node`]

  beforeAll(async () => {
    machine = await DeployedMachine.at(runtimeOfFile().template)
    url = machine.url
    operator = machine.person('operator-1', 'operator')
    browser = await openBrowser()
    const release = { component, version: 'v1.1.0', digest: `sha256:${'4c'.repeat(32)}` }
    await operator.write('/api/v1/releases', release)
    ;[first, second] = await Promise.all([
      sitDown(browser, url, 'operator-1', '#/targets'),
      sitDown(browser, url, 'operator-2', '#/approvals'),
    ])
  })
  afterAll(async () => {
    await browser.close()
    await machine.remove()
  })

  it('a fleet is imported from a file, and shown', async () => {
    const { page } = first
    const lines = ids.map((id) => `${id},customer,eu-central,v1.0.0`)
    await page.getByRole('button', { name: 'Import targets' }).click()
    await page.getByLabel('File').setInputFiles({
      ...{ name: 'fleet.csv', mimeType: 'text/csv' },
      buffer: Buffer.from([`id,type,region,component:${component}`, ...lines].join('\n')),
    })
    await page.getByRole('button', { name: 'Import', exact: true }).click()
    await page.getByLabel('Find').fill(component)
    await page.getByRole('link', { name: ids[9] ?? '' }).waitFor({ timeout: 30_000 })
    await page.getByText('10 targets', { exact: false }).first().waitFor()
    agents = await Promise.all(
      ids.map(async (id) => {
        const { body } = await operator.write<{ readonly enrolmentToken: string }>(
          `/api/v1/targets/${id}/enrolment`,
          {},
        )
        return enrol(id, body.enrolmentToken, url)
      }),
    )
  })

  it('a plan is previewed, with what its canary can catch, before it is started', async () => {
    const { page } = first
    await page.getByRole('link', { name: 'New upgrade' }).click()
    await page.getByLabel('Canary, in percent').fill('20')
    // What is read meanwhile for the other fields changes nothing that somebody has written.
    await page.getByLabel('Component').fill(component)
    await page.getByLabel('Version').fill('v1.1.0')
    await page.waitForLoadState('networkidle')
    await page.getByLabel('Approvals').fill('1')
    await page.getByLabel('Reason').fill('the story of the console')
    await page.getByRole('button', { name: 'Preview' }).click()
    await page.getByText('What the canary can catch').waitFor()
    await page.getByText('2 targets first.', { exact: false }).waitFor()
    await page.getByRole('button', { name: 'Start this upgrade' }).click()
    await page.getByText('Waits for approval', { exact: true }).waitFor()
    upgrade = decodeURIComponent(new URL(page.url()).hash.split('/').at(-1) ?? '')
  })

  it('who has asked for it cannot approve it, and reads why', async () => {
    const { page } = first
    expect(await page.getByRole('button', { name: 'Approve' }).count()).toBe(0)
    await page.getByText('What cannot be done, and why').click()
    await page.getByText('Only for approver, admin.').first().waitFor()
  })

  it('another person finds it in the inbox and approves the plan that they see', async () => {
    const { page } = second
    const entry = page.locator('.card').filter({ hasText: `${component} v1.1.0` })
    await entry.getByRole('button', { name: 'Approve' }).click()
    const { planHash } = await operator.read<{ readonly planHash: string }>(`/api/upgrades/${upgrade}`)
    await page.getByRole('dialog').getByText(planHash).waitFor()
    await page.getByRole('dialog').getByRole('button', { name: 'Approve' }).click()
    await entry.waitFor({ state: 'detached' })
  })

  it('a canary is watched as it fails: the upgrade halts and says what lifts that', async () => {
    const { page } = first
    const canaries = await offered(agents, 2)
    for (const { agent, offer } of canaries) await agent.accept(offer)
    await page.getByRole('img', { name: /Wave 1: 2 in flight/ }).waitFor()
    for (const { agent, offer } of canaries) await agent.fail(offer)
    await page.getByRole('img', { name: /Wave 1: 2 failed/ }).waitFor()
    await page.locator('.head .status', { hasText: 'paused' }).waitFor()
    await page.getByRole('list', { name: 'Holds' }).getByText('Paused', { exact: true }).waitFor()
    await page.getByRole('img', { name: 'State machine; now: Await the gate' }).waitFor()
    await page.locator('.story').getByText('drydock paused it', { exact: false }).first().waitFor()
    await picture(first, 'upgrade')
  })

  it('a target that failed is explained', async () => {
    const { page } = first
    const row = page.locator('.attempts button').filter({ hasText: 'HEALTH_CHECK_FAILED' }).first()
    await row.click()
    await page
      .locator('.explanation')
      .getByText('What would change it', { exact: false })
      .or(page.locator('.explanation b'))
      .first()
      .waitFor()
  })

  it('the page is shown as it was before, and says so', async () => {
    const { page } = first
    await page.getByRole('slider').fill('1')
    await page.getByText('As it was').waitFor()
    expect(await page.locator('.head .status').textContent()).not.toBe('paused')
    await page.getByRole('button', { name: 'Back to now' }).click()
  })

  it('what was touched is rolled back, which is an upgrade of its own', async () => {
    const { page } = first
    await page.getByRole('button', { name: 'Roll back' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Roll back' }).click()
    await page.waitForURL((now) => !now.hash.includes(upgrade))
    await page.getByText(/^rollback, asked for by operator-1/).waitFor()
    const rollback = decodeURIComponent(new URL(page.url()).hash.split('/').at(-1) ?? '')
    for (const { agent, offer } of await offered(agents, 2)) {
      await agent.accept(offer)
      await agent.succeed(offer)
    }
    await ended(operator, rollback, { status: 'completed', completed: 2 })
    await page.locator('.head .status', { hasText: 'completed' }).waitFor()
  })

  describe('two nodes are upgraded by a rollout of two phases, and a procedure that asks', () => {
    let nodes: Server

    beforeAll(async () => {
      // The first node refuses to be replaced, so that its procedure takes its way back.
      nodes = createServer((request, response) => {
        const isRefused = request.url === `/${ring}/replace`
        response.writeHead(isRefused ? 409 : 200).end(JSON.stringify({ status: 'healthy', left: 0 }))
      }).listen(machine.outboundPort, '127.0.0.1')
      await once(nodes, 'listening')
      const at = (call: string) => `http://127.0.0.1:${machine.outboundPort}/{{ target.id }}/${call}`
      const post = (call: string) => ({
        ...{ repeatable: true, retries: { attempts: 0 } },
        http: { request: { method: 'POST', url: at(call) } },
      })
      const steps = [
        {
          id: 'drain',
          name: 'Drain',
          ...post('drain'),
          inverse: { name: 'Take work again', ...post('enable') },
        },
        { id: 'ask', name: 'Ask whether it is empty', acknowledge: { ask: 'Does nothing run there?' } },
        {
          id: 'replace',
          name: 'Replace',
          ...post('replace'),
          inverse: { name: 'Restore', ...post('restore') },
        },
        {
          ...{ id: 'healthy', name: 'Check its health', timeoutSeconds: 60 },
          health: {
            checks: [
              { name: 'Node', request: { url: at('health') }, expect: { where: 'answer.body.left == 0' } },
            ],
          },
        },
      ]
      const silent = steps.filter(({ id }) => id !== 'ask')
      await operator.send('PUT', '/api/v1/procedures/console-asks', { body: { steps } })
      await operator.send('PUT', '/api/v1/procedures/console-silent', { body: { steps: silent } })
      for (const [name, digest] of [
        [ring, '6e'],
        [node, '7f'],
      ] as const) {
        const release = { component: name, version: 'v2.0.0', digest: `sha256:${digest.repeat(32)}` }
        await operator.write('/api/v1/releases', release)
        await operator.write('/api/v1/targets', { id: name, components: { [name]: 'v1.0.0' } })
      }
      const phase = (name: string, procedure: string) => ({
        ...{ name, component: name, version: 'v2.0.0', strategy: 'all', procedure: { name: procedure } },
        failureThreshold: { percent: 100 },
      })
      const { body } = await operator.write<{ readonly rolloutId: string }>('/api/v1/rollouts', {
        ...{ name: 'Two nodes', approvals: { required: 1 } },
        phases: [phase(ring, 'console-asks'), { ...phase(node, 'console-silent'), dependsOn: [ring] }],
      })
      rollout = body.rolloutId
    })
    afterAll(() => nodes.close())

    /** Presses a button of the rollout, and again in what it asks. */
    async function act({ page }: Seat, name: string, fill?: (dialog: Locator) => Promise<unknown>) {
      await page.getByRole('button', { name, exact: true }).click()
      const dialog = page.getByRole('dialog')
      await fill?.(dialog)
      await dialog.getByRole('button', { name, exact: true }).click()
      await dialog.waitFor({ state: 'detached' })
    }
    const stands = ({ page }: Seat, status: string) =>
      page.locator('.head .status', { hasText: new RegExp(`^${status}$`) }).waitFor()
    const moves = ({ page }: Seat, state: string) =>
      page.getByRole('img', { name: `State machine; now: ${state}` }).waitFor()

    it('which another person approves, whom the inbox shows it beside what else waits', async () => {
      const { body } = await operator.write<{ readonly upgradeId: string }>('/api/upgrades/deploy', {
        ...{ component, version: 'v1.1.0', strategy: 'all', approvals: { required: 1 } },
      })
      await second.page.goto(`${url}/console#/approvals`)
      const other = second.page.locator('.card').filter({ hasText: `Approve: ${component} v1.1.0` })
      await other.getByText(`${component} v1.1.0 is held back.`).waitFor()
      await other.getByText('Nobody who was selected is left out.').waitFor()
      await other.getByText(/differences? to the last plan/).waitFor()
      await other.getByRole('row').last().scrollIntoViewIfNeeded()
      await picture(second, 'approvals')
      await operator.post(`/api/upgrades/${body.upgradeId}/abort`, {})
      const entry = second.page.locator('.card').filter({ hasText: 'Approve: Two nodes' })
      await entry.getByText('Nobody who was selected is left out.').waitFor()
      await entry.getByRole('link', { name: 'Look at it' }).click()
      await first.page.goto(`${url}/console#/rollouts/${rollout}`)
      await moves(first, 'Await approval')
      expect(await first.page.getByRole('button', { name: 'Approve' }).count()).toBe(0)
      await act(second, 'Approve')
      await stands(second, 'in progress')
      expect(await second.page.getByRole('button', { name: 'Reject' }).count()).toBe(0)
    })

    it('is paused, and resumed', async () => {
      await moves(first, 'Await the phases')
      await act(first, 'Pause', (dialog) => dialog.getByLabel('Reason').fill('lunch'))
      await stands(first, 'paused')
      await first.page.getByRole('list', { name: 'Holds' }).getByText('lunch').waitFor()
      await act(first, 'Resume')
      await stands(first, 'in progress')
    })

    it('whose procedure is a graph: what is done, what waits for a person, and the way back', async () => {
      const { page } = second
      await page.goto(`${url}/console#/targets/${ring}`)
      await page
        .getByRole('img', { name: 'Steps of the procedure; now: Ask whether it is empty, held' })
        .waitFor({ timeout: 30_000 })
      const node = (name: string) => page.locator('.graph .node').filter({ hasText: name })
      expect(await node('Drain').getAttribute('class')).toContain('good')
      expect(await node('Ask whether it is empty').getAttribute('class')).toContain('waits')
      for (const name of ['Replace', 'Restore', 'Take work again', 'Taken back'])
        expect([name, await node(name).getAttribute('class')]).toEqual([
          name,
          expect.stringContaining('quiet'),
        ])
      expect(await page.locator('.graph .line.caught').count()).toBe(4)
      await page.getByText('It waits for a person: Does nothing run there?').waitFor({ timeout: 30_000 })
      await picture(second, 'procedure')
      await act(second, 'It may go on')
      await page
        .getByRole('img', { name: 'Steps of the procedure', exact: true })
        .waitFor({ timeout: 30_000 })
      await page.locator('.graph .node.end.odd', { hasText: 'Taken back' }).waitFor()
      expect(await node('Replace').getAttribute('class')).toContain('bad')
      expect(await page.locator('.graph .line.caught.taken').count()).toBe(1)
    })

    it('goes on when somebody lets it, although a phase did not end well', async () => {
      await moves(first, 'Await a person')
      await act(first, 'Continue', async (dialog) => {
        expect(await dialog.getByLabel('Phase').inputValue()).toBe(ring)
        await dialog.getByLabel('Reason').fill('the other one matters')
      })
      await first.page.locator('.head .status', { hasText: 'completed' }).waitFor({ timeout: 30_000 })
    })

    it('and one phase of it is taken back, as a rollout of its own', async () => {
      await act(first, 'Roll back', (dialog) => dialog.getByLabel('Phase').selectOption(node))
      await first.page.waitForURL((now) => !now.hash.includes(rollout))
      await first.page.locator('.head .status', { hasText: 'completed' }).waitFor({ timeout: 30_000 })
      expect(await first.page.locator('.phase').count()).toBe(1)
      const { components } = await operator.read<{ readonly components: object }>(`/api/v1/targets/${node}`)
      expect(components).toEqual({ [node]: 'v1.0.0' })
    })
  })

  it('windows that come are shown, and the days on which a calendar is closed', async () => {
    const { page } = second
    const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)
    const [before, closed, after] = [inDays(2), inDays(3), inDays(4)]
    const calendar = `${component}-freeze`
    await operator.send('PUT', `/api/v1/calendars/${calendar}`, {
      body: { kind: 'dates', timezone: 'UTC', dates: [{ date: closed, name: 'Inventory' }] },
    })
    const { body } = await operator.write<{ readonly id: string }>('/api/v1/upgrade-profiles', {
      name: 'Every night',
      schedule: {
        ...{ cron_expression: '30 2 * * *', timezone: 'UTC', maintenance_window_hours: 2 },
        calendars: [calendar],
      },
      upgrade_settings: {
        ...{ target_version: 'latest', pre_upgrade_checks: false, rollback_on_failure: false },
        parallel_upgrades: 1,
      },
      resource_filters: { resource_types: [component] },
    })
    await page.goto(`${url}/console#/profiles`)
    const day = (date: string) =>
      page.locator('.day').filter({ has: page.locator(`time[datetime="${date}"]`) })
    await day(closed).getByText('closed: Inventory').waitFor()
    for (const [date, windows] of [
      [before, 1],
      [closed, 0],
      [after, 1],
    ] as const) {
      const links = day(date).getByRole('link', { name: '02:30 Every night' })
      expect([date, await links.count()]).toEqual([date, windows])
    }
    await page.locator('.day a', { hasText: '02:30 Every night' }).first().click()
    await page.getByText(calendar).waitFor()
    expect(decodeURIComponent(new URL(page.url()).hash)).toBe(`#/profiles/${body.id}`)
  })

  it('no name that somebody chose becomes markup, on any page', async () => {
    const evil = '"><img src=x onerror="window.taken=1"><script>window.taken=1</script>'
    const admin = machine.person('admin-1', 'admin')
    const [id = ''] = ids
    await operator.send('PATCH', `/api/v1/targets/${id}`, { body: { tags: { owner: evil } } })
    await operator.write(`/api/v1/targets/${id}/pin`, { reason: evil })
    await operator.write('/api/v1/releases', {
      ...{ component, version: 'v1.2.0', digest: `sha256:${'5d'.repeat(32)}`, notes: evil },
    })
    await operator.write(`/api/v1/releases/${component}/v1.2.0/block`, { reason: evil })
    await operator.write('/api/v1/upgrade-profiles', {
      ...{ name: evil, description: evil },
      schedule: { cron_expression: '0 2 * * 0', timezone: 'UTC', maintenance_window_hours: 4 },
      upgrade_settings: {
        ...{
          target_version: 'latest',
          pre_upgrade_checks: false,
          rollback_on_failure: false,
          parallel_upgrades: 1,
        },
      },
      resource_filters: { resource_types: [component] },
    })
    const policy = { description: evil, selector: { components: [component] } }
    await admin.send('PUT', `/api/v1/policies/${component}`, { body: policy })
    const { body } = await operator.write<{ readonly upgradeId: string }>('/api/upgrades/deploy', {
      ...{ component, version: 'v1.1.0', strategy: 'all', approvals: { required: 1 }, reason: evil },
    })
    const { page, complaints } = await sitDown(browser, url, 'operator-2')
    for (const place of [
      ...['upgrades', `upgrades/${body.upgradeId}`, 'approvals', `targets/${id}`, 'targets'],
      ...['profiles', 'releases', 'policies', 'rollouts', 'stop', 'plan', encodeURIComponent(evil)],
      'notifications',
    ]) {
      await goTo(page, url, place)
      const found = await page.evaluate(
        '[document.querySelectorAll("main img, main script").length, window.taken]',
      )
      expect([place, found]).toEqual([place, [0, undefined]])
    }
    await operator.post(`/api/upgrades/${body.upgradeId}/abort`, {})
    expect(complaints).toEqual([])
  })

  it.each([
    ['light', 1280],
    ['dark', 1280],
    ['light', 390],
  ] as const)(
    'every page is readable by all: axe finds nothing in %s at %i pixels',
    async (colorScheme, width) => {
      const seat = await sitDown(browser, url, 'operator-1', '', {
        colorScheme,
        viewport: { width, height: 900 },
      })
      const { page, complaints } = seat
      const found: string[] = []
      for (const place of [
        ...[
          'upgrades',
          `upgrades/${upgrade}`,
          'plan',
          'approvals',
          'targets',
          `targets/${ids[1]}`,
          `targets/${ring}`,
          'rollouts',
          `rollouts/${rollout}`,
        ],
        ...['profiles', 'releases', 'policies', 'analytics', 'stop', 'notifications'],
      ]) {
        await goTo(page, url, place)
        found.push(...(await findingsOf(page)).map((finding) => `${place}: ${finding}`))
        // Nothing is wider than the page: what is scrolls by itself.
        const over = await page.evaluate(
          'document.documentElement.scrollWidth > document.documentElement.clientWidth',
        )
        if (over) found.push(`${place}: is wider than ${width} pixels`)
      }
      expect(found).toEqual([])
      expect(complaints).toEqual([])
      await page.context().close()
    },
  )

  it('no token and no code is left in an address, in the history, or with the next tab', async () => {
    const { page } = first
    const left = await page.evaluate(
      '[location.search, JSON.stringify({ ...localStorage }), document.cookie]',
    )
    expect(left).toEqual(['', '{}', ''])
    const entries = await page.evaluate('performance.getEntriesByType("resource").map(({ name }) => name)')
    expect(JSON.stringify(entries)).not.toMatch(/eyJ|code=|access_token/)
    const other = await page.context().newPage()
    await other.goto(`${url}/console`)
    await other.getByRole('button', { name: 'Sign in' }).waitFor()
    await other.close()
  })

  it('a page of somebody else cannot frame it', async () => {
    const page = await browser.newPage()
    const frames = `<iframe src="${url}/console"></iframe>`
    await page.route('http://elsewhere.test/', (route) =>
      route.fulfill({ contentType: 'text/html', body: frames }),
    )
    await page.goto('http://elsewhere.test/')
    const text = await page
      .frames()[1]
      ?.evaluate('document.body?.textContent ?? ""')
      .catch(() => '')
    expect(text).not.toContain('Staged upgrades')
    await page.close()
  })

  it('a sign-in that was not begun in this tab signs nobody in', async () => {
    const page = await browser.newPage()
    await page.goto(`${url}/console?code=${'a'.repeat(43)}&state=${'b'.repeat(43)}`)
    await page.getByText('This sign-in was not begun here.', { exact: false }).waitFor()
    expect(page.url()).toBe(`${url}/console`)
    await page.close()
  })

  it('the reference tells every operation of the description', async () => {
    const page = await browser.newPage()
    const complaints: string[] = []
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
    await page.goto(`${url}/reference`)
    await page.locator('#deployUpgrade summary').click()
    await page.locator('#deployUpgrade').getByText('canaryPercent').first().waitFor()
    const described = (await (await fetch(`${url}/openapi.json`)).json()) as { paths: Record<string, object> }
    const operations = Object.values(described.paths).flatMap((one) => Object.keys(one))
    expect(await page.locator('details.operation').count()).toBe(operations.length)
    expect([await findingsOf(page), complaints]).toEqual([[], []])
    await page.close()
  })
})
