import { forced, neverForced, sickOperator, wrongBase } from './faults.ts'
import { after, before } from './layout.ts'
import { allWell, heldAgain, phaseIn, retryFailed, stepsOf, tellSteps, verified, watched } from './reading.ts'
import type { Rollout, Scene } from './scene.ts'
import type { PlatformReport } from './servers.ts'
import { follow, isHeld } from './story.ts'
import { type Finding, heldAt, takenBack, touchedBy, upgraded } from './verdict.ts'

/** A rollout that was approved, and how the servers were before it. */
export interface Begun {
  readonly id: string
  readonly first: PlatformReport
  readonly order: readonly string[]
}

/** What comes to pass; returns what is true of it at its end. */
export type Act = (scene: Scene, begun: Begun) => Promise<Finding[]>

/** Everything goes well. */
export const runs: Act = async (scene, { id, first, order }) => {
  const followed = await follow(scene, id, isHeld)
  const report = await scene.servers.report()
  return [
    ...allWell(followed),
    ...upgraded(first, report, order),
    await verified(scene, report),
    await watched(scene, id),
  ]
}

/** Two workers never drain: one is forced after its deadline, as its tag allows; the other keeps its instances, and its phase holds. */
export const neverDrains: Act = async (scene, { id, first }) => {
  const { rollout } = await follow(scene, id, isHeld)
  const { steps } = await tellSteps(scene, neverForced)
  const statusOf = (name: string) => steps.find(({ step }) => step === name)?.status
  const report = await scene.servers.report()
  const nodeOf = (name: string) => report.nodes.find((node) => node.name === name)
  const agents = phaseIn(rollout, 'node agents')
  return [
    [
      'the phase of the node agents holds, with one failed',
      agents.status === 'paused' && agents.failed === 1,
    ],
    [`${forced} was forced, and upgraded`, nodeOf(forced)?.services[0]?.version === after],
    [`${neverForced} was not forced`, statusOf('force') === 'skipped' && statusOf('empty') === 'failed'],
    [`${neverForced} keeps its instances`, (nodeOf(neverForced)?.instances ?? 0) >= 3],
    ...heldAt(first, report, { asBefore: [neverForced], never: ['edge-proxy/stop'] }),
  ]
}

/** An operator is not well with the new version: it takes its way back, and the phase holds. */
export const unhealthy: Act = async (scene, { id, first }) => {
  const { rollout } = await follow(scene, id, isHeld)
  const { outcome } = await tellSteps(scene, sickOperator)
  const report = await scene.servers.report()
  const operators = phaseIn(rollout, 'operators')
  const replaced = touchedBy(report, ['operator/replace']).size
  return [
    [
      'the phase of the operators holds, with one failed',
      operators.status === 'paused' && operators.failed === 1,
    ],
    [`${sickOperator} was taken back`, outcome === 'rolled_back'],
    ['nobody was begun after it', replaced === operators.completed + 1],
    ...heldAt(first, report, { asBefore: [sickOperator], never: ['drain', 'edge-proxy/stop'] }),
  ]
}

/** An operator falls ill when its own phase is long over: the verification finds it, and all of it is taken back. */
export const illLater: Act = async (scene, { id, first }) => {
  const { rollout } = await follow(scene, id, isHeld)
  const { steps } = await tellSteps(scene, sickOperator)
  const controls = steps.find(({ step }) => step === 'controls')
  const services = phaseIn(rollout, 'services')
  const all = first.nodes.length
  return [
    [
      `the report counts ${all - 1} of ${all} nodes as well, and one as not`,
      services.completed === all - 1 && services.failed === 1,
    ],
    [
      `it names ${sickOperator}, and what it answered`,
      controls?.status === 'failed' && controls.output?.includes('Operator: Answered 503') === true,
    ],
    [
      'the upgrade does not pass',
      rollout.completedAt === null && phaseIn(rollout, 'customer applications').status === 'waiting',
    ],
    ...(await takeBack(scene, { id, first })),
  ]
}

/** The database is not at the version that the plan expects: nothing of it is changed. */
export const wrongBaseVersion: Act = async (scene, { id, first }) => {
  const { rollout } = await follow(scene, id, isHeld)
  await tellSteps(scene, 'database')
  const report = await scene.servers.report()
  const { version, done, content } = report.database
  const never = ['operator/stop', 'drain', 'edge-proxy/stop']
  return [
    ['the phase of the database does not pass', phaseIn(rollout, 'database').failed === 1],
    [`the schema is ${wrongBase} still`, version === wrongBase && content === first.database.content],
    ['no migration was tried', done.migrate === undefined && done['migrate-back'] === undefined],
    ...heldAt(first, report, { asBefore: first.nodes.map(({ name }) => name), never }),
  ]
}

/** A region is cut off before its turn: its first node is found out of reach, the phase holds; connected again, it is carried on with. */
export const regionCut: Act = async (scene, { id, first, order }) => {
  const { servers, screen, operator } = scene
  const region = 'eu-west'
  let isCut = false
  const cutIt = async (rollout: Rollout) => {
    const { completed, inProgress, status } = phaseIn(rollout, 'node agents')
    if (isCut || status !== 'in_progress' || completed === 0 || inProgress > 0) return
    const { nodes } = await servers.report()
    if (
      nodes.some(
        (one) =>
          one.region === 'us-east' &&
          one.services.some((service) => service.name === 'node-agent' && service.version === before),
      )
    )
      return
    isCut = true
    screen.say(`network     ${region} is cut off`)
    await servers.cut(region, true)
  }
  const held = (await follow(scene, id, isHeld, cutIt)).rollout
  const agents = phaseIn(held, 'node agents')
  await tellSteps(scene, `${region}-worker-1`)
  const then = await servers.report()
  const found: Finding[] = [
    ['the phase of the node agents held, with one failed', agents.status === 'paused' && agents.failed === 1],
    ...heldAt(first, then, {
      asBefore: then.nodes
        .filter((node) => node.region === region && node.type === 'worker-node')
        .map(({ name }) => name),
      never: ['edge-proxy/stop'],
    }),
  ]
  screen.say(`network     ${region} is connected again`)
  await servers.cut(region, false)
  // Who resumes says what was seen, so that nobody goes on over a failure that came in between.
  await operator('POST', `/api/upgrades/${agents.upgradeId}/resume`, {
    acknowledge: { failed: agents.failed, unreachable: 0 },
  })
  screen.say('operator-1  has looked, and resumes the phase')
  const ended = (await follow(scene, id, heldAgain())).rollout
  const { status, failed } = phaseIn(ended, 'node agents')
  found.push([
    'the phase ended with that exception, and held what comes after it',
    status === 'completed_with_exceptions' && failed === 1,
  ])
  await retryFailed(scene, agents.upgradeId)
  await operator('POST', `/api/v1/rollouts/${id}/continue`, {
    ...{ phase: agents.name, reason: 'the node that had failed was upgraded by a retry' },
  })
  screen.say('operator-1  lets the next phase begin')
  const { rollout } = await follow(scene, id, heldAgain())
  const report = await servers.report()
  return [
    ...found,
    ['the rollout is over', rollout.completedAt !== null],
    ...upgraded(first, report, order),
    await verified(scene, report),
  ]
}

/** A node dies over the call that replaces its operator: nobody knows whether it was done, so a person is asked. */
export const nodeDies: Act = async (scene, { id, first, order }) => {
  const { servers, screen, operator } = scene
  let asked = ''
  const answer = async () => {
    if (asked !== '') return
    const { nodes } = await servers.report()
    if (nodes.every(({ alive }) => alive)) return
    const { attempt, steps } = await stepsOf(scene, sickOperator)
    const held = steps.find(({ status }) => status === 'held')
    if (!held) return
    asked = held.step
    screen.say(`drydock     ${sickOperator}: ${held.ask}`)
    await servers.power(sickOperator)
    screen.say(`operator-1  finds ${sickOperator} without power, with ${before}, and starts it: again`)
    await operator('POST', `/api/v1/targets/${sickOperator}/steps/${held.step}/settle`, {
      ...{ attempt, as: 'again', reason: 'It had lost its power before anything was replaced.' },
    })
  }
  const { rollout } = await follow(scene, id, isHeld, answer)
  return [
    ['a person was asked, and about that step alone', asked === 'replace'],
    ['the rollout is completed', rollout.status === 'completed'],
    ...upgraded(first, await servers.report(), order),
  ]
}

/** The runtime is killed in every phase, and started again. */
export const killed: Act = async (scene, { id, first, order }) => {
  const kills = new Set<string>()
  const kill = async ({ phases }: Rollout) => {
    const running = phases.find(({ status }) => status === 'in_progress')
    if (!running || kills.has(running.name)) return
    kills.add(running.name)
    scene.screen.say(`kill -9     Drydock, in the phase "${running.name}"`)
    await scene.killRuntime()
  }
  const followed = await follow(scene, id, isHeld, kill)
  const { rollout } = followed
  return [
    ['it was killed in every phase', kills.size === rollout.phases.length],
    ...allWell(followed),
    ...upgraded(first, await scene.servers.report(), order),
  ]
}

/** The whole upgrade is taken back when it is done. */
export const rolledBack: Act = async (scene, { id, first, order }) => {
  const done = await runs(scene, { id, first, order })
  return [...done, ...(await takeBack(scene, { id, first }))]
}

/** Takes all of a rollout back, and returns what is true then. */
async function takeBack(scene: Scene, { id, first }: Pick<Begun, 'id' | 'first'>): Promise<Finding[]> {
  const { servers, operator, screen } = scene
  const since = Date.now()
  const back = await operator<{ rolloutId: string; message: string }>(
    'POST',
    `/api/v1/rollouts/${id}/rollback`,
    {
      ...{ reason: 'customers see errors', parallel: 1 },
    },
  )
  screen.say(`operator-1  ${back.message}`)
  // One that is not over is aborted first, and taken back when nothing of it runs any more.
  await follow(scene, id, ({ completedAt }) => completedAt !== null)
  const { rollout } = await follow(scene, back.rolloutId, () => false)
  return [
    ['the rollback is completed', rollout.status === 'completed'],
    ...takenBack(first, await servers.report(), since),
  ]
}
