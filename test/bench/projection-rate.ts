import { randomUUID } from 'node:crypto'
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { Commit } from '../../events/envelope.ts'
import { targetAggregate } from '../../functions/domain/target/aggregate.ts'
import { assignAttempt, attemptId } from '../../functions/domain/target/attempt.ts'
import { registerTarget } from '../../functions/domain/target/registration.ts'
import { acceptAttempt, finishAttempt } from '../../functions/domain/target/report.ts'
import type { TargetDecision } from '../../functions/domain/target/state.ts'
import { logOver } from '../../functions/log/append.ts'
import { dynamoStore } from '../../functions/log/dynamo.ts'
import { emptyFold } from '../../functions/log/fold.ts'
import { nextCommit } from '../../functions/log/next-commit.ts'
import { sideBySide } from '../../functions/side-by-side.ts'
import { openViewStore } from '../../functions/views/dynamo.ts'
import { openRunner } from '../../functions/views/runner.ts'
import { memoryParked } from '../../functions/work/parked.ts'

/** The lanes and the batches of the event source mapping, and as many writers. */
const lanes = 10
const batchSize = 100
const streams = 150

/** Commits a second in one round. */
export interface ProjectionRate {
  readonly append: number
  readonly projection: number
}

function story(id: string): readonly TargetDecision[] {
  const upgrade = randomUUID()
  const member = { upgrade, member: 0, n: 1 }
  return [
    registerTarget({
      facts: { type: 'customer', region: null, tags: {}, critical: false, namespace: id, gateway: null },
      components: { api: 'v1.1.0' },
      enrolment: null,
    }),
    assignAttempt({
      ...member,
      attempt: attemptId({ upgrade, target: id, n: 1 }),
      kind: 'deploy',
      component: 'api',
      from: 'v1.1.0',
      to: 'v1.2.0',
      digest: null,
      acceptBy: new Date(Date.now() + 3_600_000).toISOString(),
      seconds: 3600,
    }),
    acceptAttempt({}),
    finishAttempt({ status: 'completed', version: 'v1.2.0', code: null, retryable: false, output: null }),
  ]
}

/** Returns commits of many targets' upgrades, act by act, so that no two of a batch feed one row. */
function commitsOfTargets(): readonly Commit[] {
  const byAct: Commit[][] = []
  for (let stream = 0; stream < streams; stream++) {
    const id = randomUUID()
    let fold = emptyFold(targetAggregate)
    for (const [act, decide] of story(id).entries()) {
      const at = new Date().toISOString()
      const decision = decide(fold.state, at)
      if (!('events' in decision)) throw new Error(`The story of a target was refused at act ${act}.`)
      const metadata = { actor: 'bench', correlation: 'bench', commitId: randomUUID() }
      const next = nextCommit(targetAggregate, id, fold, decision.events, metadata, at)
      fold = next.fold
      byAct[act] ??= []
      byAct[act].push(next.commit)
    }
  }
  return byAct.flat()
}

/** Appends the same commits that the projector then folds, each with what runs side by side in the deployed stack. */
export async function projectionRates(
  client: DynamoDBClient,
  rounds = 6,
): Promise<readonly ProjectionRate[]> {
  const store = dynamoStore({ client, table: 'Log' })
  const log = logOver(store, { now: Date.now })
  const runner = openRunner({
    store: openViewStore({ client, table: 'Views' }),
    log,
    parked: memoryParked(Date.now),
    now: Date.now,
  })
  const measured: ProjectionRate[] = []
  for (let round = 0; round <= rounds; round++) {
    const commits = commitsOfTargets()
    const batches = Array.from({ length: Math.ceil(commits.length / batchSize) }, (_, number) =>
      commits.slice(number * batchSize, (number + 1) * batchSize),
    )
    const appending = performance.now()
    await sideBySide(commits, lanes, async (commit) => {
      await store.put(commit)
    })
    const projecting = performance.now()
    for (const batch of batches) {
      const postponed = await runner.project(batch)
      if (postponed.length > 0) throw new Error(`Projecting was put off: ${String(postponed[0]?.error)}`)
    }
    const ended = performance.now()
    const rate = (milliseconds: number) => (commits.length * 1000) / milliseconds
    if (round > 0)
      measured.push({ append: rate(projecting - appending), projection: rate(ended - projecting) })
  }
  return measured
}
