import { execFileSync } from 'node:child_process'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { openVersions } from '../../../clients/agent/versions.ts'

/** Has what is synchronised noted from now on, by its inode. */
async function noting(file: string, note: (inode: number) => void): Promise<void> {
  const handle = await open(file)
  const methods: Pick<FileHandle, 'sync'> = Object.getPrototypeOf(handle)
  await handle.close()
  const { sync } = methods
  methods.sync = async function (this: FileHandle) {
    note((await this.stat()).ino)
    return sync.call(this)
  }
  onTestFinished(() => {
    methods.sync = sync
  })
}

it('has every file and folder of a version on disk before its folder has its name', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'drydock-versions-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const source = join(directory, 'source')
  mkdirSync(join(source, 'a/b'), { recursive: true })
  for (const name of ['one', 'a/two', 'a/b/three']) writeFileSync(join(source, name), name)
  symlinkSync('nowhere', join(source, 'a/link'))
  // Who opens it would wait for ever.
  execFileSync('mkfifo', [join(source, 'a/pipe')])
  const [archive, single] = [join(directory, 'archive.tar'), join(directory, 'single')]
  execFileSync('tar', ['--create', '--file', archive, '--directory', source, '.'])
  writeFileSync(single, 'single')
  const versions = openVersions(directory)
  const folder = versions.folder('1.0.0')
  const synced = new Set<number>()
  await noting(single, (inode) => {
    expect(existsSync(folder)).toBe(false)
    synced.add(inode)
  })
  await versions.make('1.0.0', null, [
    { name: 'tree', file: archive, unpack: true },
    { name: 'single', file: single, unpack: false },
  ])
  const all = ['', ...readdirSync(folder, { recursive: true, encoding: 'utf8' })].map((name) =>
    join(folder, name),
  )
  const kept = all.filter((path) => lstatSync(path).isFile() || lstatSync(path).isDirectory())
  expect(kept).toHaveLength(9)
  expect(kept.filter((path) => !synced.has(lstatSync(path).ino))).toEqual([])
})
