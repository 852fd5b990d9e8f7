import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { exitCodes } from '../exit-codes.ts'
import { misused } from '../failure.ts'
import type { Work } from '../session.ts'
import { reasonOf } from './files.ts'

/** No pack has more: the verifier reads none that has. */
const mostParts = 10_000

/** Returns the name of a part's file. An id is no path, whatever is written in it. */
const nameOf = (id: string, part: number) =>
  `evidence-${id.replaceAll(/[^\w-]/g, '_')}-${String(part).padStart(4, '0')}.zip`

/** Takes away what proves an upgrade: each part to a file of its own, which is there when all of it is. */
export const evidence: Work = async ({ api, console, json }, given) => {
  const id = given.word(0)
  const directory = given.text('out') ?? '.'
  const files: string[] = []
  let part: string | undefined
  try {
    await mkdir(directory, { recursive: true })
    do {
      const answer = await api.call('getEvidence', { params: { id }, query: { part } })
      const file = join(directory, nameOf(id, files.length + 1))
      await writeFile(`${file}.part`, Buffer.from(answer.body, 'latin1'))
      await rename(`${file}.part`, file)
      files.push(file)
      part = answer.next ?? undefined
    } while (part !== undefined && files.length < mostParts)
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error
    throw misused(`${directory} does not take the evidence: ${reasonOf(error)}.`)
  }
  if (json) {
    console.json({ upgradeId: id, files })
    return exitCodes.done
  }
  for (const file of files) console.say(file)
  const all = files.length === 1 ? files[0] : join(directory, nameOf(id, 1).replace('0001', '*'))
  // Elsewhere npx would ask the registry for a package of that name, whoever has published it.
  console.say(`Next, in a clone of the project: npm run -s verify -- ${all} --key FILE`, 'quiet')
  return exitCodes.done
}
