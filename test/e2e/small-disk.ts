import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'

/** Those in which a program may mount: its own, in which it is root. */
export const namespaces = ['--user', '--map-root-user', '--mount']

/** Whether this machine lets a test have a disk of its own: some containers forbid it. */
export const mayMount =
  spawnSync('unshare', [...namespaces, 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0

/** What a program said, and how it ended. */
export interface Ended {
  readonly code: number | null
  readonly said: string
}

/** A program that runs on the small disk. */
export interface Program {
  readonly child: ChildProcess
  /** What it has said so far. */
  said(): string
  readonly ended: Promise<Ended>
}

/** A disk of a few megabytes on a directory, which only the programs see that are started through it. */
export class SmallDisk {
  readonly directory: string
  readonly #holder: ChildProcess

  private constructor(directory: string, holder: ChildProcess) {
    this.directory = directory
    this.#holder = holder
  }

  /** Mounts a disk of so many megabytes on an empty directory, with copies of the files named. */
  static async mount(directory: string, megabytes: number, files: readonly string[]): Promise<SmallDisk> {
    const mount = `mount -t tmpfs -o size=${megabytes}m tmpfs "$0" && cp -r "$@" "$0" && echo mounted && exec cat`
    // The disk lasts as long as this process, which waits for the end of its input.
    const holder = spawn('unshare', [...namespaces, 'sh', '-c', mount, directory, ...files], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    await Promise.race([
      once(holder.stdout, 'data'),
      once(holder, 'exit').then(([code]) => {
        throw new Error(`The disk cannot be mounted (exit code ${code}).`)
      }),
    ])
    return new SmallDisk(directory, holder)
  }

  /** Starts a program that sees the disk; its working directory is the root. */
  start(program: string, ...args: readonly string[]): Program {
    const seen = ['--user', '--mount', '--preserve-credentials', '--target', String(this.#holder.pid)]
    const child = spawn('nsenter', [...seen, '--', program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    const listen = (chunk: Buffer) => {
      said += chunk.toString()
    }
    child.stdout.on('data', listen)
    child.stderr.on('data', listen)
    const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, said })) // Node's own form
    return { child, said: () => said, ended }
  }

  /** Runs a program to its end. */
  run(program: string, ...args: readonly string[]): Promise<Ended> {
    return this.start(program, ...args).ended
  }

  /** Takes all the space that is left. */
  async fill(): Promise<void> {
    await this.run('sh', '-c', 'cat /dev/zero > "$0/filler"', this.directory)
  }

  /** Gives the space back. */
  async free(): Promise<void> {
    await this.run('rm', `${this.directory}/filler`)
  }

  async unmount(): Promise<void> {
    const gone = once(this.#holder, 'exit')
    this.#holder.stdin?.end()
    await gone
  }
}
