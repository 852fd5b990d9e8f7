import { execFile } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A copy of the working tree in which a bug may live. */
export interface Tree {
  readonly directory: string
  /** Returns the files that a patch changes, by their paths in the tree. */
  filesOf(patch: string): Promise<readonly string[]>
  /** Applies a patch. Rejects with what git says when it does not fit the present code. */
  apply(patch: string): Promise<void>
  /** Takes back a patch that was applied. */
  takeBack(patch: string): Promise<void>
  remove(): Promise<void>
}

/** Copies every tracked file, as it is in the working tree, beside the modules that are installed there. */
export async function copyOf(root: string): Promise<Tree> {
  const { stdout } = await run('git', ['ls-files', '-z'], { cwd: root, maxBuffer: 16 << 20 })
  const directory = await mkdtemp(join(tmpdir(), 'drydock-bug-'))
  for (const file of stdout.split('\0').filter(Boolean)) {
    await mkdir(dirname(join(directory, file)), { recursive: true })
    // A file that is deleted in the working tree is still tracked until that is committed.
    await copyFile(join(root, file), join(directory, file)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error
    })
  }
  await symlink(join(root, 'node_modules'), join(directory, 'node_modules'))
  // Inside of a repository git would take the paths as that repository's, and leave out what is beyond them.
  const env = { ...process.env, GIT_CEILING_DIRECTORIES: dirname(directory) }
  const git = async (...argv: string[]) => (await run('git', argv, { cwd: directory, env })).stdout
  return {
    directory,
    async filesOf(patch) {
      const counted = await git('apply', '--numstat', '-z', patch)
      return counted
        .split('\0')
        .filter(Boolean)
        .map((line) => line.split('\t')[2] ?? '')
    },
    async apply(patch) {
      await git('apply', patch)
    },
    async takeBack(patch) {
      await git('apply', '--reverse', patch)
    },
    remove: () => rm(directory, { recursive: true, force: true }),
  }
}
