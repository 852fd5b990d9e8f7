import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { basename } from 'node:path'

/**
 * Preloaded into a watchdog and all that it starts (`node --import`): kills its process in place of one change to the disk, once. Which one, is in
 * the file CUT_FILE: {id, role, at}; role is `watchdog`, or the command of an agent, and `at` counts its changes since the file is there.
 */
const file = process.env.CUT_FILE ?? ''
const [, program = '', command = ''] = process.argv
const role = basename(program).includes('watchdog') ? 'watchdog' : command

const { readFileSync, rmSync } = fs
let [known, count] = ['', 0]

function mayGoOn(): void {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    return
  }
  if (text === '') return
  if (text !== known) [known, count] = [text, 0]
  const cut: { readonly role: string; readonly at: number } = JSON.parse(text)
  if (cut.role !== role) return
  count++
  if (count !== cut.at) return
  rmSync(file)
  process.kill(process.pid, 'SIGKILL')
}

for (const module of [fs, fs.promises])
  for (const name of Object.keys(module).filter((one) =>
    /^(rename|symlink|rm|write|fsync|copyFile|mkdir)/.test(one),
  )) {
    if (/Stream|writev/i.test(name)) continue
    const before = Reflect.get(module, name)
    Reflect.set(module, name, (...given: unknown[]) => {
      mayGoOn()
      return Reflect.apply(before, module, given)
    })
  }
syncBuiltinESMExports()
