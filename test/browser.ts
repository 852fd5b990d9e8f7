import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'

/** Where Chromium may be: none is downloaded. */
const places = [
  ...(process.env.CHROMIUM ? [process.env.CHROMIUM] : []),
  ...['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'],
]

/** The browser at hand; undefined, which is said aloud: what only a browser can show is not looked at. */
export const browserAt = places.find((place) => existsSync(place))
if (browserAt === undefined) {
  console.warn(
    `\n\n  NOT TESTED: no Chromium is at ${places.join(', ')}, so the console is shown to no browser.\n  Install it (apt-get install chromium), or say where it is: CHROMIUM=/path\n\n`,
  )
}

/** Opens the browser. Only root has to do without its sandbox. */
export function openBrowser(): Promise<Browser> {
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  return chromium.launch({ executablePath: browserAt ?? '', args })
}

/** A person at the console, and what their browser complained of. */
export interface Seat {
  readonly page: Page
  /** Errors of scripts, and of the policy by which nothing else is loaded or run. */
  readonly complaints: readonly string[]
}

/** Notes of what a page's browser complains. */
export function watched(page: Page): Seat {
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  page.setDefaultTimeout(10_000)
  return { page, complaints }
}

/** Signs somebody in to the console, by the page of the local issuer, and shows a place in it. */
export async function sitDown(
  browser: Browser,
  url: string,
  user: string,
  place = '',
  options: BrowserContextOptions = {},
): Promise<Seat> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options })
  const seat = watched(await context.newPage())
  const { page } = seat
  await page.goto(`${url}/console${place}`)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('button', { name: new RegExp(`^${user} `) }).click()
  await page.locator('.who').waitFor({ state: 'attached' })
  return seat
}

/** Resolves when nothing of the page has changed for a tenth of a second: all that it reads is there. */
const unchanged = `new Promise((resolve) => {
  let timer = setTimeout(resolve, 100)
  new MutationObserver(() => {
    clearTimeout(timer)
    timer = setTimeout(resolve, 100)
  }).observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true })
})`

/**
 * Goes to a place in the console, and waits until that is shown whole. Where only the fragment of the address changes the browser loads
 * nothing, so that what is looked at before would be the page before, or one that awaits what it shows.
 */
export async function goTo(page: Page, url: string, place: string): Promise<void> {
  await page.goto(`${url}/console#/${place}`)
  const parts = place.split('/').map(decodeURIComponent).join('/')
  const shown = `main[data-place=${JSON.stringify(parts)}]:not([aria-busy]):not(:has(.loading))`
  await page.locator(shown).locator('h1').waitFor()
  await page.evaluate(unchanged)
}

const axe = readFileSync(
  fileURLToPath(new URL('../node_modules/axe-core/axe.min.js', import.meta.url)),
  'utf8',
)

/** Returns what axe finds wrong with the page as it is shown, a line each. */
export async function findingsOf(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe)
  const { violations } = await page.evaluate<{
    violations: readonly { id: string; nodes: readonly { html: string }[] }[]
  }>("axe.run({ resultTypes: ['violations'] })")
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`))
}
