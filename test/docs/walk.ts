import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'

/** Commands of a page that a reader pastes, and what the page says they print. */
export interface Step {
  readonly commands: string
  readonly shown: string
}

/** Returns the blocks of shell of a page, in its order, each with the text that stands right below it. */
export function stepsOf(page: string): Step[] {
  const blocks = page.matchAll(/^```sh\n([\s\S]*?)^```\n(?:\n```text\n([\s\S]*?)^```\n)?/gm)
  return [...blocks].map(([, commands = '', shown = '']) => ({ commands, shown }))
}

/** Runs blocks one after the other in one shell, as if they were pasted; returns what each printed. */
export async function paste(shell: string, blocks: readonly string[], directory: string): Promise<string[]> {
  const mark = `-- ${randomUUID()} --`
  const child = spawn(shell, [], { cwd: directory, stdio: ['pipe', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
  child.stdin.end(blocks.map((block) => `${block}\necho '${mark}'\n`).join(''))
  await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  return said.split(`${mark}\n`).slice(0, -1)
}

const instant = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z`
const id = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'

/**
 * Returns the pattern of what a page shows: each answer may go on in the next line, after a space; `…` is left out; ids and instants are
 * others each time.
 */
export function patternOf(shown: string): RegExp {
  const text = shown.replaceAll(/\n +/g, '').trim()
  const escaped = text.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`)
  const open = escaped
    .replaceAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, id)
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:]+(?:\\\.\d+)?Z/g, instant)
    .replaceAll('…', '[\\s\\S]*')
  return new RegExp(`^${open}$`)
}
