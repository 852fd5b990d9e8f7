import type { targetUpgradeContracts } from '../../../contracts/target-upgrades.ts'
import type { ProcedureDocument, UpgradeState } from '../../../events/procedure.ts'
import { upgradeStateOf } from '../../domain/procedure/upgrade-state.ts'
import { type AttemptStory, toldOn } from '../../domain/target/story.ts'
import { lastAttempt, type ToldAttempt } from '../../facts/attempt-story.ts'
import { documentOf } from '../../facts/procedures.ts'
import type { Operate } from '../http/endpoint.ts'
import { registeredTarget } from '../targets/registered.ts'
import { plain } from './markdown.ts'
import { sentenceOf } from './target-sentences.ts'

/** As the seed has it, to the letter. */
const noMessages = '## No Messages\nNo upgrade activity at this time.'

/** So many messages are shown: the last ones, after the first. */
const messagesAtMost = 200

/** Has it come past the targeting of a version? That is known when what follows begins. */
function isTargeted(before: UpgradeState, after: UpgradeState): boolean {
  const failed = after === 'upgrade_failed' || after === 'precheck_failed'
  return before === 'targeting_new_vcf_version' && before !== after && !failed
}

/** Returns the messages of an attempt, each with its instant, oldest first. */
function messagesOf(
  target: string,
  { events }: ToldAttempt,
  document: ProcedureDocument | undefined,
): string[] {
  const messages: string[] = []
  let story: AttemptStory | undefined
  let state: UpgradeState = 'waiting_for_initiation'
  for (const { event, at } of events) {
    story = toldOn(story, event, at)
    const say = (sentence: string) => messages.push(`- ${at} ${sentence}`)
    const sentence = sentenceOf(target, event, document)
    const next = upgradeStateOf(story, document)
    if (story && isTargeted(state, next)) say(`Successfully targeted version ${plain(story.to)} for upgrade`)
    if (sentence !== undefined) say(sentence)
    if (next !== state) say(`Status: **${next}**`)
    state = next
  }
  return messages
}

function bounded(messages: readonly string[], leftOut: number): readonly string[] {
  const [first = '', ...others] = messages
  const shown = others.slice(-messagesAtMost)
  const missing = leftOut + others.length - shown.length
  return missing === 0 ? messages : [first, `- … ${missing} messages are left out here`, ...shown]
}

/** Tells what happens to a target, or has happened last, in Markdown (V6). */
export const getTargetUpgradeLogs: Operate<(typeof targetUpgradeContracts)['getTargetUpgradeLogs']> = async (
  { params },
  { log },
) => {
  const { id } = params
  const loaded = await registeredTarget(log, id)
  const told = await lastAttempt(log, id, loaded)
  if (!told) return { status: 200, body: {}, markdown: noMessages, etag: loaded.commit }
  const { story, leftOut } = told
  const document = story.procedure ? await documentOf(log, story.procedure) : undefined
  const title = `## ${plain(id)}: ${plain(story.component)} ${plain(story.from)} → ${plain(story.to)}`
  const messages = bounded(messagesOf(id, told, document), leftOut)
  return { status: 200, body: {}, markdown: [title, '', ...messages].join('\n'), etag: loaded.commit }
}
