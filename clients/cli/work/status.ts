import { backPhrase } from '../../../contracts/phrases.ts'
import { exitCodes } from '../exit-codes.ts'
import type { Work } from '../session.ts'
import { sayTable } from '../terminal/table.ts'
import { doneWords } from './counts.ts'
import { forecastOf } from './forecast.ts'
import { decisionOn } from './holds.ts'
import { sayOffered } from './offered.ts'
import { pages } from './pages.ts'
import { linesOf } from './shown.ts'
import { codeOf, standingOf } from './standing.ts'
import { subjectOf } from './subject.ts'

/** Shows where a run stands, and ends with the code that says so. */
export const status: Work = async ({ api, console, json }, given) => {
  const subject = await subjectOf(api, given.word(0), { at: given.text('at') })
  const stood = await standingOf(api, subject)
  const { standing } = stood
  if (json) console.json({ standing, ...subject.run })
  else {
    const at = given.text('at')
    const acting = at === undefined ? { decision: await decisionOn(api, subject) } : undefined
    for (const [line, tone] of linesOf(subject, stood, acting)) console.tellLine(line, tone)
    if (at === undefined) await sayOffered(api, console, subject)
    const isOver = standing !== 'runs' && standing !== 'waits'
    const words = isOver ? undefined : await forecastOf(api, subject, at)
    if (words !== undefined) console.tell('  forecast ', words, 'quiet')
  }
  return codeOf(standing)
}

/** Lists upgrades. */
export const list: Work = async ({ api, console, json }, given) => {
  const filters = {
    status: given.text('status'),
    component: given.text('component'),
    version: given.text('version'),
    kind: given.text('kind'),
    requestedBy: given.text('requestedBy'),
  }
  const limit = given.limit()
  const upgrades = await pages(limit, async (page) => {
    const { upgrades, nextCursor } = await api.read('listUpgrades', { query: { ...filters, ...page } })
    return { rows: upgrades, nextCursor }
  })
  if (json) {
    console.json({ upgrades, count: upgrades.length })
    return exitCodes.done
  }
  if (upgrades.length === 0) console.say('No upgrades.')
  else
    sayTable(
      console,
      ['id', 'component', 'version', 'status', 'done'],
      upgrades.map(({ id, kind, component, version, status, takenBackBy, ...counts }) => [
        ...[id, kind === 'deploy' ? component : `${component} ${kind}`, version],
        takenBackBy === null
          ? status
          : `${status}, ${backPhrase(takenBackBy.status)} ${takenBackBy.upgradeId}`,
        doneWords(counts),
      ]),
    )
  return exitCodes.done
}
