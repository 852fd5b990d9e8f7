import { leftOutWords } from '../../../contracts/phrases.ts'
import { misused } from '../failure.ts'
import type { Given } from '../given.ts'
import type { Session, Work } from '../session.ts'
import { optional, thresholdOf, windowOf } from './request.ts'
import { type Subject, subjectOf } from './subject.ts'
import { toldOrWatched } from './watch.ts'

/** What a write was answered with, as far as it is said. */
interface Written {
  readonly body: { readonly message: string }
  readonly commit: string | null
}

function told(session: Session, given: Given, id: string, { body, commit }: Written) {
  const say = () => session.console.say(body.message, 'good')
  return toldOrWatched(session, given, { id, body, commit }, say)
}

type ByKind = { readonly [Kind in Subject['kind']]: () => Promise<Written> }

/** Writes to an upgrade, or to a rollout, whichever has the id that was given. */
async function written(session: Session, given: Given, byKind: ByKind) {
  const id = given.word(0)
  const { kind } = await subjectOf(session.api, id)
  return told(session, given, id, await byKind[kind]())
}

/** Lets the next wave begin, or what depends on a part of a rollout. */
export const goOn: Work = (session, given) => {
  const { api } = session
  const params = { id: given.word(0) }
  const after = given.text('after')
  const reason = given.text('reason')
  return written(session, given, {
    upgrade: () => {
      if (after !== undefined || reason !== undefined)
        throw misused('--after and --reason are for rollouts; an upgrade is continued as it is.')
      return api.call('continueUpgrade', { params, body: {} })
    },
    rollout: () => {
      if (after === undefined || reason === undefined)
        throw misused(
          'A rollout is continued after a part of it, with a reason.',
          `Next: drydock explain ${params.id}, then drydock continue ${params.id} --after NAME --reason WHY`,
        )
      return api.call('continueRollout', { params, body: { phase: after, reason } })
    },
  })
}

/** Rejects a run that waits for approval. */
export const reject: Work = (session, given) => {
  const asked = { params: { id: given.word(0) }, body: { reason: given.text('reason') ?? '' } }
  return written(session, given, {
    upgrade: () => session.api.call('rejectUpgrade', asked),
    rollout: () => session.api.call('rejectRollout', asked),
  })
}

/** Lets nothing new begin. */
export const pause: Work = (session, given) => {
  const asked = { params: { id: given.word(0) }, body: optional({ reason: given.text('reason') }) }
  return written(session, given, {
    upgrade: () => session.api.call('pauseUpgrade', asked),
    rollout: () => session.api.call('pauseRollout', asked),
  })
}

/** Lets a run go on. */
export const resume: Work = (session, given) => {
  const params = { id: given.word(0) }
  const failed = given.number('seenFailed')
  const unreachable = given.number('seenUnreachable')
  const window = windowOf(given.text('window'))
  const seen = failed !== undefined || unreachable !== undefined
  return written(session, given, {
    upgrade: () => {
      const acknowledge = seen ? { failed: failed ?? 0, unreachable: unreachable ?? 0 } : undefined
      return session.api.call('resumeUpgrade', { params, body: optional({ window, acknowledge }) })
    },
    rollout: () => {
      if (seen || window)
        throw misused(
          'What has failed, and windows, are of the upgrades of a rollout: resume the one that has stopped.',
          `Next: drydock explain ${params.id}`,
        )
      return session.api.call('resumeRollout', { params, body: {} })
    },
  })
}

/** Ends a run early. */
export const abort: Work = (session, given) => {
  const body = optional({ reason: given.text('reason'), rollBack: given.choice('rollBack') })
  const asked = { params: { id: given.word(0) }, body }
  return written(session, given, {
    upgrade: () => session.api.call('abortUpgrade', asked),
    rollout: () => session.api.call('abortRollout', asked),
  })
}

function tempoOf(given: Given) {
  return optional({
    parallel: given.number('parallel'),
    batchSize: given.number('batchSize'),
    failureThreshold: thresholdOf(given.text('failureThreshold')),
    window: windowOf(given.text('window')),
    ignoreWindow: given.choice('ignoreWindow'),
  })
}

/** Takes back what a run has changed. What is watched then is the rollback. */
export const rollBack: Work = async (session, given) => {
  const { api } = session
  const id = given.word(0)
  const target = given.word(1)
  const because = (name: string) => {
    const reason = given.text(name)
    return reason === undefined ? undefined : { reason }
  }
  const body = {
    ...tempoOf(given),
    ...optional({
      reason: given.text('reason'),
      breakGlass: because('breakGlass'),
      toWithdrawn: because('toWithdrawn'),
    }),
  }
  const { kind } = await subjectOf(api, id)
  const phases = given.list('only')
  if (kind === 'rollout') {
    if (target !== '')
      throw misused(
        'One target is taken back from its upgrade, not from a rollout.',
        `Next: drydock status ${id}`,
      )
    const answer = await api.call('rollBackRollout', {
      params: { id },
      body: { ...body, ...(phases.length > 0 && { phases: [...phases] }) },
    })
    return toldOfChild(session, given, answer.body.rolloutId, answer)
  }
  if (phases.length > 0) throw misused('--only is for rollouts; of an upgrade name the target.')
  const answer =
    target === ''
      ? await api.call('rollBackUpgrade', { params: { id }, body })
      : await api.call('rollBackCustomer', { params: { id, customerId: target }, body })
  return toldOfChild(session, given, answer.body.upgradeId, answer)
}

/** Tries again what has failed. */
export const retry: Work = async (session, given) => {
  const include: 'skipped'[] | undefined = given.has('skipped') ? ['skipped'] : undefined
  const body = { ...tempoOf(given), ...optional({ reason: given.text('reason'), include }) }
  const answer = await session.api.call('retryFailed', { params: { id: given.word(0) }, body })
  return toldOfChild(session, given, answer.body.upgradeId, answer)
}

interface ChildWritten extends Written {
  readonly body: Written['body'] & { readonly leftOutCounts?: Readonly<Record<string, number>> }
}

function toldOfChild(session: Session, given: Given, child: string, { body, commit }: ChildWritten) {
  const { console } = session
  const say = () => {
    console.say(body.message, 'good')
    console.say(`  it is a run of its own: ${child}`)
    for (const words of leftOutWords(body.leftOutCounts)) console.say(`  left out  ${words}`, 'careful')
  }
  return toldOrWatched(session, given, { id: child, body, commit }, say, { beginsLater: true })
}

/** Leaves out one target. */
export const skip: Work = async (session, given) => {
  const params = { id: given.word(0), targetId: given.word(1) }
  return told(session, given, params.id, await session.api.call('skipTarget', { params, body: {} }))
}

/** Ends the watch over a wave before its time. */
export const endBake: Work = async (session, given) => {
  const asked = { params: { id: given.word(0) }, body: { reason: given.text('reason') ?? '' } }
  return told(session, given, given.word(0), await session.api.call('endBake', asked))
}
