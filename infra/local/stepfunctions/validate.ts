import type { Machine } from './definition.ts'
import { InvalidDefinition } from './errors.ts'
import { expressionIn } from './expression.ts'
import {
  checkAssign,
  checkLanguage,
  type Fields,
  integer,
  list,
  numberOrExpression,
  object,
  onlyFields,
  optionalString,
  type Refuse,
  target,
} from './fields.ts'
import { validateRecovery } from './validate-recovery.ts'
import { checkTask, checkWait } from './validate-task.ts'
import { checkTemplates } from './validate-templates.ts'

const COMMON = ['Type', 'Comment', 'QueryLanguage']
const GOING = ['Next', 'End', 'Output', 'Assign']
const RECOVERY = ['Retry', 'Catch']

/** Every field that the engine runs, by the type of the state. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  Pass: [...COMMON, ...GOING],
  Task: [...COMMON, ...GOING, ...RECOVERY, 'Resource', 'Arguments', 'TimeoutSeconds', 'HeartbeatSeconds'],
  Choice: [...COMMON, 'Output', 'Assign', 'Choices', 'Default'],
  Wait: [...COMMON, ...GOING, 'Seconds', 'Timestamp'],
  Succeed: [...COMMON, 'Output'],
  Fail: [...COMMON, 'Error', 'Cause'],
  Parallel: [...COMMON, ...GOING, ...RECOVERY, 'Branches', 'Arguments'],
  Map: [...COMMON, ...GOING, ...RECOVERY, 'Items', 'ItemSelector', 'ItemProcessor', 'MaxConcurrency'],
}

/**
 * The machine that a definition describes.
 * @throws InvalidDefinition naming the state and the field, for anything that is wrong or not implemented
 */
export function validateMachine(name: string, definition: unknown): Machine {
  const refuse: Refuse = (place, problem) => {
    throw new InvalidDefinition(name, place, problem)
  }
  const fields = object(definition, 'the definition', refuse)
  const allowed = ['Comment', 'QueryLanguage', 'StartAt', 'States', 'TimeoutSeconds', 'Version']
  onlyFields(fields, allowed, 'the definition', refuse)
  if (fields.Version !== undefined && fields.Version !== '1.0')
    refuse('the definition', "Version must be '1.0'")
  integer(fields, 'TimeoutSeconds', 1, 99_999_999, 'the definition', refuse)
  checkLanguage(fields, 'the definition', refuse)
  new BlockCheck(refuse, fields.QueryLanguage === 'JSONata').block(fields, 'the definition', new Set())
  // Everything that the type promises has just been checked.
  return definition as Machine
}

class BlockCheck {
  readonly #refuse: Refuse
  readonly #jsonata: boolean
  readonly #names = new Set<string>()

  constructor(refuse: Refuse, jsonata: boolean) {
    this.#refuse = refuse
    this.#jsonata = jsonata
  }

  /** Checks the states of one block; `outer` are the variables assigned around it. */
  block(fields: Fields, place: string, outer: ReadonlySet<string>): void {
    const states = Object.entries(object(fields.States, `${place}, field 'States'`, this.#refuse))
    const here = new Map(
      states.map(([name, state]) => [name, object(state, `state '${name}'`, this.#refuse)]),
    )
    if (here.size === 0) this.#refuse(place, "field 'States' must not be empty")
    if (typeof fields.StartAt !== 'string' || !here.has(fields.StartAt)) {
      this.#refuse(
        place,
        `field 'StartAt' must name one of its states, not ${JSON.stringify(fields.StartAt)}`,
      )
    }
    const assigned = new Set([...outer, ...[...here.values()].flatMap(assignedNames)])
    for (const [name, state] of here) this.#state(name, state, here, outer, assigned)
    this.#reachable(fields.StartAt, here)
  }

  #state(
    name: string,
    state: Fields,
    siblings: ReadonlyMap<string, Fields>,
    outer: ReadonlySet<string>,
    visible: ReadonlySet<string>,
  ): void {
    const place = `state '${name}'`
    const refuse = this.#refuse
    if (name.length > 80) refuse(place, 'its name is longer than 80 characters')
    if (this.#names.has(name)) refuse(place, 'its name is used twice in the machine')
    this.#names.add(name)
    const type = typeof state.Type === 'string' ? state.Type : ''
    const allowed = FIELDS[type]
    if (allowed === undefined) {
      const known = Object.keys(FIELDS).join(', ')
      throw refuse(place, `field 'Type' is ${JSON.stringify(state.Type)}, not one of ${known}`)
    }
    if (!this.#jsonata && state.QueryLanguage !== 'JSONata') {
      refuse(place, "field 'QueryLanguage' must be 'JSONata', here or on the machine")
    }
    checkLanguage(state, place, refuse)
    onlyFields(state, allowed, place, refuse)
    checkTemplates(state, place, refuse)
    checkAssign(state, place, outer, refuse)
    if (allowed.includes('Next')) this.#going(state, place, siblings)
    validateRecovery(state, place, siblings, outer, refuse)
    if (type === 'Task') checkTask(state, place, refuse)
    if (type === 'Choice') this.#choice(state, place, siblings, outer)
    if (type === 'Wait') checkWait(state, place, refuse)
    if (type === 'Fail') for (const field of ['Error', 'Cause']) optionalString(state, field, place, refuse)
    if (type === 'Parallel') this.#parallel(state, place, visible)
    if (type === 'Map') this.#map(state, place, visible)
  }

  #going(state: Fields, place: string, siblings: ReadonlyMap<string, Fields>): void {
    if ((state.Next === undefined) === (state.End === undefined)) {
      this.#refuse(place, "needs either field 'Next' or field 'End'")
    }
    if (state.End !== undefined && state.End !== true) this.#refuse(place, "field 'End' must be true")
    if (state.Next !== undefined) target(state.Next, 'Next', place, siblings, this.#refuse)
  }

  #choice(
    state: Fields,
    place: string,
    siblings: ReadonlyMap<string, Fields>,
    outer: ReadonlySet<string>,
  ): void {
    const rules = list(state.Choices, `${place}, field 'Choices'`, this.#refuse)
    for (const [index, entry] of rules.entries()) {
      const at = `${place}, field 'Choices[${index}]'`
      const rule = object(entry, at, this.#refuse)
      onlyFields(rule, ['Condition', 'Next', 'Output', 'Assign', 'Comment'], at, this.#refuse)
      if (typeof rule.Condition !== 'boolean' && expressionIn(rule.Condition) === undefined) {
        this.#refuse(at, "field 'Condition' must be a boolean or a JSONata expression")
      }
      target(rule.Next, 'Next', at, siblings, this.#refuse)
      checkAssign(rule, at, outer, this.#refuse)
    }
    if (state.Default !== undefined) target(state.Default, 'Default', place, siblings, this.#refuse)
  }

  #parallel(state: Fields, place: string, visible: ReadonlySet<string>): void {
    for (const [index, branch] of list(
      state.Branches,
      `${place}, field 'Branches'`,
      this.#refuse,
    ).entries()) {
      const at = `${place}, field 'Branches[${index}]'`
      const fields = object(branch, at, this.#refuse)
      onlyFields(fields, ['Comment', 'StartAt', 'States'], at, this.#refuse)
      this.block(fields, at, visible)
    }
  }

  #map(state: Fields, place: string, visible: ReadonlySet<string>): void {
    const at = `${place}, field 'ItemProcessor'`
    const fields = object(state.ItemProcessor, at, this.#refuse)
    onlyFields(fields, ['Comment', 'ProcessorConfig', 'StartAt', 'States'], at, this.#refuse)
    if (fields.ProcessorConfig !== undefined) {
      const config = object(fields.ProcessorConfig, `${at}, field 'ProcessorConfig'`, this.#refuse)
      onlyFields(config, ['Mode'], `${at}, field 'ProcessorConfig'`, this.#refuse)
      if (config.Mode !== 'INLINE') this.#refuse(at, "field 'ProcessorConfig/Mode' must be 'INLINE'")
    }
    if (state.Items !== undefined && !Array.isArray(state.Items) && expressionIn(state.Items) === undefined) {
      this.#refuse(place, "field 'Items' must be an array or a JSONata expression")
    }
    numberOrExpression(state, 'MaxConcurrency', 0, place, this.#refuse)
    this.block(fields, at, visible)
  }

  #reachable(startAt: unknown, states: ReadonlyMap<string, Fields>): void {
    const seen = new Set<unknown>()
    const open: unknown[] = [startAt]
    for (let name = open.pop(); name !== undefined; name = open.pop()) {
      if (seen.has(name) || typeof name !== 'string') continue
      seen.add(name)
      const state = states.get(name)
      if (state !== undefined) open.push(...nexts(state))
    }
    for (const name of states.keys())
      if (!seen.has(name)) this.#refuse(`state '${name}'`, 'no state leads to it')
  }
}

function nexts(state: Fields): unknown[] {
  const ways = [state.Choices, state.Catch].flatMap((ways) => (Array.isArray(ways) ? ways : []))
  return [state.Next, state.Default, ...ways.map((way) => way.Next)].filter((next) => next !== undefined)
}

function assignedNames(state: Fields): string[] {
  const shapings = [
    state,
    ...[state.Choices, state.Catch].flatMap((ways) => (Array.isArray(ways) ? ways : [])),
  ]
  return shapings.flatMap((shaping) => Object.keys(shaping.Assign ?? {}))
}
