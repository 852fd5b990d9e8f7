import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { scratch } from './fixture.ts'

const script = fileURLToPath(new URL('../../infra/local/start.ts', import.meta.url))

function start(...args: readonly string[]): Promise<{ code: number | null; said: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
    child.once('close', (code) => resolve({ code, said }))
  })
}

describe('npm start', () => {
  it.each([
    [['--port', 'eighty'], /--port must be between 0 and 65535, not eighty/],
    [['--speed', '0'], /--speed must be a number above 0, not 0/],
    [['--colour', 'red'], /Unknown option '--colour'/],
    [['--data', script], /The data directory cannot be used/],
  ])('refuses %s and says what is wrong', async (args, message) => {
    const data = args[0] === '--data' ? [] : ['--data', scratch()]
    const { code, said } = await start(...data, ...args)
    expect(code).toBe(1)
    expect(said).toMatch(message)
    expect(said).not.toMatch(/ {4}at /)
  })
})
