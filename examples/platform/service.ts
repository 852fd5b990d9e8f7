import { randomBytes } from 'node:crypto'
import { before, type ServiceName } from './layout.ts'

/** What went wrong on the other side of a call, as it is answered. */
export class Wrong extends Error {
  override readonly name = 'Wrong'
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** What is answered. */
export type Answer = Readonly<Record<string, unknown>>

interface Installed {
  readonly version: string
  readonly configuration: Buffer
}

/** How a service is when it runs the new version: as it should be, or not, in one of two ways of saying so. */
export type Illness = 'unhealthy' | 'down' | null

/**
 * One service of a node: a binary of a version with a configuration, which a newer binary rewrites. It remembers nothing of the calls that it was sent: what is
 * sent twice is done twice, and counted.
 */
export class Service {
  readonly name: ServiceName
  readonly done: Record<string, number> = {}
  illness: Illness = null
  /** How often it was made another version than it was. */
  #installed: Installed
  #runs = true
  readonly #backups = new Map<string, Installed>()

  constructor(name: ServiceName) {
    this.name = name
    const key = randomBytes(24).toString('base64')
    // Bytes, not text: what is restored has to be the same, and not to mean the same.
    const secret = Buffer.concat([Buffer.from(`# ${name}\nKEY=${key}\n`), randomBytes(16)])
    this.#installed = { version: before, configuration: secret }
  }

  get version(): string {
    return this.#installed.version
  }

  get runs(): boolean {
    return this.#runs
  }

  get configuration(): Buffer {
    return this.#installed.configuration
  }

  set configuration(configuration: Buffer) {
    this.#installed = { ...this.#installed, configuration }
  }

  /** Carries out one call and returns its answer. Throws Wrong. */
  call(what: string, body: Answer): Answer {
    const act = {
      health: () => this.#health(),
      installed: () => ({ version: this.version }),
      stop: () => this.#set(false),
      start: () => this.#set(true),
      backup: () => this.#backUp(),
      replace: () => this.#replace(String(body.version)),
      restore: () => this.#restore(String(body.from)),
    }[what]
    if (!act) throw new Wrong(404, `A service does not know ${what}.`)
    const answer = act()
    this.done[what] = (this.done[what] ?? 0) + 1
    return answer
  }

  #health(): Answer {
    if (!this.#runs) throw new Wrong(503, `${this.name} does not run.`)
    const ill = this.version === before ? null : this.illness
    if (ill === 'down') throw new Wrong(503, `${this.name} cannot reach its database.`)
    return { service: this.name, version: this.version, status: ill ?? 'healthy' }
  }

  #set(runs: boolean): Answer {
    this.#runs = runs
    return { running: runs }
  }

  #backUp(): Answer {
    const path = `/var/backups/${this.name}/${this.#backups.size + 1}`
    this.#backups.set(path, this.#installed)
    return { path, version: this.version }
  }

  #replace(version: string): Answer {
    if (this.#runs) throw new Wrong(409, `${this.name} runs: stop it first.`)
    const configuration = Buffer.concat([this.configuration, Buffer.from(`\nSCHEMA=${version}\n`)])
    this.#installed = { version, configuration }
    return { version }
  }

  #restore(path: string): Answer {
    const kept = this.#backups.get(path)
    if (!kept) throw new Wrong(404, `There is no backup ${path}.`)
    if (this.#runs) throw new Wrong(409, `${this.name} runs: stop it first.`)
    this.#installed = kept
    return { version: kept.version }
  }
}
